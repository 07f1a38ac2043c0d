package testserver

import "bytes"

// Fault is what a [Proxy] does to a request and to its connection. Where a fault
// speaks of the reply, it waits until the server has sent all of it, so the server
// has carried out the request, and committed what the request commits.
type Fault int

const (
	// Pass does nothing.
	Pass Fault = iota

	// CutBefore closes the connection instead of sending the request on.
	CutBefore

	// CutWithin sends on the first half of the request and closes the connection.
	CutWithin

	// CutAfter closes the connection instead of sending the reply on.
	CutAfter

	// CutReply sends on the first half of the reply and closes the connection.
	CutReply

	// HoleBefore loses the request and all that follows it. The connection stays
	// open, silent, until the client closes it.
	HoleBefore

	// HoleAfter loses the reply and all that follows it, in both directions. The
	// connection stays open until the client closes it.
	HoleAfter

	// EndRepliesBefore loses the request, and the client reads the end of the
	// stream, while it can still write.
	EndRepliesBefore

	// EndRepliesAfter lets the client read the end of the stream instead of the
	// reply, while it can still write.
	EndRepliesAfter

	// EndRequests lets the server read the end of the stream after the request. The
	// client gets the reply, and whatever it sends afterwards is lost.
	EndRequests
)

var faultNames = [...]string{
	"Pass", "CutBefore", "CutWithin", "CutAfter", "CutReply", "HoleBefore", "HoleAfter",
	"EndRepliesBefore", "EndRepliesAfter", "EndRequests",
}

func (f Fault) String() string { return faultNames[f] }

// Applied reports whether the server carries out the request in spite of the fault.
func (f Fault) Applied() bool {
	switch f {
	case Pass, CutAfter, CutReply, HoleAfter, EndRepliesAfter, EndRequests:
		return true
	}
	return false
}

// onReply reports whether the fault strikes when the server has answered.
func (f Fault) onReply() bool {
	return f == CutAfter || f == CutReply || f == HoleAfter || f == EndRepliesAfter
}

// Request is what a client sends and expects one answer to. On PostgreSQL it ends
// with a Sync or is a Query message, so a pipeline is as many requests as it has
// Syncs; on MariaDB and MySQL it is a command. The handshake is none, and what
// closes a connection or a statement is none.
type Request struct {
	Connection int    // counted from 1
	Number     int    // of all requests through the proxy, counted from 1
	Data       []byte // as on the wire; valid during the call
}

// Contains reports whether a text occurs in the request. The text of a statement
// occurs when it is prepared, and then only its parameters.
func (r Request) Contains(text string) bool { return bytes.Contains(r.Data, []byte(text)) }
