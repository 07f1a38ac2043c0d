package interop

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/interop/java"
	"github.com/scalargen/scalargen/runtime"
	"github.com/scalargen/scalargen/storage"
)

var killAlways = flag.Bool("interop.kill", false, "let every death of a client be that of a process of its own; takes minutes")

// ccPrefix begins the properties of Consensus Commit.
const ccPrefix = "scalar.db.consensus_commit."

// variant is a way to commit.
type variant struct {
	name       string
	properties storage.Properties
	byRecord   bool
	// companion is another transaction of the same group, which commits first.
	companion bool
	// inOnePhase leaves out what needs two phases.
	inOnePhase bool
}

// serially makes the requests of a phase follow each other, so that one can be
// told from the next.
var serially = storage.Properties{
	ccPrefix + "parallel_preparation.enabled":          "false",
	ccPrefix + "parallel_commit.enabled":               "false",
	ccPrefix + "coordinator.write_set_logging.enabled": "true",
}

func with(properties ...string) storage.Properties {
	joined := storage.Properties{}
	for k, v := range serially {
		joined[k] = v
	}
	for i := 0; i < len(properties); i += 2 {
		joined[ccPrefix+properties[i]] = properties[i+1]
	}
	return joined
}

var variants = []variant{
	{name: "one request a phase", properties: with()},
	{name: "a request a record", properties: with(), byRecord: true},
	{name: "group", properties: with("coordinator.group_commit.enabled", "true", "coordinator.group_commit.slot_capacity", "1")},
	{name: "delayed", companion: true, properties: with("coordinator.group_commit.enabled", "true", "coordinator.group_commit.slot_capacity", "2",
		"coordinator.group_commit.group_size_fix_timeout_millis", "20", "coordinator.group_commit.delayed_slot_move_timeout_millis", "40")},
	{name: "one phase", inOnePhase: true, properties: with("one_phase_commit.enabled", "true", "isolation_level", "SNAPSHOT")},
}

// The records of a branch that a doomed transaction deals with, by number.
const (
	updated int32 = iota + 1
	deleted
	inserted
	onlyRead
	absentDeleted
	replaced // deleted and written again
)

func accountKey(branch string, number int32) []storage.Value {
	return []storage.Value{storage.TextValue(branch), storage.IntValue(number)}
}

// before are the records of a branch that are there before, after those that the
// transaction leaves.
func (v variant) before(branch string) []storage.Row {
	records := []storage.Row{account(branch, updated, 10, "old"), account(branch, deleted, 20, "old"), account(branch, onlyRead, 40, "old")}
	if !v.inOnePhase {
		records = append(records, account(branch, replaced, 60, "old"))
		records[3][noteColumn] = storage.TextValue("not written again")
	}
	return records
}

func (v variant) after(branch string) []storage.Row {
	records := []storage.Row{account(branch, updated, 11, "new"), account(branch, inserted, 31, "new"), account(branch, onlyRead, 40, "old")}
	if !v.inOnePhase {
		records = append(records, account(branch, replaced, 61, "new"))
	}
	return records
}

// doomed runs a transaction up to its commit.
func (v variant) doomed(ctx context.Context, c client, table *storage.Table, branch string) (transaction, error) {
	var companion transaction
	var err error
	if v.companion {
		if companion, err = c.begin(ctx, begin{}); err != nil {
			return nil, err
		}
	}
	tx, err := c.begin(ctx, begin{})
	if err != nil {
		return nil, err
	}
	if v.companion {
		if err := companion.insert(ctx, table, account(branch+" companion", 1, 1, "companion")); err != nil {
			return nil, err
		}
		if err := companion.commit(ctx); err != nil {
			return nil, err
		}
	}
	for _, number := range []int32{updated, deleted, onlyRead} {
		if row, err := tx.get(ctx, table, accountKey(branch, number)); err != nil || row == nil {
			return nil, fmt.Errorf("read of record %d: %v, %w", number, row, err)
		}
	}
	steps := []error{
		tx.update(ctx, table, accountKey(branch, updated), []int{2, 3}, []storage.Value{storage.BigIntValue(11), storage.TextValue("new")}),
		tx.remove(ctx, table, accountKey(branch, deleted)),
		tx.insert(ctx, table, account(branch, inserted, 31, "new")),
	}
	if !v.inOnePhase {
		steps = append(steps,
			tx.remove(ctx, table, accountKey(branch, absentDeleted)),
			tx.remove(ctx, table, accountKey(branch, replaced)),
			tx.upsert(ctx, table, account(branch, replaced, 61, "new")),
		)
	}
	return tx, errors.Join(steps...)
}

// A client of one library dies at each storage request of a commit, before it is
// sent or before its reply is heard. The other then reads all or nothing of the
// transaction, and leaves the records as they would be after a commit or as they
// were.
func TestDeaths(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		table := accountTable(db)
		ok(t, openGo(t, db, options{properties: with("coordinator.group_commit.enabled", "true")}).administration().create(t.Context(), table))
		survivors := map[string]client{}
		for _, writer := range libraries {
			// They live for all the deaths of the other; what a client of Java has
			// prepared expires in the minute by which Go's clock is ahead.
			survivors[writer.name] = writer.other().open(t, db, options{future: true})
		}
		for _, v := range variants {
			left := map[string][]string{}
			for _, writer := range libraries {
				t.Run(writer.name+" "+v.name, func(t *testing.T) {
					left[writer.name] = diesEverywhere(t, db, table, writer, v, survivors[writer.name])
				})
			}
			if diff := cmp.Diff(left[javaLibrary.name], left[goLibrary.name]); diff != "" {
				t.Errorf("%s: the states in which the libraries leave records and decisions differ (-java +go):\n%s", v.name, diff)
			}
		}
	})
}

// diesEverywhere returns the states in which a client has left each record and
// its decision, without what differs from run to run.
func diesEverywhere(t *testing.T, db *database, table *storage.Table, writer library, v variant, survivor client) (left []string) {
	for at := 1; ; at++ {
		for _, before := range []bool{true, false} {
			where := fmt.Sprintf("%s %s %d before=%v", writer.name, v.name, at, before)
			d := death{db, table, writer, v, survivor, java.Point{At: at, Before: before, Halt: *killAlways}, where}
			states, died := d.happens(t)
			if !died {
				slices.Sort(left)
				return slices.Compact(left)
			}
			left = append(left, states...)
		}
	}
}

// A process that is killed at the two sides of a decision is no other than a
// client that dies in ours.
func TestKilledProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		table := accountTable(db)
		ok(t, openGo(t, db, options{properties: with("coordinator.group_commit.enabled", "true")}).administration().create(t.Context(), table))
		for _, writer := range libraries {
			survivor := writer.other().open(t, db, options{future: true})
			for _, before := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s before it is decided: %v", writer.name, before), func(t *testing.T) {
					p := java.Point{At: decisionPoint(t, db, table, writer, variants[0]), Before: before, Halt: true}
					d := death{db, table, writer, variants[0], survivor, p, fmt.Sprint(writer.name, " killed before ", before)}
					if _, died := d.happens(t); !died {
						t.Error("it survived")
					}
				})
			}
		}
	})
}

// death is one death of a client.
type death struct {
	db       *database
	table    *storage.Table
	writer   library
	variant  variant
	survivor client
	point    java.Point
	branch   string // of its own
}

// happens lets the client die, checks what the survivor makes of it, and returns
// the states of the records and of the decision in between. It reports false if
// the client did not die, since there is no such request.
func (d death) happens(t *testing.T) (states []string, died bool) {
	t.Helper()
	ctx := t.Context()
	write(t, d.survivor, d.table, d.variant.before(d.branch))
	eye := goRaw{d.db.eye(t)}
	deployed := must(eye.Table(ctx, d.table.TableName))(t)
	stored := d.stored(t, eye, deployed)

	id, err := d.kill(t)
	if !errors.Is(err, java.ErrDead) {
		ok(t, err)
		return nil, false
	}
	states = d.states(t, eye, deployed, id)
	state := "undecided"
	row := d.db.decision(t, eye, id)
	if row != nil {
		state = map[int64]string{3: "COMMITTED", 4: "ABORTED"}[row[d.db.coordinator().Column("tx_state")].Int64()]
	}
	if state == "ABORTED" {
		t.Errorf("%s: decided ABORTED before anyone else came", d.branch)
	}
	left := d.stored(t, eye, deployed)
	old, new := d.variant.before(d.branch), d.variant.after(d.branch)
	committed := state == "COMMITTED" || d.variant.inOnePhase && left[fmt.Sprint(inserted)] != ""
	want := old
	if committed {
		want = new
	}

	tx := must(d.survivor.begin(ctx, begin{}))(t)
	got, err := tx.scan(ctx, &storage.Scan{Table: d.table, Partition: d.table.Key(old[0])[:1]})
	ok(t, err)
	ok(t, tx.commit(ctx))
	if diff := rowsDiffer(want, got); diff != "" {
		t.Errorf("%s: the transaction is %s, and the survivor reads (-want +got):\n%s", d.branch, state, diff)
	}
	for number := updated; number <= replaced; number++ {
		if done, err := d.survivor.recoverRecord(ctx, d.table, accountKey(d.branch, number)); !done || err != nil {
			t.Errorf("%s: recovery of record %d: %v, %v", d.branch, number, done, err)
		}
	}
	settled := d.stored(t, eye, deployed)
	if committed {
		d.isCommitted(t, eye, deployed, id, row)
	} else {
		if diff := cmp.Diff(stored, settled); diff != "" {
			t.Errorf("%s: rolled back, the records differ from before (-before +after):\n%s", d.branch, diff)
		}
		if len(left) > 0 && !cmp.Equal(left, stored) {
			d.isAborted(t, eye, id)
		}
	}
	// The records are not merely readable.
	write(t, d.survivor, d.table, []storage.Row{account(d.branch, 7, 7, "later")})
	tx = must(d.survivor.begin(ctx, begin{}))(t)
	ok(t, tx.update(ctx, d.table, accountKey(d.branch, updated), []int{2}, []storage.Value{storage.BigIntValue(12)}))
	ok(t, tx.commit(ctx))
	return states, true
}

// states describes each record, and the decision, without what differs from run
// to run: the ids and times of transactions.
func (d death) states(t *testing.T, eye rawStorage, deployed *storage.Table, id string) (states []string) {
	t.Helper()
	rows := must(eye.scan(t.Context(), &storage.Scan{Table: deployed, Partition: accountKey(d.branch, 0)[:1]}))(t)
	for _, row := range rows {
		row = slices.Clone(row)
		for i, c := range deployed.Columns {
			switch {
			case c.Name == "branch":
				row[i] = storage.TextValue("")
			case row[i].IsNull():
			case row[i] == storage.TextValue(id):
				row[i] = storage.TextValue("its id")
			case strings.HasSuffix(c.Name, "tx_id"):
				row[i] = storage.TextValue("another id")
			case strings.HasSuffix(c.Name, "_at"):
				row[i] = storage.BigIntValue(0)
			}
		}
		states = append(states, show(deployed, row))
	}
	row := d.db.decision(t, eye, id)
	if row == nil {
		return append(states, "undecided")
	}
	parent, child, grouped := strings.Cut(id, "$")
	shown := strings.ReplaceAll(show(d.db.coordinator(), row[:3]), id, "its id")
	if grouped {
		shown = strings.NewReplacer(parent, "its parent", child, "its child").Replace(shown)
	}
	return append(states, fmt.Sprintf("decided %swith a write set: %v", shown, !row[4].IsNull()))
}

// kill runs the client to its death.
func (d death) kill(t *testing.T) (id string, err error) {
	t.Helper()
	o := options{properties: d.variant.properties, byRecord: d.variant.byRecord, past: true}
	if d.point.Halt && d.writer.name == goLibrary.name {
		return d.killProcess(t)
	}
	if d.point.Halt {
		o.process = ownJavaProcess(t)
	}
	c := d.writer.open(t, d.db, o)
	return d.variant.die(t.Context(), c, d.table, d.branch, d.point)
}

func (v variant) die(ctx context.Context, c client, table *storage.Table, branch string, p java.Point) (id string, err error) {
	tx, err := v.doomed(ctx, c, table, branch)
	if err != nil {
		return "", err
	}
	if err := c.arm(ctx, p); err != nil {
		return "", err
	}
	return tx.ID(), tx.commit(ctx)
}

// stored returns the records of the branch as they are stored, by number.
func (d death) stored(t *testing.T, eye rawStorage, deployed *storage.Table) map[string]string {
	t.Helper()
	rows := must(eye.scan(t.Context(), &storage.Scan{Table: deployed, Partition: accountKey(d.branch, 0)[:1]}))(t)
	records := map[string]string{}
	for _, row := range rows {
		records[fmt.Sprint(row[1].Int64())] = show(deployed, row)
	}
	return records
}

// isCommitted checks the records that a committed transaction has written.
func (d death) isCommitted(t *testing.T, eye rawStorage, deployed *storage.Table, id string, decision storage.Row) {
	t.Helper()
	for _, record := range d.variant.after(d.branch) {
		row := must(eye.get(t.Context(), deployed, deployed.Key(append(record[:len(record):len(record)], make(storage.Row, len(deployed.Columns))...))))(t)
		at := func(name string) storage.Value { return row[deployed.Column(name)] }
		switch {
		case row == nil:
			t.Errorf("%s: no record for %s", d.branch, show(d.table, record))
			continue
		case record[1].Int64() == int64(onlyRead):
			continue
		case at("tx_id") != storage.TextValue(id) || at("tx_state") != storage.IntValue(3):
			t.Errorf("%s: committed by %s, the record is %s", d.branch, id, show(deployed, row))
		case decision != nil && at("tx_committed_at") != decision[d.db.coordinator().Column("tx_created_at")]:
			t.Errorf("%s: decided at %v, the record is %s", d.branch, decision, show(deployed, row))
		}
		for i, c := range deployed.Columns {
			if strings.HasPrefix(c.Name, "before_") && !row[i].IsNull() {
				t.Errorf("%s: a committed record has a before image: %s", d.branch, show(deployed, row))
			}
		}
	}
}

// isAborted checks the rows by which a survivor has aborted a transaction.
func (d death) isAborted(t *testing.T, eye rawStorage, id string) {
	t.Helper()
	ids := []string{id}
	if parent, _, grouped := strings.Cut(id, "$"); grouped && !d.variant.companion {
		ids = append(ids, parent) // that of the delayed one has been written for its companion
	}
	for _, id := range ids {
		row := must(eye.get(t.Context(), d.db.coordinator(), []storage.Value{storage.TextValue(id)}))(t)
		if row == nil || row[d.db.coordinator().Column("tx_state")] != storage.IntValue(4) || !row[d.db.coordinator().Column("tx_write_set")].IsNull() {
			t.Errorf("%s: aborted, but the coordinator row of %s is %s", d.branch, id, show(d.db.coordinator(), row))
		}
	}
}

// decision returns the coordinator row that decides the transaction, nil if there
// is none.
func (db *database) decision(t *testing.T, eye rawStorage, id string) storage.Row {
	t.Helper()
	table := db.coordinator()
	if parent, child, grouped := strings.Cut(id, "$"); grouped {
		row := must(eye.get(t.Context(), table, []storage.Value{storage.TextValue(parent)}))(t)
		if row != nil {
			for each := range strings.SplitSeq(row[table.Column("tx_child_ids")].Text(), ",") {
				if each == child {
					return row
				}
			}
		}
	}
	return must(eye.get(t.Context(), table, []storage.Value{storage.TextValue(id)}))(t)
}

// victimVariable makes the test binary run a client that kills itself.
const victimVariable = "SCALARGEN_INTEROP_VICTIM"

// victim is what such a process is told.
type victim struct {
	Variant    string
	Properties storage.Properties
	Table      *storage.Table
	Branch     string
	Point      java.Point
}

// killProcess runs the client in a process that kills itself.
func (d death) killProcess(t *testing.T) (id string, err error) {
	t.Helper()
	told, err := json.Marshal(victim{d.variant.name, d.db.with(d.variant.properties), d.table, d.branch, d.point})
	ok(t, err)
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), victimVariable+"="+string(told))
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	err = command.Run()
	id, _, _ = strings.Cut(said.String(), "\n")
	var exit *exec.ExitError
	switch {
	case err == nil:
		return id, nil
	case errors.As(err, &exit) && exit.ExitCode() == -1: // by a signal
		return id, java.ErrDead
	default:
		return id, fmt.Errorf("%w: %s", err, said.String())
	}
}

// dieAsToldBy is that process. It prints the id of the transaction.
func dieAsToldBy(told string) (exitCode int) {
	err := func() error {
		var as victim
		if err := json.Unmarshal([]byte(told), &as); err != nil {
			return err
		}
		ctx := context.Background()
		for _, v := range variants {
			if v.name != as.Variant {
				continue
			}
			c, err := newGoClient(ctx, as.Properties, options{byRecord: v.byRecord, past: true})
			if err != nil {
				return err
			}
			tx, err := v.doomed(ctx, c, as.Table, as.Branch)
			if err != nil {
				return err
			}
			fmt.Println(tx.ID())
			if err := c.arm(ctx, as.Point); err != nil {
				return err
			}
			return tx.commit(ctx)
		}
		return fmt.Errorf("there is no variant %q", as.Variant)
	}()
	if err != nil && !errors.Is(err, scalar.ErrClosed) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
