package sqlite

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Option changes a default of [Open].
type Option func(*config)

type config struct {
	busyTimeout    time.Duration
	journalMode    string
	metadataSchema string
	readers        int
	pageSize       int
}

const (
	defaultBusyTimeout = 10 * time.Second
	defaultPageSize    = 100
	journalWAL         = "wal"
	journalDelete      = "delete"
)

func defaultConfig() config {
	return config{
		busyTimeout:    defaultBusyTimeout,
		journalMode:    journalWAL,
		metadataSchema: sqlstore.DefaultMetadataSchema,
		// More readers than processors only add page caches.
		readers:  max(4, runtime.GOMAXPROCS(0)),
		pageSize: defaultPageSize,
	}
}

// WithBusyTimeout sets how long a call waits for a lock that another process
// holds before it reports [storage.ErrConflict]. The default is 10 seconds; 0
// does not wait.
func WithBusyTimeout(timeout time.Duration) Option {
	return func(c *config) { c.busyTimeout = timeout }
}

// WithMetadataSchema sets the prefix of the metadata table; the default is
// scalardb. All programs on one file must agree.
func WithMetadataSchema(schema string) Option {
	return func(c *config) { c.metadataSchema = schema }
}

// WithReaders sets the number of connections that read, at least 1. The default
// is the number of processors, at least 4. One more connection writes. An
// in-memory database always has a single connection.
func WithReaders(n int) Option {
	return func(c *config) { c.readers = n }
}

// WithPageSize sets how many rows a page of a scan holds at most; the default
// is 100.
func WithPageSize(rows int) Option {
	return func(c *config) { c.pageSize = rows }
}

// WithRollbackJournal keeps the file in SQLite's rollback-journal mode, for file
// systems that cannot share memory among processes (network file systems). Then
// readers and the writer wait for each other.
func WithRollbackJournal() Option {
	return func(c *config) { c.journalMode = journalDelete }
}

func (c *config) check() error {
	switch {
	case c.busyTimeout < 0:
		return fmt.Errorf("the busy timeout %v is negative", c.busyTimeout)
	case c.readers < 1:
		return fmt.Errorf("%d read connections, at least 1 is needed", c.readers)
	case c.pageSize < 1:
		return fmt.Errorf("a page of %d rows, at least 1 is needed", c.pageSize)
	}
	if why := checkNamespace(c.metadataSchema); why != "" {
		return fmt.Errorf("metadata schema %q: %s", c.metadataSchema, why)
	}
	return nil
}

// The isolation levels that ScalarDB knows. SQLite gives SERIALIZABLE whichever
// is asked for.
const isolationLevels = " READ_UNCOMMITTED READ_COMMITTED REPEATABLE_READ SERIALIZABLE "

// optionsOf reads the properties that concern this adapter.
func optionsOf(properties storage.Properties) ([]Option, error) {
	const (
		readersKey   = "scalar.db.jdbc.connection_pool.max_total"
		schemaKey    = "scalar.db.jdbc.table_metadata.schema"
		isolationKey = "scalar.db.jdbc.isolation_level"
		pageSizeKey  = "scalar.db.scan_fetch_size"
	)
	defaults := defaultConfig()
	readers, err := properties.Int(readersKey, defaults.readers)
	if err != nil {
		return nil, err
	}
	if readers < 1 {
		return nil, fmt.Errorf("property %s must be at least 1", readersKey)
	}
	pageSize, err := properties.Int(pageSizeKey, defaults.pageSize)
	if err != nil {
		return nil, err
	}
	if pageSize < 1 {
		return nil, fmt.Errorf("property %s must be at least 1", pageSizeKey)
	}
	if level := properties.String(isolationKey, ""); level != "" && !strings.Contains(isolationLevels, " "+strings.ToUpper(level)+" ") {
		return nil, fmt.Errorf("property %s must be one of%s", isolationKey, strings.TrimSuffix(isolationLevels, " "))
	}
	return []Option{
		WithReaders(readers),
		WithPageSize(pageSize),
		WithMetadataSchema(properties.String(schemaKey, defaults.metadataSchema)),
	}, nil
}
