package mysql

import (
	"fmt"
	"log/slog"
	"time"

	my "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Option changes a default of [Open].
type Option func(*config)

type config struct {
	driver         *my.Config
	pool, admin    poolSettings
	pageSize       int
	keySize        int
	isolation      string
	metadataSchema string
	log            *slog.Logger
}

// The defaults of ScalarDB's properties.
const (
	defaultMaxTotal      = 200
	defaultMinIdle       = 20
	defaultAdminMaxTotal = 25
	defaultWait          = 30 * time.Second
	defaultIdleTimeout   = 10 * time.Minute
	defaultMaxLifetime   = 30 * time.Minute
	defaultKeySize       = 128
	minKeySize           = 64

	defaultPageSize = 100
)

func defaultConfig() config {
	settings := poolSettings{
		maxTotal: defaultMaxTotal, minIdle: defaultMinIdle, wait: defaultWait, idleTimeout: defaultIdleTimeout, maxLifetime: defaultMaxLifetime,
	}
	admin := settings
	admin.maxTotal, admin.minIdle = defaultAdminMaxTotal, 0
	return config{
		pool: settings, admin: admin,
		pageSize:       defaultPageSize,
		keySize:        defaultKeySize,
		metadataSchema: sqlstore.DefaultMetadataSchema,
		log:            slog.Default(),
	}
}

// WithPoolSize sets the number of connections that may be open at a time, at
// least 1; the default is 200. Connections are opened when they are needed.
// Administration has a few of its own.
func WithPoolSize(n int) Option { return func(c *config) { c.pool.maxTotal = n } }

// WithMinIdle sets how many connections stay open when they are idle for long;
// the default is 20.
func WithMinIdle(n int) Option { return func(c *config) { c.pool.minIdle = n } }

// WithConnectionTimeout sets how long a call waits for a connection; the default
// is 30 seconds, 0 is for ever.
func WithConnectionTimeout(d time.Duration) Option {
	return func(c *config) { c.pool.wait, c.admin.wait = d, d }
}

// WithIdleTimeout sets after which time an idle connection is closed; the default
// is 10 minutes, 0 is never.
func WithIdleTimeout(d time.Duration) Option {
	return func(c *config) { c.pool.idleTimeout, c.admin.idleTimeout = d, d }
}

// WithMaxLifetime sets after which time a connection is closed when it is not in
// use; the default is 30 minutes, 0 is never.
func WithMaxLifetime(d time.Duration) Option {
	return func(c *config) { c.pool.maxLifetime, c.admin.maxLifetime = d, d }
}

// WithPageSize sets how many rows a page of a scan holds at most; the default
// is 100.
func WithPageSize(rows int) Option { return func(c *config) { c.pageSize = rows } }

// WithKeySize sets the length of TEXT (in characters) and BLOB columns (in
// bytes) in keys and indexes of tables to be created; the default is 128, the
// least 64. All programs that create tables should agree.
func WithKeySize(n int) Option { return func(c *config) { c.keySize = n } }

// WithIsolation sets the isolation level of the transactions that Begin starts:
// READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ or SERIALIZABLE. The default
// is the server's. It has no bearing on Get, Scan and Mutate.
func WithIsolation(level string) Option { return func(c *config) { c.isolation = level } }

// WithMetadataSchema sets the database of the metadata table; the default is
// scalardb. All programs on one server must agree.
func WithMetadataSchema(schema string) Option { return func(c *config) { c.metadataSchema = schema } }

// WithLogger sets where warnings go; the default is [slog.Default].
func WithLogger(log *slog.Logger) Option { return func(c *config) { c.log = log } }

func (c *config) check() error {
	switch {
	case c.pool.maxTotal < 1 || c.admin.maxTotal < 1:
		return fmt.Errorf("%d connections and %d for administration, at least 1 is needed of each", c.pool.maxTotal, c.admin.maxTotal)
	case c.pageSize < 1:
		return fmt.Errorf("a page of %d rows, at least 1 is needed", c.pageSize)
	case c.keySize < minKeySize:
		return fmt.Errorf("a key column size of %d, at least %d is needed", c.keySize, minKeySize)
	}
	for _, d := range []time.Duration{c.pool.wait, c.pool.idleTimeout, c.pool.maxLifetime} {
		if d < 0 {
			return fmt.Errorf("the duration %v is negative", d)
		}
	}
	level, err := checkIsolation(c.isolation)
	if err != nil {
		return fmt.Errorf("the isolation level %w", err)
	}
	c.isolation = level
	if why := checkNamespace(c.metadataSchema); why != "" {
		return fmt.Errorf("metadata schema %q: %s", c.metadataSchema, why)
	}
	return nil
}
