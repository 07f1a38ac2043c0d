package storage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// OpenFunc opens a storage from its configuration.
type OpenFunc func(ctx context.Context, properties Properties) (Storage, error)

var (
	registryMu sync.RWMutex
	registry   = map[string]OpenFunc{}
)

// importPaths says which package brings a storage that is not linked in.
var importPaths = map[string]string{
	"mariadb":    "github.com/scalargen/scalargen/storage/mysql",
	"memory":     "github.com/scalargen/scalargen/storage/memory",
	"mysql":      "github.com/scalargen/scalargen/storage/mysql",
	"postgres":   "github.com/scalargen/scalargen/storage/postgres",
	"postgresql": "github.com/scalargen/scalargen/storage/postgres",
	"sqlite":     "github.com/scalargen/scalargen/storage/sqlite",
}

// Register makes an adapter available to [Open] under name: the value of
// scalar.db.storage, or for SQL databases the subprotocol of the JDBC URL
// (sqlite for jdbc:sqlite:…). Adapters call it from an init function. It panics
// if the name is taken.
func Register(name string, open OpenFunc) {
	registryMu.Lock()
	defer registryMu.Unlock()
	if _, taken := registry[name]; taken {
		panic("storage: Register called twice for " + name)
	}
	registry[name] = open
}

// Open opens the storage that scalar.db.storage names. With the value jdbc the
// subprotocol of the first of scalar.db.contact_points decides. It reports
// [ErrUnknownStorage] if no adapter of that name is linked into the program.
func Open(ctx context.Context, properties Properties) (Storage, error) {
	name := properties.String("scalar.db.storage", "cassandra")
	if name == "jdbc" {
		sub, err := jdbcSubprotocol(properties)
		if err != nil {
			return nil, err
		}
		name = sub
	}
	registryMu.RLock()
	open, linked := registry[name]
	known := slices.Sorted(maps.Keys(registry))
	registryMu.RUnlock()
	if linked {
		return open(ctx, properties)
	}
	if path, exists := importPaths[name]; exists {
		return nil, fmt.Errorf("%w %q in scalar.db.storage: its package is not linked into this program: add the import _ %q", ErrUnknownStorage, name, path)
	}
	return nil, fmt.Errorf("%w %q in scalar.db.storage: this version has no adapter for it; this program knows %s", ErrUnknownStorage, name, strings.Join(known, ", "))
}

// jdbcSubprotocol returns sqlite for jdbc:sqlite:file.db. Errors do not quote
// the URL, which may hold a password.
func jdbcSubprotocol(properties Properties) (string, error) {
	points := properties.List("scalar.db.contact_points")
	if len(points) == 0 {
		return "", fmt.Errorf("property scalar.db.contact_points is missing: with scalar.db.storage=jdbc it must be a JDBC URL such as jdbc:sqlite:app.db")
	}
	rest, isJDBC := strings.CutPrefix(points[0], "jdbc:")
	sub, _, hasSub := strings.Cut(rest, ":")
	if !isJDBC || !hasSub {
		return "", fmt.Errorf("property scalar.db.contact_points must be a JDBC URL such as jdbc:sqlite:app.db when scalar.db.storage=jdbc")
	}
	return sub, nil
}
