package java

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// Process is a running Java program. It is safe for concurrent use.
type Process struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	stderr  tail
	exited  chan struct{} // closed when the process has ended

	mu       sync.Mutex
	last     uint64
	sessions int
	pending  map[uint64]chan<- reply // nil once the process has ended
}

type reply struct {
	ID     uint64          `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *Error          `json:"error"`
}

// Start builds the program if need be, and starts it with flags for the Java
// machine beside the default ones. ctx bounds the build; the process lives until
// [Process.Close], or until the calling program ends.
//
// It reports [ErrUnavailable] where there is no Java.
func Start(ctx context.Context, flags ...string) (*Process, error) {
	classPath, err := build(ctx)
	if err != nil {
		return nil, err
	}
	program, err := tool("java")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	arguments := append([]string{
		// A zone that nobody expects brings to light what depends on it.
		"-Duser.timezone=Asia/Kathmandu", "-Dfile.encoding=UTF-8",
	}, flags...)
	p := &Process{
		command: exec.Command(program, append(arguments, "-cp", classPath, mainClass)...),
		exited:  make(chan struct{}),
		pending: map[uint64]chan<- reply{},
	}
	p.command.Stderr = &p.stderr
	if p.stdin, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go p.receive(stdout)
	return p, nil
}

// QuickStart are flags for a process that lives for seconds rather than minutes.
func QuickStart() []string {
	return []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"}
}

// receive hands the replies to those who wait for them until the process ends.
func (p *Process) receive(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var r reply
		if err := json.Unmarshal(line, &r); err != nil {
			fmt.Fprintf(&p.stderr, "not a reply: %s", line)
			continue
		}
		p.mu.Lock()
		waiting := p.pending[r.ID]
		delete(p.pending, r.ID)
		p.mu.Unlock()
		if waiting != nil {
			waiting <- r
		}
	}
	p.command.Wait() // how it ended is no error: it may have been told to die
	p.mu.Lock()
	orphans := p.pending
	p.pending = nil
	p.mu.Unlock()
	for _, waiting := range orphans {
		waiting <- reply{Error: dead()}
	}
	close(p.exited)
}

func dead() *Error { return &Error{Classes: []string{"Dead"}, Message: "the process has ended"} }

// call sends a request and waits for the reply. The end of ctx ends the wait,
// not the request.
func (p *Process) call(ctx context.Context, r *request, result any) error {
	answer := make(chan reply, 1)
	p.mu.Lock()
	if p.pending == nil {
		p.mu.Unlock()
		return dead()
	}
	p.last++
	r.ID = p.last
	p.pending[r.ID] = answer
	line, err := json.Marshal(r)
	if err == nil {
		_, err = p.stdin.Write(append(line, '\n'))
	}
	p.mu.Unlock()
	if err != nil {
		select {
		case <-p.exited:
			return dead()
		case <-time.After(time.Second):
			return fmt.Errorf("java: sending %s: %w", r.Op, err)
		}
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case reply := <-answer:
		if reply.Error != nil {
			reply.Error.Op = r.Op
			return reply.Error
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(reply.Result, result)
	}
}

// Stderr returns the end of what the process has written to standard error.
func (p *Process) Stderr() string { return p.stderr.String() }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Kill ends the process at once (SIGKILL) and waits for its end.
func (p *Process) Kill() {
	p.command.Process.Kill() // fails only if it has ended
	<-p.exited
}

// Close ends the process. Sessions that are open die with it.
func (p *Process) Close() {
	p.stdin.Close()
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		p.Kill()
	}
}

// Open opens a session: a transaction manager and its administration, with the
// configuration that the properties give. scalar.db.storage is always jdbc.
func (p *Process) Open(ctx context.Context, properties storage.Properties) (*Session, error) {
	p.mu.Lock()
	p.sessions++
	s := &Session{process: p, name: strconv.Itoa(p.sessions)}
	p.mu.Unlock()
	return s, s.call(ctx, &request{Op: "open", Properties: properties}, nil)
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(text []byte) (int, error) {
	const limit = 1 << 16
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, text...)
	if over := len(t.text) - limit; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(text), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
