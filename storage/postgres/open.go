package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// minVersion is the oldest server that is served: all that is used of it is there
// since then. The tests run on 15, and by hand on 14 and 18.
const minVersion = 13

// Open connects to the database that connString names: a URL
// (postgres://user:password@host:port/database?sslmode=verify-full) or keywords
// and values (host=… dbname=…), as libpq has them; what it leaves out comes from
// the environment (PGHOST, PGPASSFILE, …). The sizes and times of the pool are
// those of the options, whatever pool_… in it says.
//
// It refuses what it could not serve: servers before version 13, those that are
// read-only, and a metadata table of another version of ScalarDB. No error shows
// the connection string or the password.
func Open(ctx context.Context, connString string, options ...Option) (*Storage, error) {
	parsed, err := pgxpool.ParseConfig(connString)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL database: %w", withoutSecrets(err))
	}
	return open(ctx, parsed, options)
}

// withoutSecrets returns an error about a connection string that does not quote
// it.
func withoutSecrets(err error) error {
	if file := new(fs.PathError); errors.As(err, &file) {
		return fmt.Errorf("a file that the connection string names: %w", file)
	}
	return errors.New("the connection string is malformed, or a value in it is not valid (it is not shown, since it may hold a password): " +
		"write postgres://user@host:port/database?sslmode=… or host=… port=… dbname=… user=… sslmode=…")
}

func open(ctx context.Context, pool *pgxpool.Config, options []Option) (*Storage, error) {
	c := defaultConfig()
	for _, option := range options {
		option(&c)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("open PostgreSQL database: %w", err)
	}
	s := &Storage{config: c, closed: make(chan struct{}), tokens: make(chan struct{}, c.maxConnections), transactions: map[*transaction]struct{}{}}
	s.administration = newAdministration(s)
	s.configure(pool)
	var err error
	if s.pool, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return nil, fmt.Errorf("open PostgreSQL database: %w", err)
	}
	if err := s.inspect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open PostgreSQL database: %w", s.failure("open", storage.TableName{}, err)), s.Close())
	}
	return s, nil
}

// configure brings the options into the driver's configuration.
func (s *Storage) configure(pool *pgxpool.Config) {
	c, conn := &s.config, pool.ConnConfig
	if c.user != "" {
		conn.User = c.user
	}
	if c.password != "" {
		conn.Password = c.password
	}
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = c.connectionTimeout
	}
	if _, given := conn.RuntimeParams["client_encoding"]; !given {
		conn.RuntimeParams["client_encoding"] = "UTF8"
	}
	if c.isolation != "" {
		conn.RuntimeParams["default_transaction_isolation"] = c.isolation
	}
	pool.MaxConns = int32(min(c.maxConnections, math.MaxInt32))
	pool.MinConns = int32(min(c.minConnections, math.MaxInt32))
	pool.MaxConnLifetime = c.maxLifetime // 0 is no limit, as in ScalarDB
	if pool.MaxConnIdleTime = c.idleTimeout; c.idleTimeout == 0 {
		pool.MaxConnIdleTime = math.MaxInt64
	}
	pool.AfterConnect = s.connected
	s.target = net.JoinHostPort(conn.Host, strconv.Itoa(int(conn.Port))) + ", database " + conn.Database + ", user " + conn.User
}

// inspect looks whether the database can be served.
func (s *Storage) inspect(ctx context.Context) error {
	ses, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer s.release(ses)
	admin := &adminSession{session: ses, ctx: ctx}
	// Older versions lack some of the columns of pg_database.
	rows, err := admin.Query(`SELECT current_setting('server_version_num'),current_setting('server_version'),pg_is_in_recovery(),
		current_setting('default_transaction_read_only'),pg_encoding_to_char(d.encoding),
		coalesce(to_jsonb(d)->>'datlocprovider','c'),d.datcollate,coalesce(to_jsonb(d)->>'datlocale','')
		FROM pg_database d WHERE d.datname=current_database()`)
	if err != nil {
		return err
	}
	row := rows[0]
	if err := checkServer(row[0], row[1], row[2] == "t", row[3] == "on"); err != nil {
		return err
	}
	s.byByte = comparesBytes(row[4], row[5], row[6], row[7])
	return sqlstore.CheckMetadata(s.administration, admin)
}

// checkServer refuses a server that cannot be served.
func checkServer(number, name string, recovering, readOnly bool) error {
	version, err := strconv.Atoi(number)
	const major = 10_000
	switch {
	case err != nil:
		return fmt.Errorf("the server says that its version is %q", number)
	case version/major < minVersion:
		return fmt.Errorf("the server is of version %s: at least %d is needed", name, minVersion)
	case recovering:
		return errors.New("the server is a read-only replica: connect to the primary (target_session_attrs=read-write finds it among several hosts)")
	case readOnly:
		return errors.New("the session is read-only: turn default_transaction_read_only off for the user or the database")
	}
	return nil
}

// comparesBytes reports whether the server is known to compare texts by their
// bytes, which are those of UTF-8.
func comparesBytes(encoding, provider, collate, locale string) bool {
	if encoding != "UTF8" {
		return false
	}
	switch provider {
	case "c": // libc
		return collate == "C" || collate == "POSIX"
	case "b": // built in, since version 17
		return locale == "C" || strings.HasPrefix(locale, "C.")
	}
	return false
}
