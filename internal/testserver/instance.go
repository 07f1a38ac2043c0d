package testserver

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// order is what a keeper is asked to keep.
type order struct {
	Engine       string       `json:"engine"`
	Installation installation `json:"installation"`
	Base         string       `json:"base"`
	Slot         string       `json:"slot"`
	Shared       bool         `json:"shared"`
	Mode         Mode         `json:"mode"`
	Settings     []string     `json:"settings,omitempty"`
}

// state is how to reach a server.
type state struct {
	Port      int    `json:"port"`
	User      string `json:"user"`
	Password  string `json:"password"`
	Authority string `json:"authority"` // the file of the certificate to trust; none if the server speaks no TLS
}

// patience is how long a server may take to start or to stop, on a machine that
// has other work.
const patience = 2 * time.Minute

// instance is a server with its data directory, in the process that keeps it.
type instance struct {
	engine       *engine
	order        order
	installation installation
	slot         slot
	state        state

	log     *os.File
	logFrom int64         // where the present run of the server begins in the log
	server  *exec.Cmd     // nil if none runs
	ended   chan struct{} // closed when the server has been waited for
}

// create makes the data directory and starts the server on a port of its own.
func create(o order) (*instance, error) {
	i := &instance{engine: engines[o.Engine], order: o, installation: o.Installation, slot: slot{o.Base, o.Slot}}
	i.state = state{User: "scalargen", Password: rand.Text(), Authority: i.slot.path("ca.pem")}
	if err := os.Mkdir(i.slot.work(), 0o700); err != nil {
		return nil, err
	}
	if err := giveAway(i.slot.work()); err != nil {
		return nil, err
	}
	if err := i.makeCertificates(); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(i.slot.work("log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	i.log = log
	if err := i.engine.initialise(i); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		if i.state.Port, err = freePort(); err != nil {
			return nil, err
		}
		if err = i.start(); err == nil {
			return i, nil
		}
		switch log := bytes.ToLower(i.logged()); {
		case try == 5:
			return nil, err
		case bytes.Contains(log, []byte("already in use")): // somebody was faster
		case bytes.Contains(log, []byte("ssl is not supported")): // of some packages
			i.state.Authority = ""
		default:
			return nil, err
		}
	}
}

// freePort is a port that was free a moment ago, below those that the kernel gives
// to clients: a client that keeps dialing such a port of a server that is down ends
// up connected to itself.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := 10_000 + mathrand.IntN(20_000)
		var listener net.Listener
		if listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("no free port: %w", err)
}

// start runs the server and returns when it accepts connections.
func (i *instance) start() error {
	if i.server != nil {
		return errors.New("the server runs already")
	}
	end, err := i.log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	i.logFrom = end
	server := i.engine.command(i)
	i.prepare(server)
	server.Stdout, server.Stderr = i.log, i.log
	if err := server.Start(); err != nil {
		return fmt.Errorf("start %s: %w", i.engine.title, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // the log says why it ended
		close(ended)
	}()
	i.server, i.ended = server, ended
	for deadline := time.Now().Add(patience); ; {
		if i.engine.ready(i) {
			return nil
		}
		select {
		case <-ended:
			i.server = nil
			return fmt.Errorf("%s ended while it started: %s", i.engine.title, i.tail())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			err := fmt.Errorf("%s does not accept connections after %v: %s", i.engine.title, patience, i.tail())
			return errors.Join(err, i.end(syscall.SIGKILL))
		}
	}
}

// end sends a signal to the server and returns when none of its processes is left.
func (i *instance) end(signal syscall.Signal) error {
	if i.server == nil {
		return nil
	}
	if err := i.server.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-i.ended:
	case <-time.After(patience):
		_ = i.server.Process.Kill()
		<-i.ended
	}
	i.server = nil
	return awaitOrphans()
}

// awaitOrphans waits for the processes of a server whose main process was killed:
// PostgreSQL's end by themselves when they notice, and then no statement is still
// under way and the data directory is free.
func awaitOrphans() error {
	for begin := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		reaped, left := reap()
		switch {
		case reaped:
			continue
		case !left:
			return nil
		case time.Since(begin) > patience:
			return errors.New("processes of the server that was killed do not end")
		case time.Since(begin) > 5*time.Second: // in the middle of a long statement
			killChildren()
		}
	}
}

func (i *instance) pid() int { return i.server.Process.Pid }

// run runs a program of the server to its end, as its user.
func (i *instance) run(program string, arguments ...string) error {
	command := exec.Command(program, arguments...)
	i.prepare(command)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, lastLines(output))
	}
	return nil
}

func (i *instance) prepare(command *exec.Cmd) {
	command.Dir = i.slot.work()
	command.Env = i.installation.environment(i.slot.work())
	command.SysProcAttr = serverAttributes(i.engine.abort)
}

// writeFile writes a file that only the user of the server can read.
func (i *instance) writeFile(name, content string) error {
	if err := os.WriteFile(i.slot.work(name), []byte(content), 0o600); err != nil {
		return err
	}
	return giveAway(i.slot.work(name))
}

func (i *instance) makeDirectory(name string) error {
	if err := os.Mkdir(i.slot.work(name), 0o700); err != nil {
		return err
	}
	return giveAway(i.slot.work(name))
}

// logged is what the present run of the server has written.
func (i *instance) logged() []byte {
	content, _ := io.ReadAll(io.NewSectionReader(i.log, i.logFrom, 1<<20))
	return content
}

func (i *instance) tail() string { return lastLines(i.logged()) }

// lastLines are the last lines of a program's output, for an error.
func lastLines(output []byte) string {
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-8):], []byte("\n")))
}
