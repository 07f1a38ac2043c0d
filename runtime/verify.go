package scalar

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
)

// Verify compares the tables that code was generated for with those that are
// deployed, and the coordinator table with what transactions need. Call it when
// the program starts: every operation checks the columns it uses, but only when
// it is first called. A DB without transactions ([WithoutTransactions]), or with
// those of the database ([DatabaseTransactions]), wants all tables without the
// columns of transactions, and no coordinator table.
//
// All differences are reported at once, in one [ErrInvalid] whose message has a
// line for each: a missing table, a table with transactions where one without
// was expected or the reverse, a missing column, another type, another primary
// key or clustering order, a missing index. Columns and indexes that the schema
// does not name are no difference: code generated before a column was added
// goes on working, and leaves it as it is.
//
// The definitions are read from the database and not from the cache, which is
// corrected on the way.
func (db *DB) Verify(ctx context.Context, schemas ...Schema) error {
	var differences []string
	transactions := false
	for def, transaction := range slices.Concat(schemas...).Tables() {
		transaction = transaction && db.manager == consensusCommit
		found, err := db.verify(ctx, def, transaction)
		if err != nil {
			return err
		}
		differences = append(differences, found...)
		transactions = transactions || transaction
	}
	if transactions {
		found, err := db.verifyCoordinator(ctx)
		if err != nil {
			return err
		}
		differences = append(differences, found...)
	}
	if len(differences) == 0 {
		return nil
	}
	return &Error{Kind: ErrInvalid, Message: "the deployed tables are not those that the code was generated for:\n\t" +
		strings.Join(differences, "\n\t") +
		"\nalter the tables, or generate the code again from the schema that is deployed"}
}

// verify returns a line for each difference between def and the deployed table.
func (db *DB) verify(ctx context.Context, def *TableDef, transaction bool) ([]string, error) {
	deployed, err := db.readDefinition(ctx, def.TableName)
	if err != nil {
		return nil, err
	}
	if deployed == nil {
		return []string{def.TableName.String() + ": there is no such table: create it with scalarctl schema create"}, nil
	}
	want := def
	var problems []string
	switch inTransactions := commit.UserTable(deployed) != nil; {
	case transaction && inTransactions:
		want = commit.TransactionTable(def, db.eventual)
	case transaction:
		_, err := db.engine.Table(ctx, def.TableName)
		if e, ok := err.(*commit.Error); ok && e.Kind == ErrInvalid {
			problems = append(problems, e.Message)
		}
	case inTransactions && db.manager != consensusCommit:
		problems = append(problems, db.otherManager())
	case inTransactions:
		problems = append(problems, `the deployed table takes part in transactions, which would not notice writes of code generated with "transaction": false: generate the code with "transaction": true`)
	}
	problems = append(problems, difference(def, want, deployed)...)
	for i := range problems {
		problems[i] = def.TableName.String() + ": " + problems[i]
	}
	return problems, nil
}

func (db *DB) verifyCoordinator(ctx context.Context) ([]string, error) {
	want := commit.CoordinatorTable(db.coordinator, false, false)
	deployed, err := db.readDefinition(ctx, want.TableName)
	if err != nil {
		return nil, err
	}
	if deployed == nil {
		return []string{want.TableName.String() + ": the coordinator table is missing: create it with scalarctl schema create --coordinator"}, nil
	}
	problems := difference(want, want, deployed)
	if db.grouped && deployed.Column("tx_child_ids") < 0 {
		problems = append(problems, "group commit needs the column tx_child_ids: add it with scalarctl schema repair --coordinator while group commit is configured, or turn group commit off")
	}
	for i := range problems {
		problems[i] = want.TableName.String() + ": " + problems[i]
	}
	return problems, nil
}

// readDefinition reads a table's definition past the cache, nil if there is no
// such table. It makes the cache forget a definition that is out of date and no
// other, since a transaction in flight does not survive that.
func (db *DB) readDefinition(ctx context.Context, name TableName) (*storage.Table, error) {
	deployed, err := db.storage.Table(ctx, name)
	switch {
	case errors.Is(err, storage.ErrTableNotFound):
		db.engine.Forget(name)
		return nil, nil
	case err != nil:
		return nil, public(&commit.Error{Kind: ErrStorage, Table: name, Message: "cannot read the definition of the table", Err: err})
	}
	cached, err := db.engine.StorageTable(ctx, name)
	if err != nil {
		return nil, public(err)
	}
	if !cached.Equal(deployed) {
		db.engine.Forget(name)
	}
	return deployed, nil
}

// difference tells what deployed has otherwise than want, which is def with the
// columns and indexes that transactions add behind its own, or def itself. That
// the added columns are there need not be checked: without them the deployed
// table would not pass for one with transactions.
func difference(def, want, deployed *storage.Table) (problems []string) {
	if key := keyDifference(def, deployed); key != "" {
		problems = append(problems, key)
	}
	for i, c := range want.Columns {
		at := deployed.Column(c.Name)
		switch {
		case at < 0 && i < len(def.Columns):
			problems = append(problems, "it has no column "+c.Name)
		case at >= 0 && deployed.Columns[at].Type != c.Type:
			problems = append(problems, fmt.Sprintf("its column %s is %s, not %s", c.Name, deployed.Columns[at].Type, c.Type))
		}
	}
	for _, i := range want.Indexes {
		name := want.Columns[i].Name
		at := deployed.Column(name)
		switch {
		case at < 0 || deployed.Indexed(at):
		case i < len(def.Columns):
			problems = append(problems, "its column "+name+" has no secondary index")
		default:
			problems = append(problems, "its column "+name+", the before image of an indexed column, has no secondary index: SERIALIZABLE reads by the index need it")
		}
	}
	return problems
}
