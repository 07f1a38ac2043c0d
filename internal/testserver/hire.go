package testserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// keeper is a running keeper, seen from the process that started it.
type keeper struct {
	state   state
	slot    slot
	process *exec.Cmd
	in      io.WriteCloser
	encoder *json.Encoder
	decoder *json.Decoder
	mu      sync.Mutex // one command at a time
}

// hire starts a keeper and returns when its server accepts connections. The caller
// holds the lock of the slot, whose directory is new.
func hire(o order, lock *os.File) (*keeper, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	k := &keeper{slot: slot{o.Base, o.Slot}, process: exec.Command(executable)}
	k.process.Env = []string{keeperVariable + "=1", "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	k.process.ExtraFiles = []*os.File{lock} // lockDescriptor
	k.process.Dir = o.Base                  // not the package's, which may be removed while the server is shared
	k.process.SysProcAttr = keeperAttributes()
	// Neither of the tests' own streams: "go test" waits until nobody holds them.
	complaints, err := os.OpenFile(k.slot.path("complaints"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer complaints.Close()
	k.process.Stderr = complaints
	if k.in, err = k.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := k.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	k.encoder, k.decoder = json.NewEncoder(k.in), json.NewDecoder(out)
	if err := k.process.Start(); err != nil {
		return nil, fmt.Errorf("start the keeper of the server: %w", err)
	}
	var first reply
	if err = k.encoder.Encode(o); err == nil {
		err = k.decoder.Decode(&first)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("the keeper of the server: %w", err)
	case first.Error != "":
		err = errors.New(first.Error)
	default:
		k.state = *first.State
		return k, nil
	}
	k.in.Close()
	_ = k.process.Wait() // its reply or its complaint says more than its status
	if content, _ := os.ReadFile(complaints.Name()); first.Error == "" && len(content) > 0 {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(content))
	}
	return nil, err
}

// ask has the keeper do something with the server.
func (k *keeper) ask(c command) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.encoder.Encode(c); err != nil {
		return fmt.Errorf("the keeper of the server has ended: %w", err)
	}
	var answer reply
	if err := k.decoder.Decode(&answer); err != nil {
		return fmt.Errorf("the keeper of the server has ended: %w", err)
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

// dismiss returns when server and directory are gone.
func (k *keeper) dismiss() error {
	if err := k.in.Close(); err != nil {
		return err
	}
	if err := k.process.Wait(); err != nil {
		return fmt.Errorf("the keeper of the server could not remove %s: %w", k.slot.dir(), err)
	}
	return nil
}

// release leaves the keeper of a shared server alone.
func (k *keeper) release() {
	k.in.Close()
	go func() { _ = k.process.Wait() }() // should it end before this process
}

// open starts a server in a new slot, or removes the slot. The caller holds its lock.
func (e *engine) open(s slot, lock *os.File, shared bool, c config) (k *keeper, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, s.remove(lock))
		}
	}()
	found, err := e.locate()
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(s.dir(), 0o711); err != nil {
		return nil, err
	}
	if shared { // before there is a keeper that looks for users
		if err := s.enter(); err != nil {
			return nil, err
		}
	}
	return hire(order{
		Engine: e.name, Installation: found, Base: s.base, Slot: s.name,
		Shared: shared, Mode: c.mode, Settings: c.settings,
	}, lock)
}
