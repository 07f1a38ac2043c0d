package postgres

import (
	"fmt"
	"strings"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Option changes a default of [Open].
type Option func(*config)

type config struct {
	user, password    string // instead of those of the connection string
	maxConnections    int
	minConnections    int
	connectionTimeout time.Duration
	idleTimeout       time.Duration
	maxLifetime       time.Duration
	isolation         string // as the server spells it; "" leaves its default
	metadataSchema    string
	pageSize          int
}

const (
	defaultMaxConnections    = 32
	defaultConnectionTimeout = 30 * time.Second
	defaultIdleTimeout       = 10 * time.Minute
	defaultMaxLifetime       = 30 * time.Minute
	defaultPageSize          = 100
)

func defaultConfig() config {
	return config{
		maxConnections:    defaultMaxConnections,
		connectionTimeout: defaultConnectionTimeout,
		idleTimeout:       defaultIdleTimeout,
		maxLifetime:       defaultMaxLifetime,
		metadataSchema:    sqlstore.DefaultMetadataSchema,
		pageSize:          defaultPageSize,
	}
}

// WithUser sets the user instead of that of the connection string.
func WithUser(name string) Option { return func(c *config) { c.user = name } }

// WithPassword sets the password instead of that of the connection string.
func WithPassword(password string) Option { return func(c *config) { c.password = password } }

// WithMaxConnections sets how many connections the storage opens at most; the
// default is 32. A call uses one for one round trip, a transaction of the server
// ([Storage.Begin]) until its end.
func WithMaxConnections(n int) Option { return func(c *config) { c.maxConnections = n } }

// WithMinConnections sets how many connections are kept open; the default is 0.
func WithMinConnections(n int) Option { return func(c *config) { c.minConnections = n } }

// WithConnectionTimeout sets how long a call waits for one of the connections,
// and for one to be established; the default is 30 seconds.
func WithConnectionTimeout(timeout time.Duration) Option {
	return func(c *config) { c.connectionTimeout = timeout }
}

// WithIdleTimeout sets after what time a connection is closed that nobody uses;
// the default is 10 minutes.
func WithIdleTimeout(timeout time.Duration) Option {
	return func(c *config) { c.idleTimeout = timeout }
}

// WithMaxLifetime sets after what time a connection is replaced; the default is
// 30 minutes.
func WithMaxLifetime(lifetime time.Duration) Option {
	return func(c *config) { c.maxLifetime = lifetime }
}

// WithIsolationLevel sets the isolation level of all sessions by ScalarDB's name
// for it: READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ or SERIALIZABLE. The
// default is that of the server, usually READ_COMMITTED.
//
// It matters for the server's own transactions ([Storage.Begin]). All else is
// right at any level; those above READ_COMMITTED only make conflicts of writes
// that would have waited for each other.
func WithIsolationLevel(level string) Option { return func(c *config) { c.isolation = level } }

// WithMetadataSchema sets the schema of the metadata table; the default is
// scalardb. All programs on one database must agree.
func WithMetadataSchema(schema string) Option { return func(c *config) { c.metadataSchema = schema } }

// WithPageSize sets how many rows a page of a scan holds at most; the default is
// 100.
func WithPageSize(rows int) Option { return func(c *config) { c.pageSize = rows } }

// isolationLevels are the server's names of ScalarDB's levels.
var isolationLevels = map[string]string{
	"":                 "",
	"READ_UNCOMMITTED": "read uncommitted",
	"READ_COMMITTED":   "read committed",
	"REPEATABLE_READ":  "repeatable read",
	"SERIALIZABLE":     "serializable",
}

// check refuses options that make no sense, and brings the rest into the
// server's form.
func (c *config) check() error {
	switch {
	case c.maxConnections < 1:
		return fmt.Errorf("%d connections, at least 1 is needed", c.maxConnections)
	case c.minConnections < 0:
		return fmt.Errorf("the number of connections to keep open is %d", c.minConnections)
	case c.connectionTimeout <= 0:
		return fmt.Errorf("the connection timeout %v is not positive", c.connectionTimeout)
	case c.idleTimeout < 0 || c.maxLifetime < 0:
		return fmt.Errorf("the idle timeout %v or the lifetime %v of connections is negative", c.idleTimeout, c.maxLifetime)
	case c.pageSize < 1:
		return fmt.Errorf("a page of %d rows, at least 1 is needed", c.pageSize)
	}
	level, known := isolationLevels[strings.ToUpper(c.isolation)]
	if !known {
		return fmt.Errorf("the isolation level %q: READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ and SERIALIZABLE are known", c.isolation)
	}
	c.isolation = level
	c.minConnections = min(c.minConnections, c.maxConnections)
	if why := checkNamespace(c.metadataSchema); why != "" {
		return fmt.Errorf("metadata schema %q: %s", c.metadataSchema, why)
	}
	return nil
}

// optionsOf reads the properties that concern this adapter (storage spec, section
// 3.14). There is one pool for all purposes, so those of Java's pools for
// metadata and administration say nothing.
func optionsOf(properties storage.Properties) ([]Option, error) {
	const pool = "scalar.db.jdbc.connection_pool."
	options := []Option{
		WithUser(properties.String("scalar.db.username", "")),
		WithPassword(properties.String("scalar.db.password", "")),
		WithIsolationLevel(properties.String("scalar.db.jdbc.isolation_level", "")),
		WithMetadataSchema(properties.String("scalar.db.jdbc.table_metadata.schema", sqlstore.DefaultMetadataSchema)),
	}
	for _, p := range []struct {
		key    string
		def    int
		option func(int) Option
	}{
		{pool + "max_total", defaultMaxConnections, WithMaxConnections},
		{pool + "min_idle", 0, WithMinConnections},
		{"scalar.db.scan_fetch_size", defaultPageSize, WithPageSize},
	} {
		n, err := properties.Int(p.key, p.def)
		if err != nil {
			return nil, err
		}
		if n < 0 || n == 0 && p.def > 0 {
			return nil, fmt.Errorf("property %s must be at least 1", p.key)
		}
		options = append(options, p.option(n))
	}
	for _, p := range []struct {
		key    string
		def    time.Duration
		option func(time.Duration) Option
	}{
		{pool + "connection_timeout_millis", defaultConnectionTimeout, WithConnectionTimeout},
		{pool + "idle_timeout_millis", defaultIdleTimeout, WithIdleTimeout},
		{pool + "max_lifetime_millis", defaultMaxLifetime, WithMaxLifetime},
	} {
		d, err := properties.Millis(p.key, p.def)
		if err != nil {
			return nil, err
		}
		options = append(options, p.option(d))
	}
	return options, nil
}
