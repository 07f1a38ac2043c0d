package testserver

import (
	"bufio"
	"encoding/binary"
)

// mysqlRequests reads the packets of a client of MariaDB or MySQL.
type mysqlRequests struct {
	in     *bufio.Reader
	buffer []byte
}

func (r *mysqlRequests) next() (unit, error) {
	var err error
	if r.buffer, err = takePackets(r.buffer[:0], r.in); err != nil {
		return unit{}, err
	}
	sequence, payload := r.buffer[3], r.buffer[4:]
	u := unit{data: r.buffer}
	switch {
	case sequence == 1 && len(payload) == 32:
		u.encrypt = binary.LittleEndian.Uint32(payload)&0x800 != 0 // CLIENT_SSL
	case sequence == 0 && len(payload) > 0:
		switch payload[0] {
		case 0x01, 0x18, 0x19: // COM_QUIT, COM_STMT_SEND_LONG_DATA, COM_STMT_CLOSE
		default:
			u.request, u.prepare = true, payload[0] == 0x16 // COM_STMT_PREPARE
		}
	}
	return u, nil
}

// takePackets reads a payload, which is several packets if it is long.
func takePackets(buffer []byte, in *bufio.Reader) ([]byte, error) {
	for {
		begin := len(buffer)
		var err error
		if buffer, err = takeMessage(buffer, in, 4, func(header []byte) int { return 4 + mysqlLength(header) }); err != nil {
			return nil, err
		}
		if mysqlLength(buffer[begin:]) < 1<<24-1 {
			return buffer, nil
		}
	}
}

func mysqlLength(header []byte) int {
	return int(header[0]) | int(header[1])<<8 | int(header[2])<<16
}

// mysqlReplies reads the packets of a server. Where a reply ends depends on all
// that came before. It is enough here to recognise the last packet of a reply: one
// that says OK, EOF or ERR and promises no more results. Rows are mistaken for it
// now and then, which makes a fault strike before the last row of a reply, but a
// write has no rows.
type mysqlReplies struct {
	in     *bufio.Reader
	buffer []byte
}

func (r *mysqlReplies) next() ([]byte, bool, error) {
	var err error
	if r.buffer, err = takePackets(r.buffer[:0], r.in); err != nil {
		return nil, false, err
	}
	return r.buffer, mysqlLast(r.buffer[4:]), nil
}

func mysqlLast(payload []byte) bool {
	const moreResults = 8
	if len(payload) == 0 {
		return false
	}
	var status []byte
	switch kind := payload[0]; {
	case kind == 0xff: // ERR
		return true
	case kind == 0xfe && len(payload) == 5: // EOF: warnings, status
		status = payload[3:]
	case kind == 0x00 || kind == 0xfe: // OK: affected rows, insert id, status
		status = skipInteger(skipInteger(payload[1:]))
	}
	return len(status) >= 2 && binary.LittleEndian.Uint16(status)&moreResults == 0
}

// skipInteger skips an integer whose first byte tells its length.
func skipInteger(b []byte) []byte {
	n := 1
	if len(b) > 0 {
		switch b[0] {
		case 0xfc:
			n = 3
		case 0xfd:
			n = 4
		case 0xfe:
			n = 9
		}
	}
	return b[min(n, len(b)):]
}
