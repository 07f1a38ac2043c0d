package testserver

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is a connection of a client and the one of the proxy to the server.
type link struct {
	proxy          *Proxy
	number         int
	client, server *net.TCPConn

	replied   atomic.Bool // the client has heard from the server since it sent last
	encrypted chan bool   // what PostgreSQL has answered to a request for encryption

	mu        sync.Mutex
	settled   sync.Cond  // of mu: sent, delivered or over has changed
	sent      int        // requests that the server has got
	answered  int        // requests that the server has answered
	delivered int        // requests whose answer the client has got
	over      bool       // the server sends nothing any more
	prepare   bool       // of the last request, see unit
	pending   Fault      // strikes the reply to the last request; nothing is sent after it
	secrecy   encryption // of this connection
}

type encryption int

const (
	plain encryption = iota
	asked            // and PostgreSQL has yet to answer
	secret
)

// errCut ends both directions of a link.
var errCut = errors.New("cut")

func newLink(p *Proxy, number int, client, server *net.TCPConn) *link {
	l := &link{proxy: p, number: number, client: client, server: server, encrypted: make(chan bool, 1)}
	l.settled.L = &l.mu
	l.replied.Store(true)
	return l
}

// run returns when both directions have ended.
func (l *link) run() {
	var both sync.WaitGroup
	both.Go(func() { l.finish(l.up(), l.server) })
	both.Go(func() {
		l.finish(l.down(), l.client)
		close(l.encrypted)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.over = true
		l.settled.Broadcast()
	})
	both.Wait()
}

// finish passes the end of one direction on, or ends both.
func (l *link) finish(err error, to *net.TCPConn) {
	if err == nil {
		_ = to.CloseWrite() // fails if the connection is gone
		return
	}
	l.cut(errors.Is(err, errCut) && l.proxy.resets())
}

func (l *link) cut(reset bool) {
	for _, connection := range []*net.TCPConn{l.client, l.server} {
		if reset {
			_ = connection.SetLinger(0)
		}
		connection.Close()
	}
}

// clientReader reads from the client and counts the round trips.
type clientReader struct{ *link }

func (r clientReader) Read(buffer []byte) (int, error) {
	n, err := r.client.Read(buffer)
	if n > 0 && r.replied.Swap(false) {
		r.proxy.trips.Add(1)
	}
	return n, err
}

// up carries what the client sends. It returns nil at the end of that.
func (l *link) up() error {
	in := bufio.NewReaderSize(clientReader{l}, 1<<18)
	var units requestReader = &postgresRequests{in: in}
	if l.proxy.kind != "postgres" {
		units = &mysqlRequests{in: in}
	}
	for {
		u, err := units.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if u.encrypt {
			if err := l.negotiate(u); err != nil {
				return err
			}
			if l.secrecyNow() == secret {
				return l.relay(l.server, in)
			}
			continue
		}
		fault := Pass
		if u.request {
			fault = l.proxy.decide(l.number, u.data)
		}
		if fault != Pass {
			l.settle()
		}
		if err := l.forward(u, fault); err != nil {
			return err
		}
		if fault != Pass {
			_, _ = io.Copy(io.Discard, in) // until the client gives up
			return errCut
		}
	}
}

// negotiate sends a request for encryption on. A server of MySQL's protocol takes it
// for granted, PostgreSQL answers yes or no.
func (l *link) negotiate(u unit) error {
	answers := l.proxy.kind == "postgres"
	l.mu.Lock()
	l.secrecy = secret
	if answers {
		l.secrecy = asked
	}
	l.mu.Unlock()
	if _, err := l.server.Write(u.data); err != nil {
		return err
	}
	if answers {
		<-l.encrypted
	}
	return nil
}

func (l *link) secrecyNow() encryption {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.secrecy
}

// settle waits until the client has got the answers to all earlier requests of a
// pipeline, so that a fault strikes the one request only.
func (l *link) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.delivered < l.sent && !l.over {
		l.settled.Wait()
	}
}

// forward sends a unit to the server, as far as its fault allows.
func (l *link) forward(u unit, fault Fault) error {
	if u.request {
		delay, _ := l.proxy.delays()
		if !l.proxy.pause(delay) {
			return errCut
		}
		l.mu.Lock()
		l.prepare = u.prepare
		if fault.Applied() {
			l.sent++
		}
		if fault.onReply() {
			l.pending = fault
		}
		l.mu.Unlock()
	} else if !l.proxy.pause(0) {
		return errCut
	}
	switch fault {
	case CutBefore:
		return errCut
	case HoleBefore:
		return nil
	case EndRepliesBefore:
		return l.client.CloseWrite()
	case CutWithin:
		u.data = u.data[:len(u.data)/2]
	}
	if _, err := l.server.Write(u.data); err != nil {
		return err
	}
	switch fault {
	case CutWithin:
		return errCut
	case EndRequests:
		return l.server.CloseWrite()
	}
	return nil
}

// down carries what the server sends. It returns nil at the end of that.
func (l *link) down() error {
	in, out := bufio.NewReaderSize(l.server, 1<<16), bufio.NewWriterSize(l.client, 1<<16)
	var messages replyReader = &postgresReplies{in: in}
	if l.proxy.kind != "postgres" {
		messages = &mysqlReplies{in: in}
	}
	var struck []byte // the reply that a fault withholds
	for begins := true; ; {
		first, err := in.Peek(1)
		if err != nil {
			return l.ended(err)
		}
		switch l.secrecyNow() {
		case asked:
			if err := l.answer(in, first[0] == 'S' || first[0] == 'G'); err != nil {
				return err
			}
			continue
		case secret:
			return l.relay(l.client, in)
		}
		message, last, err := messages.next()
		if err != nil {
			return l.ended(err)
		}
		fault, last := l.account(last)
		if fault != Pass {
			if struck = append(struck, message...); last {
				return l.strike(fault, struck, in)
			}
			continue
		}
		delay := l.replyDelay(begins)
		if begins = last; delay > 0 && !l.proxy.pause(delay) {
			return errCut
		}
		l.replied.Store(true)
		if _, err := out.Write(message); err != nil {
			return err
		}
		if in.Buffered() > 0 {
			continue
		}
		if !l.proxy.pause(0) {
			return errCut
		}
		if err := out.Flush(); err != nil {
			return err
		}
		l.deliver()
	}
}

// ended tells the end of what the server sends from a fault that waited for more.
func (l *link) ended(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(err, io.EOF) && l.pending == Pass {
		return nil
	}
	return errCut
}

// account notes a message of the server. It returns the fault that the reply meets,
// and whether it is complete.
func (l *link) account(last bool) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last = last || l.prepare; last && l.answered < l.sent { // a session begins with a ready server too
		l.answered++
	}
	return l.pending, last
}

// deliver notes that the client has got all that the server has sent so far.
func (l *link) deliver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delivered = l.answered
	l.settled.Broadcast()
}

func (l *link) replyDelay(begins bool) (delay time.Duration) {
	if begins {
		_, delay = l.proxy.delays()
	}
	return delay
}

// strike does to a complete reply what its fault says.
func (l *link) strike(fault Fault, reply []byte, in io.Reader) error {
	switch fault {
	case CutReply:
		_, _ = l.client.Write(reply[:len(reply)/2]) // cut in any case
	case HoleAfter:
		_, _ = io.Copy(io.Discard, in)
	case EndRepliesAfter:
		return l.client.CloseWrite()
	}
	return errCut
}

// answer passes PostgreSQL's answer to a request for encryption on.
func (l *link) answer(in *bufio.Reader, yes bool) error {
	l.mu.Lock()
	l.secrecy = plain
	if yes {
		l.secrecy = secret
	}
	l.mu.Unlock()
	l.replied.Store(true)
	_, err := io.CopyN(l.client, in, 1)
	l.encrypted <- yes
	return err
}

// relay carries what cannot be taken apart.
func (l *link) relay(to *net.TCPConn, in io.Reader) error {
	buffer := make([]byte, 1<<16)
	for {
		n, err := in.Read(buffer)
		if !l.proxy.pause(0) {
			return errCut
		}
		if to == l.client {
			l.replied.Store(true)
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
