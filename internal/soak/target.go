//go:build linux

package soak

import (
	"context"
	"errors"
	"fmt"

	"github.com/scalargen/scalargen/internal/testserver"
	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

// Target is the database that a soak runs on.
type Target struct {
	Name string
	// Properties open it without anything in between.
	Properties storage.Properties
	// Namespace of the tables, and that of the coordinator table.
	Namespace, Coordinator string
	// Routes lead to it directly or through proxies; clients take turns. None if it
	// is a file.
	Routes []Route
	// Crash kills the server and starts it again, nil if there is none.
	Crash func() error
	// DiskFull makes the database report a full disk for its tables until it is
	// called with false; nil if it cannot. FileSize is used for clients then.
	DiskFull func(ctx context.Context, full bool) error
	// FileSize is the largest size of files that a client may write while its disk
	// counts as full, 0 if that means nothing for the database.
	FileSize uint64
	// FewConnections returns properties with a pool of less connections than a
	// client has workers; nil if it has no pool.
	FewConnections func(storage.Properties) storage.Properties
	// Losses is the part of the calls that lose their request or their reply within
	// the client.
	Losses float64
}

// Route is a way to the database.
type Route struct {
	Properties storage.Properties
	Proxy      *testserver.Proxy // nil if it is direct
}

// create makes the namespaces and tables of a soak.
func (t *Target) create(ctx context.Context, s storage.Storage) error {
	coordinator := scalar.CoordinatorTable(t.Coordinator, scalar.GroupMembers, scalar.WriteSets)
	definitions := []*storage.Table{coordinator}
	for _, def := range newTables(t.Namespace).definitions() {
		definitions = append(definitions, scalar.TransactionTable(def, false))
	}
	for _, def := range definitions {
		if err := s.Admin().CreateNamespace(ctx, def.Namespace, nil); err != nil {
			return err
		}
		if err := s.Admin().CreateTable(ctx, def, nil); err != nil && !errors.Is(err, storage.ErrTableExists) {
			return fmt.Errorf("create %s: %w", def.TableName, err)
		}
	}
	return nil
}
