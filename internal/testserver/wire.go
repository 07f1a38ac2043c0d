package testserver

import (
	"bufio"
	"errors"
	"io"
)

// unit is a piece of what a client sends.
type unit struct {
	data    []byte // valid until the next one is read
	request bool   // the server answers it
	encrypt bool   // it asks for encryption, after which there is nothing to take apart
	prepare bool   // of MySQL: the reply does not tell by its form where it ends
}

// requestReader takes apart what a client sends.
type requestReader interface{ next() (unit, error) }

// replyReader takes apart what a server sends.
type replyReader interface {
	// next returns a message, valid until the next one is read, and whether it is
	// the last of a reply to a request.
	next() (message []byte, last bool, err error)
}

// takeMessage reads a message whose whole length is a function of its header.
func takeMessage(buffer []byte, in *bufio.Reader, header int, length func(header []byte) int) ([]byte, error) {
	begin := len(buffer)
	buffer, err := take(buffer, in, header)
	if err != nil {
		return nil, err
	}
	rest := length(buffer[begin:]) - header
	if rest < 0 || rest > 1<<30 {
		return nil, errors.New("this is not the protocol")
	}
	return take(buffer, in, rest)
}

// take appends the next n bytes to a buffer.
func take(buffer []byte, in *bufio.Reader, n int) ([]byte, error) {
	begin := len(buffer)
	buffer = append(buffer, make([]byte, n)...)
	_, err := io.ReadFull(in, buffer[begin:])
	return buffer, err
}
