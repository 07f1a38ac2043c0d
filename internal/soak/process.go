//go:build linux

package soak

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a client as the controller sees it.
type process struct {
	assignment
	slot    int
	command *exec.Cmd
	mu      sync.Mutex
	in      *json.Encoder
	stderr  tail

	asked   bool   // to show its stacks and end
	dying   *Point // the point at which it is to die
	ordered time.Time
	members map[int]bool   // epochs that it works in
	counted map[int]notice // what it said last of each epoch
}

// event is what a client says, or that it has ended.
type event struct {
	from   *process
	notice notice
	ended  bool
	err    error // of an end that was not meant to be
	killed bool
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 256 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-most):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// start runs a client, whose events go to events.
func start(a assignment, slot int, events chan<- event) (*process, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{assignment: a, slot: slot, command: exec.Command(self), members: map[int]bool{}, counted: map[int]notice{}}
	p.command.Env = append(os.Environ(), clientVariable+"="+string(text))
	p.command.Stderr = &p.stderr
	in, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in = json.NewEncoder(in)
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go p.listen(out, events)
	return p, nil
}

// listen passes on what the client says until it has ended.
func (p *process) listen(out io.Reader, events chan<- event) {
	lines := bufio.NewScanner(out)
	var garbled error
	for lines.Scan() {
		var n notice
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			// A kill may cut the last line off.
			garbled = fmt.Errorf("client %d wrote %q: %w", p.Number, lines.Text(), err)
			break
		}
		events <- event{from: p, notice: n}
	}
	_, _ = io.Copy(io.Discard, out)
	err := p.command.Wait()
	end := event{from: p, ended: true}
	exit := new(exec.ExitError)
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		end.killed = true
	} else if err = errors.Join(err, garbled); err != nil {
		end.err = fmt.Errorf("client %d (%s) ended: %w\n%s", p.Number, p.Mode, err, &p.stderr)
	}
	events <- end
}

// send gives the client an order. One that is dead does not hear it.
func (p *process) send(o order) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.in.Encode(o)
}
