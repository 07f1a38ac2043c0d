package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// product is the program that speaks MySQL's protocol.
type product uint8

const (
	productMySQL product = iota
	productMariaDB
	productTiDB
)

var productNames = [...]string{productMySQL: "MySQL", productMariaDB: "MariaDB", productTiDB: "TiDB"}

// server is what Open has found out about the server.
type server struct {
	address   string // for messages; it holds no secrets
	product   product
	major     int
	minor     int
	compounds bool // it prepares a whole group as one compound statement
	renames   bool // it has ALTER TABLE … RENAME COLUMN
	maxPacket int
	isolation string // of transactions, unless the configuration says otherwise
	utc       bool   // the server's time zone is UTC
	folds     bool   // names of tables that differ in letter case alone are one
	collation string // of new databases
}

// parseVersion reads version() of a server.
func (s *server) parseVersion(version string) error {
	number := version
	switch {
	case strings.Contains(version, "TiDB"):
		s.product = productTiDB // 8.0.11-TiDB-v8.5.1
	case strings.Contains(version, "MariaDB"):
		s.product = productMariaDB
		number = strings.TrimPrefix(version, "5.5.5-") // what MariaDB shows to old clients
	}
	major, rest, _ := strings.Cut(number, ".")
	minor, _, _ := strings.Cut(rest, ".")
	minor, _, _ = strings.Cut(minor, "-")
	var errs [2]error
	s.major, errs[0] = strconv.Atoi(major)
	s.minor, errs[1] = strconv.Atoi(minor)
	if errors.Join(errs[:]...) != nil {
		return fmt.Errorf("the server %s calls itself version %q, which this program cannot read", s.address, version)
	}
	oldest := [2]int{5, 7}
	if s.product == productMariaDB {
		oldest = [2]int{10, 0}
	}
	if s.product == productMariaDB {
		// RENAME COLUMN came with 10.5.2.
		s.compounds, s.renames = s.since(10, 6), s.since(10, 6)
	} else {
		s.renames = s.since(8, 0)
	}
	if !s.since(oldest[0], oldest[1]) {
		return fmt.Errorf("the server %s is %s %d.%d: %d.%d is the oldest version that this program serves",
			s.address, productNames[s.product], s.major, s.minor, oldest[0], oldest[1])
	}
	return nil
}

// since reports whether the server is at least of a version of its product.
func (s *server) since(major, minor int) bool {
	return s.major > major || s.major == major && s.minor >= minor
}

// inspect finds out what s describes, and refuses servers that cannot be served.
func (s *server) inspect(ctx context.Context, on *session) error {
	var version string
	if err := on.texts(ctx, "SELECT VERSION()", func(row []string) { version = row[0] }); err != nil {
		return err
	}
	if err := s.parseVersion(version); err != nil {
		return err
	}
	variables := map[string]string{}
	err := on.texts(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_allowed_packet','transaction_isolation','tx_isolation',"+
		"'time_zone','system_time_zone','lower_case_table_names','collation_server','innodb_locks_unsafe_for_binlog')",
		func(row []string) { variables[row[0]] = row[1] })
	if err != nil {
		return err
	}
	if s.maxPacket, err = strconv.Atoi(variables["max_allowed_packet"]); err != nil {
		return fmt.Errorf("max_allowed_packet: %w", err)
	}
	if s.isolation == "" {
		s.isolation = variables["transaction_isolation"]
	}
	if s.isolation == "" {
		s.isolation = variables["tx_isolation"] // its name on MariaDB before 11.1
	}
	s.isolation = strings.ReplaceAll(s.isolation, "-", " ")
	zone := variables["time_zone"]
	if zone == "SYSTEM" {
		zone = variables["system_time_zone"]
	}
	s.utc = zone == "UTC" || zone == "+00:00" || zone == "Etc/UTC"
	s.folds = variables["lower_case_table_names"] != "0"
	s.collation = variables["collation_server"]
	if variables["innodb_locks_unsafe_for_binlog"] == "ON" {
		return fmt.Errorf("the server %s runs with innodb_locks_unsafe_for_binlog, which leaves out locks that transactions rely on: switch it off", s.address)
	}
	return nil
}

// defaultOrders returns the order of TEXT in the databases that exist.
func (on *session) defaultOrders(ctx context.Context) (map[string]textOrder, error) {
	orders := map[string]textOrder{}
	err := on.texts(ctx, "SELECT SCHEMA_NAME,DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA", func(row []string) {
		orders[row[0]] = orderOf(row[1])
	})
	return orders, err
}

// texts runs a query and calls row with the columns of each row, in which NULL
// is "". args are texts and whole numbers.
func (s *session) texts(ctx context.Context, query string, row func([]string), args ...any) error {
	rows, err := s.conn.QueryContext(ctx, query, named(args))
	if err != nil {
		return err
	}
	err = s.each(rows, func() error {
		row(s.cellTexts())
		return nil
	})
	return errors.Join(err, rows.Close())
}

// column returns the results of a query for one column.
func (s *session) column(ctx context.Context, query string, args ...any) ([]string, error) {
	var out []string
	err := s.texts(ctx, query, func(row []string) { out = append(out, row[0]) }, args...)
	return out, err
}

// named returns args as the driver takes them.
func named(args []any) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		if n, isInt := arg.(int); isInt {
			arg = int64(n)
		}
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	return out
}

// cellTexts returns the current row as text.
func (s *session) cellTexts() []string {
	out := make([]string, len(s.cells))
	for i, cell := range s.cells {
		switch cell := cell.(type) {
		case nil:
		case []byte:
			out[i] = string(cell)
		default:
			out[i] = fmt.Sprint(cell)
		}
	}
	return out
}

// checkIsolation returns the isolation level as SQL spells it.
func checkIsolation(level string) (string, error) {
	switch level = strings.ToUpper(level); level {
	case "", "READ_UNCOMMITTED", "READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE":
		return strings.ReplaceAll(level, "_", " "), nil
	}
	return "", errors.New("must be READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ or SERIALIZABLE")
}
