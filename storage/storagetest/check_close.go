package storagetest

import "github.com/scalargen/scalargen/storage"

func closeChecks() []check {
	return []check{{"close/calls after it", checkClose}}
}

// checkClose opens another storage and closes it.
func checkClose(h *harness) {
	s := h.open()
	name := h.newTableName()
	t := Table(name.Namespace, name.Name, PartitionKey("p", storage.Int))
	if err := s.Close(); err != nil {
		h.Fatalf("close: %v", err)
	}
	one := storage.IntValue(1)
	for call, err := range map[string]error{
		"get":          second(s.Get(background, []storage.Get{{Table: t, Key: key(one)}})),
		"scan":         second(s.Scan(background, &storage.Scan{Table: t, Partition: key(one)})),
		"mutate":       s.Mutate(background, []storage.Mutation{put(t, key(one))}),
		"definition":   second(s.Table(background, name)),
		"create table": s.Admin().CreateTable(background, t, h.creation),
		"add column":   s.Admin().AddColumn(background, name, storage.Column{Name: "x", Type: storage.Int}),
		"rename table": s.Admin().RenameTable(background, name, "renamed"),
		"repair table": s.Admin().RepairTable(background, t, h.creation),
		"import table": s.Admin().ImportTable(background, name, nil),
		"tables":       second(s.Admin().Tables(background, name.Namespace)),
	} {
		h.wantError(call+" after close", err, storage.ErrClosed)
	}
}
