package storagetest

import (
	"context"
	"errors"
	"time"

	"github.com/scalargen/scalargen/storage"
)

func cancellationChecks() []check {
	return []check{{"cancellation/before every call", checkCancellation}}
}

// checkCancellation makes every call with a context that is done already: it
// must say so and have no effect.
func checkCancellation(h *harness) {
	t := h.create(PartitionKey("p", storage.Int), Indexed("x", storage.Int))
	one, two := storage.IntValue(1), storage.IntValue(2)
	stored := row(t, is("p", one), is("x", one))
	h.apply(putRow(t, stored))
	name := h.newTableName()
	fresh := Table(name.Namespace, name.Name, PartitionKey("p", storage.Int))
	namespace := h.namespace + "_cancelled"
	admin := h.storage.Admin()

	cancelled, cancel := context.WithCancel(background)
	cancel()
	expired, cancel := context.WithDeadline(background, time.Unix(0, 0))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, expired} {
		for call, err := range map[string]error{
			"put":              h.storage.Mutate(ctx, []storage.Mutation{put(t, key(two), is("x", one))}),
			"delete":           h.storage.Mutate(ctx, []storage.Mutation{remove(t, one)}),
			"conditional put":  h.storage.Mutate(ctx, []storage.Mutation{when(put(t, key(one), is("x", two)), storage.IfExists)}),
			"get":              second(h.storage.Get(ctx, []storage.Get{{Table: t, Key: key(one)}})),
			"scan":             second(h.storage.Scan(ctx, &storage.Scan{Table: t, Partition: key(one)})),
			"full scan":        second(h.storage.Scan(ctx, &storage.Scan{Table: t, Kind: storage.FullScan})),
			"index scan":       second(h.storage.Scan(ctx, &storage.Scan{Table: t, Kind: storage.IndexScan, Index: t.Column("x"), IndexValue: one})),
			"create table":     admin.CreateTable(ctx, fresh, h.creation),
			"truncate table":   admin.TruncateTable(ctx, t.TableName),
			"drop table":       admin.DropTable(ctx, t.TableName),
			"drop index":       admin.DropIndex(ctx, t.TableName, "x"),
			"add column":       admin.AddColumn(ctx, t.TableName, storage.Column{Name: "y", Type: storage.Int}),
			"drop column":      admin.DropColumn(ctx, t.TableName, "x"),
			"rename column":    admin.RenameColumn(ctx, t.TableName, "x", "y"),
			"rename table":     admin.RenameTable(ctx, t.TableName, name.Name),
			"repair table":     admin.RepairTable(ctx, fresh, h.creation),
			"import table":     admin.ImportTable(ctx, name, nil),
			"create namespace": admin.CreateNamespace(ctx, namespace, h.creation),
		} {
			if !errors.Is(err, ctx.Err()) {
				h.Errorf("%s with a context that is done: error %v, want %v", call, err, ctx.Err())
			}
			if errors.Is(err, storage.ErrCondition) || errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrInvalid) {
				h.Errorf("%s with a context that is done: %v names another cause too", call, err)
			}
		}
	}
	h.wantSet(storage.Scan{Table: t, Kind: storage.FullScan}, []storage.Row{stored})
	h.wantDefinition(t)
	h.wantMissing(name)
	if exists, err := admin.NamespaceExists(background, namespace); err != nil || exists {
		h.Errorf("namespace %s exists: %t, %v", namespace, exists, err)
	}
}

func second[T any](_ T, err error) error { return err }
