package testserver

import (
	"bufio"
	"encoding/binary"
	"strings"
)

// postgresRequests reads the frontend messages of PostgreSQL's protocol 3.
type postgresRequests struct {
	in      *bufio.Reader
	buffer  []byte
	started bool
}

func (r *postgresRequests) next() (unit, error) {
	var err error
	if r.buffer = r.buffer[:0]; !r.started {
		return r.startup()
	}
	for {
		begin := len(r.buffer)
		if r.buffer, err = takeMessage(r.buffer, r.in, 5, postgresLength); err != nil {
			return unit{}, err
		}
		switch kind := string(r.buffer[begin]); {
		case strings.Contains("SQF", kind): // Sync, Query, FunctionCall
			return unit{data: r.buffer, request: true}, nil
		case strings.Contains("HpXdcf", kind): // Flush, password, Terminate, COPY: not to be held back
			return unit{data: r.buffer}, nil
		}
	}
}

// startup reads a message without a type: a request for encryption, after which
// another one follows if the server declines, or the one that opens the session.
func (r *postgresRequests) startup() (unit, error) {
	var err error
	r.buffer, err = takeMessage(r.buffer, r.in, 8, func(header []byte) int { return int(binary.BigEndian.Uint32(header)) })
	if err != nil {
		return unit{}, err
	}
	code := binary.BigEndian.Uint32(r.buffer[4:])
	encrypt := code == 80877103 || code == 80877104 // SSLRequest, GSSENCRequest
	r.started = !encrypt
	return unit{data: r.buffer, encrypt: encrypt}, nil
}

func postgresLength(header []byte) int { return 1 + int(binary.BigEndian.Uint32(header[1:])) }

// postgresReplies reads the backend messages.
type postgresReplies struct {
	in     *bufio.Reader
	buffer []byte
}

func (r *postgresReplies) next() ([]byte, bool, error) {
	var err error
	if r.buffer, err = takeMessage(r.buffer[:0], r.in, 5, postgresLength); err != nil {
		return nil, false, err
	}
	return r.buffer, r.buffer[0] == 'Z', nil // ReadyForQuery
}
