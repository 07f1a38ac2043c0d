package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	my "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/storage"
)

// Error numbers of MySQL, MariaDB and TiDB.
const (
	errDuplicateKey      = 1062
	errOutOfRange        = 1690 // what a false guard makes of a group (see groupText)
	errNeedReprepare     = 1615
	errUnknownStatement  = 1243
	errTooManyStatements = 1461
	errNotPreparable     = 1295
	errGuard             = 31000 // our own: a false guard in a compound statement
)

// conflicts: the server gave the request up for another one. TiDB's come from
// optimistic transactions.
var conflicts = []uint16{
	1205, // lock wait timeout
	1213, // deadlock, and on a Galera cluster a failed certification
	1020, // MariaDB with innodb_snapshot_isolation: the record has changed
	9007, 8002, 8005, 8022,
}

// invalids: the request can never succeed as it is.
var invalids = []uint16{
	1054,                               // unknown column
	1048,                               // NULL in a column that takes none
	1364,                               // no value for a column without default
	1264, 1265, 1292, 1366, 1406, 1525, // a value that the column does not hold
	1153,                   // packet too large
	1059, 1102, 1103, 1166, // a name that is too long or not possible
	1071, 1074, 1117, 1118, 1170, // a key, column or row that is too long
	1451, 1452, 1644, 3819, 4025, // foreign key, trigger, check constraint of an imported table
}

// missing: there is no such table or database.
var missing = []uint16{1146, 1049}

// harmless are other numbers that only come before a request has had an effect.
// Numbers that are in none of these lists may come from a COMMIT that went
// wrong half-way, or from a statement that was killed at its end.
var harmless = []uint16{
	errDuplicateKey, errOutOfRange, errGuard, errNeedReprepare, errUnknownStatement, errTooManyStatements, errNotPreparable,
	1040, 1203, 1226, // too many connections
	1044, 1045, 1142, 1143, 1227, 1370, 1698, // passwords and rights
	1290, 1792, 1836, // the server only reads
	1064, 1149, 1390, // syntax
	1114, // the table is full
	1665, // not possible with this binary log
}

// denied: the user has no right on a table or column.
var denied = []uint16{1142, 1143}

// number returns the server's error number, 0 if err does not come from the
// server.
func number(err error) uint16 {
	if e := new(my.MySQLError); errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// isDuplicateKey reports whether an INSERT found its primary key taken, and not
// the value of a unique index that another program has created since. The
// message is in the server's language, and names the index in any.
func isDuplicateKey(err error) bool {
	return number(err) == errDuplicateKey && strings.Contains(err.Error(), "PRIMARY'")
}

// isLost reports whether the connection is gone.
func isLost(err error) bool {
	if err == nil || number(err) != 0 {
		return false
	}
	var network net.Error
	for _, lost := range []error{
		driver.ErrBadConn, my.ErrInvalidConn, my.ErrMalformPkt, my.ErrPktSync, my.ErrPktSyncMul, my.ErrBusyBuffer,
		io.EOF, io.ErrUnexpectedEOF, io.ErrShortWrite, net.ErrClosed, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return errors.As(err, &network)
}

// isUnapplied reports whether err came before the server could have committed
// anything. The driver returns ErrBadConn only if it has sent nothing.
func isUnapplied(err error) bool {
	var before notApplied
	return errors.As(err, &before) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, my.ErrPktTooLarge)
}

// failure wraps err, which came from a request that changes nothing, or that
// had not begun to.
func (s *server) failure(op string, table storage.TableName, err error) error {
	if err == nil {
		return nil
	}
	if known := new(storage.Error); errors.As(err, &known) {
		return bare(err)
	}
	return &storage.Error{Op: op, Table: table, Class: classOf(err), Err: s.explain(bare(err))}
}

// writeFailure wraps err, which came from a request that commits.
func (s *server) writeFailure(op string, table storage.TableName, err error) error {
	if err == nil {
		return nil
	}
	if known := new(storage.Error); errors.As(err, &known) {
		return bare(err)
	}
	class := classOf(err)
	if class == nil && !isUnapplied(err) && !slices.Contains(harmless, number(err)) {
		class = storage.ErrUnknown
	}
	return &storage.Error{Op: op, Table: table, Class: class, Err: s.explain(bare(err))}
}

// bare returns err without the mark that it was not applied.
func bare(err error) error {
	if before, is := err.(notApplied); is {
		return before.error
	}
	return err
}

// classOf returns the class of an error that promises that nothing was applied,
// nil if there is none.
func classOf(err error) error {
	if errors.Is(err, storage.ErrClosed) {
		return storage.ErrClosed
	}
	if errors.Is(err, my.ErrPktTooLarge) {
		return storage.ErrInvalid
	}
	switch n := number(err); {
	case n == 0:
		return nil
	case slices.Contains(conflicts, n):
		return storage.ErrConflict
	case slices.Contains(invalids, n):
		return storage.ErrInvalid
	case slices.Contains(missing, n):
		return storage.ErrTableNotFound
	}
	return nil
}

// explain adds to the server's message where it comes from and what to do.
func (s *server) explain(err error) error {
	if errors.Is(err, storage.ErrClosed) {
		return nil // the class says it all
	}
	n := number(err)
	if errors.Is(err, my.ErrPktTooLarge) {
		n = 1153
	}
	advice := ""
	switch n {
	case 0:
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || !isLost(err) {
			return err
		}
		return fmt.Errorf("the connection to %s was lost: %w", s.address, err)
	case 1045, 1698:
		advice = "check scalar.db.username and scalar.db.password"
	case 1044:
		advice = "grant the user its rights on the database, or check the database's name"
	case 1142, 1143, 1227, 1370:
		advice = "grant the user the missing right"
	case 1049:
		advice = "create the database, or check its name"
	case 1040, 1203, 1226:
		advice = "the server has no connection left: raise its limit, or lower scalar.db.jdbc.connection_pool.max_total"
	case 1290, 1792, 1836:
		advice = "the server only reads, as a replica does: connect to the one that writes"
	case 1021, 1114:
		advice = "the disk or the table space is full: free space and repeat"
	case 1153:
		advice = fmt.Sprintf("the request is larger than the server takes: raise its max_allowed_packet, which is %d", s.maxPacket)
	case 1665:
		advice = "set the server's binlog_format to ROW or MIXED: writes are made at READ COMMITTED, which STATEMENT cannot log"
	case errTooManyStatements:
		advice = "raise the server's max_prepared_stmt_count, or lower scalar.db.jdbc.connection_pool.max_total"
	case 1071:
		advice = "lower scalar.db.jdbc.mysql.variable_key_column_size, or have fewer TEXT and BLOB columns in the key"
	default:
		return err
	}
	return fmt.Errorf("server %s: %w: %s", s.address, err, advice)
}
