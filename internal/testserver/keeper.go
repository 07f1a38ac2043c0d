package testserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// keeperVariable makes an executable that links this package a keeper.
const keeperVariable = "SCALARGEN_TESTSERVER_KEEPER"

// lockDescriptor is where a keeper finds the lock of its slot.
const lockDescriptor = 3

// grace is how long a shared server waits for its next user. Test binaries that
// run one after another have it in common as long as building the next takes no
// longer.
const grace = 3 * time.Second

// A keeper never gets to main. It is on the first thread of the process, which
// lives as long as the process: the kernel ends the server with the thread that
// started it.
func init() {
	if os.Getenv(keeperVariable) == "" {
		return
	}
	syscall.CloseOnExec(lockDescriptor) // the server must not hold the lock as well
	if err := keep(os.NewFile(lockDescriptor, "lock"), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// command is what the owner of a server asks its keeper to do.
type command string

const (
	commandStart command = "start"
	commandStop  command = "stop"
	commandKill  command = "kill"
)

// reply answers the order, and then each command.
type reply struct {
	State *state `json:"state,omitempty"`
	Error string `json:"error,omitempty"`
}

func replied(err error) reply {
	if err != nil {
		return reply{Error: err.Error()}
	}
	return reply{}
}

// keep reads an order, starts its server, and keeps it until it is not needed any
// more. The lock of the slot is that of the process that gives the order: both hold
// it until the server answers, lest others find half a server if that process is
// killed.
func keep(lock *os.File, in io.Reader, out io.Writer) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)
	if err := adoptOrphans(); err != nil {
		return err
	}
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	var o order
	if err := decoder.Decode(&o); err != nil {
		return err
	}
	s := slot{o.Base, o.Slot}
	alive, err := s.hold("alive", true, false)
	if err != nil {
		return err
	}
	defer alive.Close()

	i, err := create(o)
	if err == nil {
		err = s.writeState(&i.state)
	}
	if err != nil {
		err = errors.Join(err, s.remove(lock))
		return errors.Join(encoder.Encode(replied(err)), err)
	}
	lock.Close()
	_ = encoder.Encode(reply{State: &i.state}) // if who wants it is gone already, so is the need

	if o.Shared {
		lock, err = serveUsers(s, i, signals)
	} else {
		serveOwner(i, decoder, encoder, signals)
		lock, err = s.lock(true)
	}
	err = errors.Join(err, i.end(i.engine.abort)) // the data are not needed any more
	if lock == nil {
		return err
	}
	defer lock.Close()
	return errors.Join(err, s.remove(lock))
}

// serveUsers returns with the lock of the slot when there is no user of a shared
// server any more, or no server.
func serveUsers(s slot, i *instance, signals <-chan os.Signal) (*os.File, error) {
	type result struct {
		lock *os.File
		err  error
	}
	unused := make(chan result, 1)
	go func() {
		lock, err := awaitUnused(s)
		unused <- result{lock, err}
	}()
	taken := make(chan result, 1)
	select {
	case r := <-unused:
		return r.lock, r.err
	case <-i.ended: // nobody asked it to
	case <-signals:
	}
	go func() {
		lock, err := s.lock(true)
		taken <- result{lock, err}
	}()
	select { // whichever of the two has it
	case r := <-unused:
		return r.lock, r.err
	case r := <-taken:
		return r.lock, r.err
	}
}

// awaitUnused returns with the lock of the slot when no test process has used the
// server for a while.
func awaitUnused(s slot) (*os.File, error) {
	for {
		users, err := s.hold("users", true, true) // granted when the last user has ended
		if err != nil {
			return nil, err
		}
		users.Close()
		idle, err := os.Stat(s.path("users"))
		if err != nil {
			return nil, err
		}
		time.Sleep(grace)
		lock, unused, err := s.unusedSince(idle.ModTime())
		if err != nil || unused {
			return lock, err
		}
	}
}

// unusedSince reports whether nobody uses the server, or has become a user since
// the last one did. If so it returns the lock, and nobody becomes a user any more.
func (s slot) unusedSince(last time.Time) (*os.File, bool, error) {
	lock, err := s.lock(true)
	if err != nil {
		return nil, false, err
	}
	unused, err := s.unused(last)
	if err != nil || !unused {
		lock.Close()
		return nil, false, err
	}
	return lock, true, nil
}

func (s slot) unused(last time.Time) (bool, error) {
	users, err := s.hold("users", true, false)
	if err != nil || users == nil {
		return false, err
	}
	defer users.Close()
	info, err := users.Stat()
	return err == nil && info.ModTime().Equal(last), err
}

// serveOwner does what the owner of the server asks until the owner has gone.
func serveOwner(i *instance, decoder *json.Decoder, encoder *json.Encoder, signals <-chan os.Signal) {
	commands := make(chan command)
	go func() {
		defer close(commands)
		for {
			var c command
			if decoder.Decode(&c) != nil {
				return // the pipe has no other end any more
			}
			commands <- c
		}
	}()
	for {
		select {
		case <-signals:
			return
		case c, open := <-commands:
			if !open || encoder.Encode(replied(i.do(c))) != nil {
				return
			}
		}
	}
}

func (i *instance) do(c command) error {
	switch c {
	case commandStart:
		if i.server != nil {
			select {
			case <-i.ended: // by itself
				if err := i.end(i.engine.abort); err != nil {
					return err
				}
			default:
			}
		}
		return i.start()
	case commandStop:
		return i.end(i.engine.stop)
	case commandKill:
		return i.end(syscall.SIGKILL)
	}
	return fmt.Errorf("unknown command %q", c)
}
