package testserver

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands between clients and a server, does to their requests what a script
// says, and counts. Its methods may be called by any goroutine, except by the
// script.
//
// Requests are recognised on connections that are not encrypted. On others, and
// during the handshake, only CutAll, Refuse and Freeze have an effect.
type Proxy struct {
	// Server is the database as its clients see it through the proxy.
	Server *Server

	target   string
	listener net.Listener
	kind     string
	done     chan struct{}
	running  sync.WaitGroup

	connections, requests, trips, faults atomic.Int64

	mu                       sync.Mutex
	links                    map[*link]struct{}
	script                   func(Request) Fault
	refuse, reset            bool
	thawed                   chan struct{} // closed unless frozen
	requestDelay, replyDelay time.Duration
}

// NewProxy starts a proxy before a server, which ends with the test.
func NewProxy(t testing.TB, server *Server) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{
		Server: server.Through(listener.Addr().String()), target: server.Addr, listener: listener, kind: server.Kind,
		done: make(chan struct{}), links: make(map[*link]struct{}), thawed: make(chan struct{}),
	}
	close(p.thawed)
	p.running.Go(p.accept)
	t.Cleanup(func() {
		close(p.done)
		listener.Close()
		p.CutAll()
		p.running.Wait()
	})
	return p
}

func (p *Proxy) accept() {
	for {
		connection, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(connection.(*net.TCPConn)) })
	}
}

func (p *Proxy) serve(client *net.TCPConn) {
	defer client.Close()
	number := int(p.connections.Add(1))
	if p.refuses() || !p.pause(0) {
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return // the client sees its connection closed, as from a server that is going down
	}
	defer server.Close()
	l := newLink(p, number, client, server.(*net.TCPConn))
	if !p.register(l) {
		return
	}
	l.run()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// register makes a link known to CutAll, unless the proxy has ended.
func (p *Proxy) register(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended() {
		return false
	}
	p.links[l] = struct{}{}
	return true
}

func (p *Proxy) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *Proxy) refuses() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refuse
}

// Script has f decide about every request, one at a time, until another script
// replaces it. A nil script lets all requests pass.
func (p *Proxy) Script(f func(Request) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = f
}

// Nth strikes the nth request from now with a fault, counted from 1, and lets the
// others pass.
func (p *Proxy) Nth(n int, fault Fault) {
	p.Script(func(Request) Fault {
		if n--; n == 0 {
			return fault
		}
		return Pass
	})
}

// Matching strikes the next request that contains a text.
func (p *Proxy) Matching(text string, fault Fault) {
	struck := false
	p.Script(func(r Request) Fault {
		if struck || !r.Contains(text) {
			return Pass
		}
		struck = true
		return fault
	})
}

// decide counts a request and asks the script.
func (p *Proxy) decide(connection int, data []byte) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	number := int(p.requests.Add(1))
	if p.script == nil {
		return Pass
	}
	fault := p.script(Request{Connection: connection, Number: number, Data: data})
	if fault != Pass {
		p.faults.Add(1)
	}
	return fault
}

// Connections is how many connections clients have opened so far.
func (p *Proxy) Connections() int { return int(p.connections.Load()) }

// Requests is how many requests clients have sent so far.
func (p *Proxy) Requests() int { return int(p.requests.Load()) }

// RoundTrips is how often a client has sent something after it had heard from the
// server, the handshake included. What a client sends in one write is one round
// trip however many requests it holds.
func (p *Proxy) RoundTrips() int { return int(p.trips.Load()) }

// Faults is how many requests were struck so far. A test of a fault looks at it, or
// it may have tested nothing.
func (p *Proxy) Faults() int { return int(p.faults.Load()) }

// CutAll closes all connections that are open now.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.cut(p.reset)
	}
}

// SetReset chooses how connections are cut: with a reset, so that the other side
// sees an error at once, or, as at first, in good order.
func (p *Proxy) SetReset(reset bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reset = reset
}

func (p *Proxy) resets() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reset
}

// Refuse closes new connections at once, or stops doing so. Open ones stay.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

// Freeze holds everything back in both directions, new connections too, until Thaw,
// as a network does that is cut off and comes back. Nothing is lost.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.thawed:
		p.thawed = make(chan struct{})
	default:
	}
}

// Thaw ends Freeze.
func (p *Proxy) Thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.thawed:
	default:
		close(p.thawed)
	}
}

// SetDelay holds every request and the beginning of every reply back for a while.
func (p *Proxy) SetDelay(request, reply time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requestDelay, p.replyDelay = request, reply
}

func (p *Proxy) delays() (request, reply time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requestDelay, p.replyDelay
}

// pause waits for d, and as long as the proxy is frozen. It reports false if the
// proxy ends.
func (p *Proxy) pause(d time.Duration) bool {
	if d > 0 {
		select {
		case <-time.After(d):
		case <-p.done:
			return false
		}
	}
	p.mu.Lock()
	thawed := p.thawed
	p.mu.Unlock()
	select {
	case <-thawed:
		return true
	default:
	}
	select {
	case <-thawed:
		return true
	case <-p.done:
		return false
	}
}
