package scalartest_test

import (
	"context"
	"errors"

	scalar "github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/runtime/internal/handtable"
)

// What scalargen generates for bank.accounts (id TEXT, balance BIGINT) and for
// bank.log, a table without transactions, and a program that uses them.

type Account struct {
	ID      string
	Balance int64
}

type AccountKey struct{ ID string }

var accountColumns = struct {
	Balance scalar.Column[Account, int64, scalar.Data, scalar.Ordered]
}{
	Balance: scalar.Column[Account, int64, scalar.Data, scalar.Ordered]{Pos: 1, Encode: scalar.BigIntValue},
}

var accounts = handtable.Table[Account, AccountKey]{
	Table: scalar.Table{Def: &scalar.TableDef{
		TableName: scalar.TableName{Namespace: "bank", Name: "accounts"},
		Columns:   []scalar.ColumnDef{{Name: "id", Type: scalar.TypeText}, {Name: "balance", Type: scalar.TypeBigInt}},
		Partition: []int{0},
	}},
	Codec: handtable.Codec[Account, AccountKey]{
		Key: func(k *AccountKey, to []scalar.Value) { to[0] = scalar.TextValue(k.ID) },
		Encode: func(r *Account, to []scalar.Value) {
			to[0], to[1] = scalar.TextValue(r.ID), scalar.BigIntValue(r.Balance)
		},
		Decode: func(from *scalar.Row, r *Account) { r.ID, r.Balance = from.Text(0), from.BigInt(1) },
	},
}

type Line struct {
	Seq  int32
	Text string
}

type LineKey struct{ Seq int32 }

var lines = handtable.StorageTable[Line, LineKey]{
	StorageTable: scalar.StorageTable{Def: &scalar.TableDef{
		TableName: scalar.TableName{Namespace: "bank", Name: "log"},
		Columns:   []scalar.ColumnDef{{Name: "seq", Type: scalar.TypeInt}, {Name: "text", Type: scalar.TypeText}},
		Partition: []int{0},
		Indexes:   []int{1},
	}},
	Codec: handtable.Codec[Line, LineKey]{
		Key:    func(k *LineKey, to []scalar.Value) { to[0] = scalar.IntValue(k.Seq) },
		Encode: func(r *Line, to []scalar.Value) { to[0], to[1] = scalar.IntValue(r.Seq), scalar.TextValue(r.Text) },
		Decode: func(from *scalar.Row, r *Line) { r.Seq, r.Text = from.Int(0), from.Text(1) },
	},
}

var (
	bankSchema = scalar.Schema{&accounts}
	logSchema  = scalar.Schema{&lines}
)

var (
	errAccount = errors.New("no such account")
	errFunds   = errors.New("not enough money")
)

func transfer(ctx context.Context, db *scalar.DB, from, to string, amount int64) error {
	return db.Transact(ctx, func(ctx context.Context, tx *scalar.Tx) error {
		found, err := accounts.GetAll(ctx, tx, []AccountKey{{from}, {to}})
		if err != nil {
			return err
		}
		source, target := found[0], found[1]
		if source == nil || target == nil {
			return errAccount
		}
		if source.Balance < amount {
			return errFunds
		}
		if err := accounts.Update(ctx, tx, AccountKey{from}, scalar.Set(accountColumns.Balance, source.Balance-amount)); err != nil {
			return err
		}
		return accounts.Update(ctx, tx, AccountKey{to}, scalar.Set(accountColumns.Balance, target.Balance+amount))
	})
}
