package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	driver "modernc.org/sqlite"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// memoryPath names a database that lives in memory until it is closed.
const memoryPath = ":memory:"

// Open opens the SQLite file at path, and creates it if there is none; its
// directory must exist. The path ":memory:" is a new database in memory, which
// no other Open shares.
//
// It refuses what it could not serve: a file that is not a SQLite database or
// that cannot be written, text encodings other than UTF-8, and a metadata table
// of another version of ScalarDB. It reports [storage.ErrConflict] if another
// process keeps the file locked for longer than the busy timeout.
func Open(ctx context.Context, path string, options ...Option) (*Storage, error) {
	s, err := open(ctx, path, options)
	if err != nil {
		return nil, fmt.Errorf("open SQLite database %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, options []Option) (*Storage, error) {
	c := defaultConfig()
	for _, option := range options {
		option(&c)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Storage{config: c, closed: make(chan struct{})}
	s.administration = newAdministration(s)
	name, err := s.sourceName(path)
	if err != nil {
		return nil, err
	}
	connector, err := driver.NewConnector(name)
	if err != nil {
		return nil, err
	}
	s.db = sql.OpenDB(connector)
	// The sessions keep the connections; one that is given back is to be closed.
	s.db.SetMaxIdleConns(-1)
	inMemory := path == memoryPath
	s.writer = newPool(s, 1, inMemory)
	s.readers = s.writer
	if !inMemory {
		s.readers = newPool(s, c.readers, false)
	}
	if err := s.inspect(ctx, inMemory); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// sourceName returns the name by which the driver opens path with the settings
// of every connection.
func (s *Storage) sourceName(path string) (string, error) {
	settings := url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", s.lockSlice().Milliseconds()), "synchronous(FULL)"},
		// A misspelt column name must not become a string.
		"_dqs": {"0"},
		// Messages of another, earlier failure must not be added.
		"_error_rc": {"1"},
	}
	switch {
	case path == memoryPath:
		return "file::memory:?" + settings.Encode(), nil
	case path == "":
		return "", errors.New("the path is empty")
	case strings.HasPrefix(path, "file:"):
		return "", errors.New("give a plain path, not a file: URI")
	case strings.ContainsRune(path, 0):
		return "", errors.New("the path holds a NUL character")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	absolute = filepath.ToSlash(absolute)
	if !strings.HasPrefix(absolute, "/") {
		absolute = "/" + absolute // C:/… on Windows
	}
	return (&url.URL{Scheme: "file", Path: absolute, RawQuery: settings.Encode()}).String(), nil
}

// inspect looks whether the file can be served, and sets its journal mode.
func (s *Storage) inspect(ctx context.Context, inMemory bool) error {
	var wait lockWait
	for {
		err := s.tryInspect(ctx, inMemory)
		if err == nil {
			return nil
		}
		if repeat, err := wait.again(ctx, s, err); !repeat {
			return failure("open", storage.TableName{}, err)
		}
	}
}

func (s *Storage) tryInspect(ctx context.Context, inMemory bool) error {
	ses, err := s.writer.acquire(ctx)
	if err != nil {
		return err
	}
	defer s.writer.release(ses)
	if err := checkWritable(ses); err != nil {
		return err
	}
	// The first statement that reads the file: it fails if this is none.
	encoding, err := pragma(ses, "encoding")
	if err != nil {
		return err
	}
	if encoding != "UTF-8" {
		return fmt.Errorf("its text encoding is %s, only UTF-8 is supported", encoding)
	}
	if err := sqlstore.CheckMetadata(s.administration, &adminSession{session: ses, storage: s}); err != nil {
		return err
	}
	if inMemory {
		return nil
	}
	// Asking first keeps an Open beside a busy program from waiting.
	mode, err := pragma(ses, "journal_mode")
	if err != nil || mode == s.config.journalMode {
		return err
	}
	mode, err = pragma(ses, "journal_mode="+s.config.journalMode)
	if err == nil && mode != s.config.journalMode {
		err = fmt.Errorf("its journal mode stays %s, %s is not possible on this file system", mode, s.config.journalMode)
	}
	return err
}

// pragma runs a pragma and returns its result.
func pragma(ses *session, text string) (result string, err error) {
	err = ses.conn.QueryRowContext(context.Background(), "PRAGMA "+text).Scan(&result)
	return result, err
}

// checkWritable refuses a file that SQLite could open for reading only.
func checkWritable(ses *session) error {
	return ses.conn.Raw(func(connection any) error {
		readOnly, err := connection.(interface {
			IsReadOnly(schema string) (bool, error)
		}).IsReadOnly("main")
		if err == nil && readOnly {
			err = errors.New("the file cannot be written: make it and its directory writable")
		}
		return err
	})
}
