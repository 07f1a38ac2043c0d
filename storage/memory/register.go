package memory

import (
	"context"
	"sync"

	"github.com/scalargen/scalargen/storage"
)

func init() { storage.Register("memory", open) }

// named holds the databases that handles of one process share by name.
var (
	namedMu sync.Mutex
	named   = map[string]*database{}
)

func open(_ context.Context, properties storage.Properties) (storage.Storage, error) {
	name := properties.String("scalar.db.contact_points", "")
	if name == "" {
		return New(), nil
	}
	namedMu.Lock()
	defer namedMu.Unlock()
	db := named[name]
	if db == nil {
		db = newDatabase()
		named[name] = db
	}
	return newHandle(db), nil
}
