package java

import (
	"context"
	"slices"

	"github.com/scalargen/scalargen/storage"
)

// Session is one program that uses ScalarDB. It is safe for concurrent use.
type Session struct {
	process *Process
	name    string
}

func (s *Session) call(ctx context.Context, r *request, result any) error {
	r.Session = s.name
	return s.process.call(ctx, r, result)
}

// Close closes the session as ScalarDB's managers are closed.
func (s *Session) Close(ctx context.Context) error { return s.call(ctx, &request{Op: "close"}, nil) }

// Begin says how a transaction begins.
type Begin struct {
	ID        string // "" for one that ScalarDB chooses
	ReadOnly  bool
	Isolation string // SNAPSHOT, SERIALIZABLE, READ_COMMITTED; "" for the configured one
}

// Begin begins a transaction.
func (s *Session) Begin(ctx context.Context, b Begin) (*Tx, error) {
	r := &request{Op: "begin", Tx: b.ID, ReadOnly: b.ReadOnly}
	if b.Isolation != "" {
		r.Attributes = map[string]string{"cc-transaction-isolation": b.Isolation}
	}
	var id string
	if err := s.call(ctx, r, &id); err != nil {
		return nil, err
	}
	return &Tx{Operations{s, id, ""}}, nil
}

// Storage returns operations on the storage below the transactions
// (DistributedStorage). No [Session.Arm] counts them.
func (s *Session) Storage() *Operations { return &Operations{s, "", "storage"} }

// State returns COMMITTED, ABORTED or UNKNOWN.
func (s *Session) State(ctx context.Context, id string) (state string, err error) {
	return state, s.call(ctx, &request{Op: "state", Tx: id}, &state)
}

// Abort decides that the transaction is aborted, unless it is decided, and
// returns how.
func (s *Session) Abort(ctx context.Context, id string) (state string, err error) {
	return state, s.call(ctx, &request{Op: "abort", Tx: id}, &state)
}

// Finish is finishTransaction.
func (s *Session) Finish(ctx context.Context, id string) (done bool, err error) {
	return done, s.call(ctx, &request{Op: "finish", Tx: id}, &done)
}

// Recover is recoverRecord.
func (s *Session) Recover(ctx context.Context, t *storage.Table, key []storage.Value) (done bool, err error) {
	return done, s.call(ctx, (&request{Op: "recover"}).onRecord(t, key), &done)
}

// Point is where a session dies: at a request that its transactions send to the
// storage.
type Point struct {
	At     int  // number of the request since [Session.Arm], from 1; 0 for none
	Before bool // whether the request is not sent any more, or its reply not heard
	// Halt ends the whole process; otherwise threads and connections of the
	// session end, which is the same to the database.
	Halt bool
}

// Arm lets the session die at p, and begins to count its storage requests.
// Whoever waits for a reply of the session then gets [ErrDead].
func (s *Session) Arm(ctx context.Context, p Point) error {
	return s.call(ctx, &request{Op: "arm", At: p.At, Before: p.Before, Halt: p.Halt}, nil)
}

// Trace returns the storage requests since [Session.Arm]: the method and the
// tables, such as "put coordinator.state".
func (s *Session) Trace(ctx context.Context) (requests []string, err error) {
	return requests, s.call(ctx, &request{Op: "trace"}, &requests)
}

// Tx is a transaction.
type Tx struct{ Operations }

// ID returns the transaction's id.
func (tx *Tx) ID() string { return tx.tx }

// Commit commits the transaction.
func (tx *Tx) Commit(ctx context.Context) error {
	return tx.session.call(ctx, &request{Op: "commit", Tx: tx.tx}, nil)
}

// Rollback rolls the transaction back.
func (tx *Tx) Rollback(ctx context.Context) error {
	return tx.session.call(ctx, &request{Op: "rollback", Tx: tx.tx}, nil)
}

// Operations are reads and writes: of a transaction, or of the storage, which has
// Get, Scan and Mutate. Keys are whole primary keys, in the order of the table.
type Operations struct {
	session *Session
	tx      string
	level   string
}

func (o *Operations) call(ctx context.Context, r *request, result any) error {
	r.Tx, r.Level = o.tx, o.level
	return o.session.call(ctx, r, result)
}

// Get reads a record, nil if there is none. The row has a zero Value for a
// column of t that the record lacks.
func (o *Operations) Get(ctx context.Context, t *storage.Table, key []storage.Value) (storage.Row, error) {
	var columns []column
	if err := o.call(ctx, (&request{Op: "get"}).onRecord(t, key), &columns); err != nil {
		return nil, err
	}
	return rowOf(t, columns), nil
}

// Scan reads all records that q selects by kind, partition, bounds, direction,
// index and limit.
func (o *Operations) Scan(ctx context.Context, q *storage.Scan) ([]storage.Row, error) {
	t := q.Table
	r := &request{Op: "scan", Namespace: t.Namespace, Table: t.Name, Limit: q.Limit}
	switch q.Kind {
	case storage.PartitionScan:
		positions := t.PrimaryKey()
		n := len(t.Partition)
		r.Partition = columnsAt(t, positions, q.Partition)
		r.Start, r.StartInclusive = columnsAt(t, positions[n:], q.Start.Values), q.Start.Inclusive
		r.End, r.EndInclusive = columnsAt(t, positions[n:], q.End.Values), q.End.Inclusive
		for _, c := range t.Clustering {
			order := c.Order
			if q.Backward {
				order = storage.Asc + storage.Desc - order
			}
			r.Orders = append(r.Orders, [2]string{t.Columns[c.Column].Name, order.String()})
		}
	case storage.IndexScan:
		r.Index = columnsAt(t, []int{q.Index}, []storage.Value{q.IndexValue})
	}
	var records [][]column
	if err := o.call(ctx, r, &records); err != nil {
		return nil, err
	}
	rows := make([]storage.Row, len(records))
	for i, columns := range records {
		rows[i] = rowOf(t, columns)
	}
	return rows, nil
}

func (o *Operations) write(ctx context.Context, op string, t *storage.Table, key []storage.Value, columns []int, values []storage.Value) error {
	r := (&request{Op: op}).onRecord(t, key)
	r.Values = columnsAt(t, columns, values)
	return o.call(ctx, r, nil)
}

// Insert inserts a record.
func (o *Operations) Insert(ctx context.Context, t *storage.Table, key []storage.Value, columns []int, values []storage.Value) error {
	return o.write(ctx, "insert", t, key, columns, values)
}

// Upsert inserts or updates a record.
func (o *Operations) Upsert(ctx context.Context, t *storage.Table, key []storage.Value, columns []int, values []storage.Value) error {
	return o.write(ctx, "upsert", t, key, columns, values)
}

// Update changes a record, if there is one.
func (o *Operations) Update(ctx context.Context, t *storage.Table, key []storage.Value, columns []int, values []storage.Value) error {
	return o.write(ctx, "update", t, key, columns, values)
}

// Delete deletes a record, if there is one.
func (o *Operations) Delete(ctx context.Context, t *storage.Table, key []storage.Value) error {
	return o.write(ctx, "delete", t, key, nil, nil)
}

var operators = map[storage.Operator]string{
	storage.Eq: "EQ", storage.Ne: "NE", storage.Gt: "GT", storage.Ge: "GTE", storage.Lt: "LT", storage.Le: "LTE",
	storage.IsNull: "IS_NULL", storage.IsNotNull: "IS_NOT_NULL",
}

// Mutate applies mutations to the storage, Checks excepted. A transaction has no
// Mutate.
func (o *Operations) Mutate(ctx context.Context, group []storage.Mutation) error {
	r := &request{Op: "mutate"}
	for _, m := range group {
		each := (&request{Op: "put"}).onRecord(m.Table, m.Key)
		each.Values = columnsAt(m.Table, m.Columns, m.Values)
		if m.Op == storage.Delete {
			each.Op = "delete"
		}
		switch m.Condition {
		case storage.IfExists:
			each.Condition = "exists"
		case storage.IfNotExists:
			each.Condition = "notExists"
		case storage.If:
			var expressions [][2]any
			for _, p := range m.Where {
				c := m.Table.Columns[p.Column]
				v := p.Value
				if p.Operator == storage.IsNull || p.Operator == storage.IsNotNull {
					v = storage.Null(c.Type)
				}
				expressions = append(expressions, [2]any{operators[p.Operator], column{c.Name, v}})
			}
			each.Condition = expressions
		}
		r.Mutations = append(r.Mutations, each)
	}
	return o.call(ctx, r, nil)
}

// Admin returns the administration of tables with transactions, or of the
// storage.
func (s *Session) Admin(ofStorage bool) *Admin {
	if ofStorage {
		return &Admin{s, "storage"}
	}
	return &Admin{s, ""}
}

// Admin administers tables.
type Admin struct {
	session *Session
	level   string
}

func (a *Admin) do(ctx context.Context, r *request, result any) error {
	r.Level = a.level
	return a.session.call(ctx, r, result)
}

func on(op string, name storage.TableName) *request {
	return &request{Op: op, Namespace: name.Namespace, Table: name.Name}
}

// CreateTable creates the table, and its namespace if need be.
func (a *Admin) CreateTable(ctx context.Context, t *storage.Table) error {
	if err := a.do(ctx, &request{Op: "createNamespace", Namespace: t.Namespace}, nil); err != nil {
		return err
	}
	r := on("createTable", t.TableName)
	r.Definition = definitionOf(t)
	return a.do(ctx, r, nil)
}

// RepairTable repairs the table.
func (a *Admin) RepairTable(ctx context.Context, t *storage.Table) error {
	r := on("repairTable", t.TableName)
	r.Definition = definitionOf(t)
	return a.do(ctx, r, nil)
}

// DropTable drops the table.
func (a *Admin) DropTable(ctx context.Context, name storage.TableName) error {
	return a.do(ctx, on("dropTable", name), nil)
}

// DropNamespace drops a namespace, if there is one.
func (a *Admin) DropNamespace(ctx context.Context, namespace string) error {
	return a.do(ctx, &request{Op: "dropNamespace", Namespace: namespace}, nil)
}

// ImportTable imports a table that another program has created, with other
// types than the default ones for some columns.
func (a *Admin) ImportTable(ctx context.Context, name storage.TableName, types map[string]storage.Type) error {
	r := on("importTable", name)
	r.Types = map[string]string{}
	for column, t := range types {
		r.Types[column] = t.String()
	}
	return a.do(ctx, r, nil)
}

// CreateIndex creates an index.
func (a *Admin) CreateIndex(ctx context.Context, name storage.TableName, column string) error {
	r := on("createIndex", name)
	r.Column = column
	return a.do(ctx, r, nil)
}

// DropIndex drops an index.
func (a *Admin) DropIndex(ctx context.Context, name storage.TableName, column string) error {
	r := on("dropIndex", name)
	r.Column = column
	return a.do(ctx, r, nil)
}

// AddColumn adds a column.
func (a *Admin) AddColumn(ctx context.Context, name storage.TableName, c storage.Column) error {
	r := on("addColumn", name)
	r.Column, r.Type = c.Name, c.Type.String()
	return a.do(ctx, r, nil)
}

// DropColumn drops a column.
func (a *Admin) DropColumn(ctx context.Context, name storage.TableName, column string) error {
	r := on("dropColumn", name)
	r.Column = column
	return a.do(ctx, r, nil)
}

// RenameColumn renames a column.
func (a *Admin) RenameColumn(ctx context.Context, name storage.TableName, from, to string) error {
	r := on("renameColumn", name)
	r.Column, r.To = from, to
	return a.do(ctx, r, nil)
}

// Table returns the definition of a table, nil if there is none. That of a
// table with transactions is without their columns, unless the administration
// is that of the storage.
func (a *Admin) Table(ctx context.Context, name storage.TableName) (*storage.Table, error) {
	var d *definition
	if err := a.do(ctx, on("table", name), &d); err != nil || d == nil {
		return nil, err
	}
	return d.table(name)
}

// Tables lists the tables of a namespace in byte order.
func (a *Admin) Tables(ctx context.Context, namespace string) (names []string, err error) {
	err = a.do(ctx, &request{Op: "tables", Namespace: namespace}, &names)
	return slices.Sorted(slices.Values(names)), err
}

// CreateCoordinator creates the coordinator table if there is none, with the
// columns that the session's configuration needs.
func (a *Admin) CreateCoordinator(ctx context.Context) error {
	return a.do(ctx, &request{Op: "createCoordinator"}, nil)
}

// RepairCoordinator repairs the coordinator table.
func (a *Admin) RepairCoordinator(ctx context.Context) error {
	return a.do(ctx, &request{Op: "repairCoordinator"}, nil)
}

// DropCoordinator drops the coordinator table.
func (a *Admin) DropCoordinator(ctx context.Context) error {
	return a.do(ctx, &request{Op: "dropCoordinator"}, nil)
}

// CoordinatorExists reports whether there is a coordinator table.
func (a *Admin) CoordinatorExists(ctx context.Context) (exists bool, err error) {
	return exists, a.do(ctx, &request{Op: "coordinatorExists"}, &exists)
}
