package scalar

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/runtime/internal/native"
	"github.com/scalargen/scalargen/storage"
)

// binding ties a table definition of generated code to the deployed table,
// whose columns come in another order and may be more.
type binding struct {
	def      *TableDef
	deployed *storage.Table
	table    *commit.Table // nil for a table without transactions

	pos  []int // deployed position by position in def
	key  []int // positions in def of the primary key
	data []int // positions in def of the other columns
}

func (b *binding) meta() *storage.Table { return b.deployed }

// bind returns the binding of a table with transactions, for an operation in tx,
// nil for one of its own.
func (db *DB) bind(ctx context.Context, tx *Tx, def *TableDef) (*binding, error) {
	if db.manager == databaseOwn {
		return db.bindNative(ctx, tx, def)
	}
	table, err := db.engine.Table(ctx, def.TableName)
	if err != nil {
		return nil, public(err)
	}
	return db.cachedBinding(def, table.Meta(), table)
}

// bindStorage returns the binding of a table without transactions.
func (db *DB) bindStorage(ctx context.Context, def *TableDef) (*binding, error) {
	deployed, err := db.engine.StorageTable(ctx, def.TableName)
	if err != nil {
		return nil, public(err)
	}
	return db.cachedBinding(def, deployed, nil)
}

// bindNative returns the binding of a table for the database's own transactions.
func (db *DB) bindNative(ctx context.Context, tx *Tx, def *TableDef) (*binding, error) {
	if tx != nil {
		if own, ok := tx.tx.(nativeTx); ok {
			ctx = native.Reading(ctx, own.Tx)
		}
	}
	deployed, err := db.engine.StorageTable(ctx, def.TableName)
	if err != nil {
		if e, ok := err.(*commit.Error); ok {
			if own, ok := e.Err.(*commit.Error); ok {
				err = own // the transaction's
			}
		}
		return nil, public(err)
	}
	return db.cachedBinding(def, deployed, nil)
}

// otherManager is what is wrong with a table that takes part in ScalarDB's own
// transactions where those are not used.
func (db *DB) otherManager() string {
	return "the deployed table takes part in transactions, and the database is used without them (transaction manager " + db.manager.String() +
		"), which would break them: use the transaction manager consensus-commit, or another table"
}

// checkManager refuses such a table.
func (db *DB) checkManager(deployed *storage.Table) error {
	if db.manager == consensusCommit || commit.UserTable(deployed) == nil {
		return nil
	}
	return &Error{Kind: ErrInvalid, Table: deployed.TableName, Message: db.otherManager()}
}

func (db *DB) cachedBinding(def *TableDef, deployed *storage.Table, table *commit.Table) (*binding, error) {
	if known, ok := db.bindings.Load(def); ok {
		if b := known.(*binding); b.deployed == deployed {
			return b, nil
		}
	}
	err := db.checkManager(deployed)
	var b *binding
	if err == nil {
		b, err = newBinding(def, deployed, table)
	}
	if err != nil {
		db.engine.Forget(def.TableName) // it may have been altered since it was read
		return nil, err
	}
	db.bindings.Store(def, b)
	return b, nil
}

func newBinding(def *TableDef, deployed *storage.Table, table *commit.Table) (*binding, error) {
	b := &binding{def: def, deployed: deployed, table: table, key: def.PrimaryKey(), pos: make([]int, len(def.Columns))}
	if difference := keyDifference(def, deployed); difference != "" {
		return nil, mismatch(def, difference)
	}
	if table == nil && commit.UserTable(deployed) != nil {
		return nil, mismatch(def, "it takes part in transactions, which writes outside of them would break")
	}
	visible := deployed
	if table != nil {
		visible = commit.UserTable(deployed)
	}
	for i, c := range def.Columns {
		at := deployed.Column(c.Name)
		switch {
		case at < 0:
			return nil, mismatch(def, "it has no column "+c.Name)
		case visible.Column(c.Name) < 0:
			return nil, mismatch(def, "its column "+c.Name+" is for transactions only")
		case deployed.Columns[at].Type != c.Type:
			return nil, mismatch(def, fmt.Sprintf("its column %s is %s, not %s", c.Name, deployed.Columns[at].Type, c.Type))
		}
		b.pos[i] = at
		if !slices.Contains(b.key, i) {
			b.data = append(b.data, i)
		}
	}
	return b, nil
}

// keyDifference tells how the primary keys differ, or returns "".
func keyDifference(def, deployed *storage.Table) string {
	names := func(t *storage.Table) (partition, clustering []string) {
		for _, c := range t.Partition {
			partition = append(partition, t.Columns[c].Name)
		}
		for _, c := range t.Clustering {
			clustering = append(clustering, t.Columns[c.Column].Name+" "+c.Order.String())
		}
		return partition, clustering
	}
	wantPartition, wantClustering := names(def)
	gotPartition, gotClustering := names(deployed)
	switch {
	case !slices.Equal(wantPartition, gotPartition):
		return fmt.Sprintf("its partition key is %q, not %q", gotPartition, wantPartition)
	case !slices.Equal(wantClustering, gotClustering):
		return fmt.Sprintf("its clustering key is %q, not %q", gotClustering, wantClustering)
	default:
		return ""
	}
}

func mismatch(def *TableDef, difference string) error {
	return &Error{Kind: ErrInvalid, Table: def.TableName,
		Message: "the deployed table is not the one the code was generated for: " + difference + "; alter the table, or generate the code again"}
}

func (b *binding) columnError(key []Value, column int, problem string) error {
	e := &Error{Kind: ErrInvalid, Table: b.def.TableName, Message: "column " + b.def.Columns[column].Name + " " + problem}
	if key != nil {
		e.Key = b.deployed.FormatKey(key)
	}
	return e
}

// check refuses a value that the column cannot hold. It lets NULL pass.
func (b *binding) check(key []Value, column int, v Value) error {
	want := b.def.Columns[column].Type
	switch {
	case v.IsZero() && v.Text() != "":
		return b.columnError(key, column, "has no value: "+v.Text())
	case v.IsZero():
		return &Error{Kind: ErrInvalid, Table: b.def.TableName,
			Message: "an assignment or a condition is the zero value: make it with Set, Eq and the like"}
	case v.Type() != want:
		return b.columnError(key, column, fmt.Sprintf("is %s, but the value is %s", want, v.Type()))
	case want == storage.Text && !utf8.ValidString(v.Text()):
		return b.columnError(key, column, "is TEXT, but the value is not valid UTF-8")
	}
	if problem := checkRange(v); problem != "" {
		return b.columnError(key, column, "is out of range: "+problem)
	}
	return nil
}

// checkKey refuses a primary key that no storage can hold. columns are the
// positions in def of its values.
func (b *binding) checkKey(columns []int, values []Value) error {
	for i, v := range values {
		if err := b.check(nil, columns[i], v); err != nil {
			return err
		}
		switch t := v.Type(); {
		case v.IsNull():
			return b.columnError(nil, columns[i], "belongs to the primary key and cannot be NULL")
		case (t == storage.Text || t == storage.Blob) && v.Text() == "":
			return b.columnError(nil, columns[i], "belongs to the primary key and cannot be empty")
		}
	}
	return nil
}

// record splits the values of a whole record into its key and the changes of
// all other columns.
func (b *binding) record(values []Value) (key []Value, changes commit.Changes, err error) {
	key = make([]Value, len(b.key))
	for i, c := range b.key {
		key[i] = values[c]
	}
	if err := b.checkKey(b.key, key); err != nil {
		return nil, changes, err
	}
	changes.Columns = make([]int, len(b.data))
	changes.Values = make([]Value, len(b.data))
	for i, c := range b.data {
		if err := b.check(key, c, values[c]); err != nil {
			return nil, changes, err
		}
		changes.Columns[i], changes.Values[i] = b.pos[c], values[c]
	}
	return key, changes, nil
}

// assignments turns the assignments of an update into changes.
func (b *binding) assignments(key []Value, set []Assignment) (commit.Changes, error) {
	changes := commit.Changes{Columns: make([]int, len(set)), Values: make([]Value, len(set))}
	if len(set) == 0 {
		return changes, &Error{Kind: ErrInvalid, Table: b.def.TableName, Key: b.deployed.FormatKey(key), Message: "the update assigns no column"}
	}
	for i, a := range set {
		v := a.value
		if a.null {
			v = storage.Null(b.def.Columns[a.column].Type)
		}
		if err := b.check(key, a.column, v); err != nil {
			return changes, err
		}
		at := b.pos[a.column]
		if slices.Contains(changes.Columns[:i], at) {
			return changes, b.columnError(key, a.column, "is assigned twice")
		}
		changes.Columns[i], changes.Values[i] = at, v
	}
	return changes, nil
}

// predicates checks predicates of generated code and gives them deployed
// positions.
func (b *binding) predicates(list []predicate) ([]storage.Predicate, error) {
	if list == nil {
		return nil, nil
	}
	result := slices.Clone(list)
	for i := range result {
		p := &result[i]
		switch p.Operator {
		case storage.IsNull, storage.IsNotNull:
		case storage.Like, storage.NotLike:
			if problem := storage.CheckLike(p.Value.Text(), p.Escape); problem != "" {
				return nil, b.columnError(nil, p.Column, "is matched against an invalid pattern: "+problem)
			}
		default:
			if err := b.check(nil, p.Column, p.Value); err != nil {
				return nil, err
			}
		}
		p.Column = b.pos[p.Column]
	}
	return result, nil
}

func (b *binding) filter(f storage.Filter) (storage.Filter, error) {
	if len(f) > maxConjunctions {
		return nil, &Error{Kind: ErrInvalid, Table: b.def.TableName,
			Message: fmt.Sprintf("the filter has more than %d alternatives once its ANDs are multiplied out", maxConjunctions)}
	}
	result := make(storage.Filter, len(f))
	for i, conjunction := range f {
		var err error
		if result[i], err = b.predicates(conjunction); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// scan checks a request and turns it into terms of the deployed table.
func (b *binding) scan(q *scanRequest) (commit.Scan, error) {
	s := commit.Scan{Table: b.table}
	refuse := func(problem string) (commit.Scan, error) {
		return s, &Error{Kind: ErrInvalid, Table: b.def.TableName, Message: problem}
	}
	switch {
	case q == nil:
		return refuse("the range or selection of the scan is the zero value: start from the functions of the generated package")
	case q.problem != "":
		return refuse(q.problem)
	}
	s.Kind, s.Backward, s.Limit = q.kind, q.backward, q.limit
	var err error
	if s.Where, err = b.filter(q.where); err != nil {
		return s, err
	}
	switch q.kind {
	case storage.IndexScan:
		if err := b.check(nil, q.index, q.indexValue); err != nil {
			return s, err
		}
		s.Index, s.IndexValue = b.pos[q.index], q.indexValue
		if !b.deployed.Indexed(s.Index) {
			return s, mismatch(b.def, "its column "+b.def.Columns[q.index].Name+" has no secondary index")
		}
	case storage.PartitionScan:
		partition := len(b.def.Partition)
		s.Start, s.End = q.bounds()
		for _, values := range [][]Value{s.Start.Values, s.End.Values} {
			if err := b.checkKey(b.key[partition:][:len(values)], values); err != nil {
				return s, err
			}
		}
		if err := b.checkKey(b.key[:partition], q.partition); err != nil {
			return s, err
		}
		s.Partition = q.partition
	}
	return s, nil
}

// request returns a scan as one of the storage.
func (b *binding) request(s commit.Scan) storage.Scan {
	return storage.Scan{
		Table: b.deployed, Kind: s.Kind, Partition: s.Partition, Start: s.Start, End: s.End, Backward: s.Backward,
		Index: s.Index, IndexValue: s.IndexValue, Where: s.Where, Limit: s.Limit,
	}
}
