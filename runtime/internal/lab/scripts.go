package lab

import (
	"context"

	"github.com/scalargen/scalargen/storage"
)

// The items of the scenarios: two of one partition, and one of another.
var (
	x = Key{1, 1}
	y = Key{1, 2}
	z = Key{2, 1}
)

// category is that of the items that scenarios with an index scan for.
const category = 7

// script is one transaction after the other.
func script(txs ...func(c *Client)) func(c *Client) {
	return func(c *Client) {
		for _, run := range txs {
			run(c)
		}
	}
}

// change adds n to an item that it reads.
func change(k Key, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			v, _ := tx.Get(k)
			tx.Put(k, v+n)
			return true
		})
	}
}

// changeBoth adds n to two items that it reads.
func changeBoth(a, b Key, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			v, _ := tx.Get(a)
			w, _ := tx.Get(b)
			tx.Put(a, v+n)
			tx.Put(b, w+n)
			return true
		})
	}
}

// readOneWriteOther reads an item and writes another one.
func readOneWriteOther(read, write Key, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			v, _ := tx.Get(read)
			tx.Put(write, v+n)
			return true
		})
	}
}

// look reads items one after the other.
func look(keys ...Key) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			for _, k := range keys {
				tx.Get(k)
			}
			return true
		})
	}
}

// lookOnly is look in a read-only transaction.
func lookOnly(keys ...Key) func(c *Client) {
	return func(c *Client) {
		c.ReadOnly(func(tx *Tx) bool {
			for _, k := range keys {
				tx.Get(k)
			}
			return true
		})
	}
}

// scanThenPut scans and then writes an item in a category.
func scanThenPut(of ScanOf, k Key, v, cat int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			tx.Scan(of)
			tx.PutIn(k, v, cat)
			return true
		})
	}
}

func insert1(k Key, v int) func(c *Client) {
	return func(c *Client) { c.Transact(func(tx *Tx) bool { tx.Insert(k, v); return true }) }
}

func putBlindly(k Key, v int) func(c *Client) {
	return func(c *Client) { c.Transact(func(tx *Tx) bool { tx.Put(k, v); return true }) }
}

func remove1(k Key) func(c *Client) {
	return func(c *Client) { c.Transact(func(tx *Tx) bool { tx.Delete(k); return true }) }
}

// finishFirst finishes the first transaction of the client, as an operator or a
// background job would.
func finishFirst(c *Client) {
	_, _ = c.site.engine.Finish(c.txs[0].ctx, c.txs[0].id)
}

// finish finishes a transaction of another process, which is left alone if it is
// not decided at that moment.
func finish(id string) func(c *Client) {
	return func(c *Client) {
		_, _ = c.site.engine.Finish(context.WithValue(ctxNone, caller{}, c.name), id)
	}
}

// cleanUp removes the coordinator row of the client's first transaction if that is
// aborted, as an operator may who knows that nothing of it is under way any more.
func cleanUp(c *Client) {
	j := java{site: c.site, ctx: c.txs[0].ctx}
	row, err := j.decision(c.txs[0].id)
	if err == nil && row != nil && asDecided(row).state == stateAborted {
		_ = c.site.Mutate(j.ctx, []storage.Mutation{{Table: c.run.place.row(), Op: storage.Delete, Key: []storage.Value{storage.TextValue(c.txs[0].id)}}})
	}
}

// changeApart adds n to two items, each in a process of its own, in one
// transaction.
func changeApart(first, second string, n int) func(c *Client) {
	return func(c *Client) {
		c.Together([]string{first, second}, func(branches []*Tx) bool {
			for i, k := range []Key{x, y} {
				v, _ := branches[i].Get(k)
				branches[i].Put(k, v+n)
			}
			return true
		})
	}
}

// crossApart is changeApart in which each process writes the sum of both items, one
// of which it reads beside the process that writes it.
func crossApart(first, second string, n int) func(c *Client) {
	return func(c *Client) {
		c.Together([]string{first, second}, func(branches []*Tx) bool {
			v, _ := branches[0].Get(y)
			w, _ := branches[1].Get(z)
			branches[0].Put(x, v+n)
			branches[1].Put(z, w+n)
			return true
		})
	}
}

// scanThenChange adds n to every item that a scan returns.
func scanThenChange(of ScanOf, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			rows := tx.Scan(of)
			for _, k := range []Key{x, y, z} {
				if v, found := rows[k]; found {
					tx.Put(k, v+n)
				}
			}
			return true
		})
	}
}

func pointer[T any](v T) *T { return &v }

// readBothWriteOne reads two items and adds n to one of them.
func readBothWriteOne(k Key, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			v, _ := tx.Get(x)
			w, _ := tx.Get(y)
			tx.Put(k, v+w+n)
			return true
		})
	}
}

// lookTwiceAndChange adds n to what it reads second.
func lookTwiceAndChange(k Key, n int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			tx.Get(k)
			v, _ := tx.Get(k)
			tx.Put(k, v+n)
			return true
		})
	}
}

func putBoth(a, b Key, v int) func(c *Client) {
	return func(c *Client) {
		c.Transact(func(tx *Tx) bool {
			tx.Put(a, v)
			tx.Put(b, v+1)
			return true
		})
	}
}

// scanOnly scans in a read-only transaction.
func scanOnly(scans ...ScanOf) func(c *Client) {
	return func(c *Client) {
		c.ReadOnly(func(tx *Tx) bool {
			for _, of := range scans {
				tx.Scan(of)
			}
			return true
		})
	}
}
