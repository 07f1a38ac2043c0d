package scalar

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/runtime/internal/commit"
	"github.com/scalargen/scalargen/storage"
	_ "github.com/scalargen/scalargen/storage/memory"
)

func TestParseConfig(t *testing.T) {
	t.Parallel()
	const cc = "scalar.db.consensus_commit."
	for name, c := range map[string]struct {
		properties storage.Properties
		want       Config
	}{
		"defaults":         {storage.Properties{}, Config{}},
		"empty is absent":  {storage.Properties{cc + "isolation_level": " ", cc + "parallel_commit.enabled": ""}, Config{}},
		"foreign keys":     {storage.Properties{"log.level": "x", "scalar.ledger.name": "y"}, Config{}},
		"isolation":        {storage.Properties{cc + "isolation_level": "serializable"}, Config{Isolation: Serializable}},
		"read committed":   {storage.Properties{cc + "isolation_level": "READ_COMMITTED"}, Config{Isolation: ReadCommitted}},
		"coordinator":      {storage.Properties{cc + "coordinator.namespace": "c2"}, Config{CoordinatorNamespace: "c2"}},
		"no cache":         {storage.Properties{"scalar.db.metadata.cache_expiration_time_secs": "0"}, Config{MetadataTTL: 1}},
		"cache":            {storage.Properties{"scalar.db.metadata.cache_expiration_time_secs": "90"}, Config{MetadataTTL: 90 * time.Second}},
		"cache for ever":   {storage.Properties{"scalar.db.metadata.cache_expiration_time_secs": "-1"}, Config{MetadataTTL: -1}},
		"cache very long":  {storage.Properties{"scalar.db.metadata.cache_expiration_time_secs": "9999999999999"}, Config{MetadataTTL: -1}},
		"serial prepare":   {storage.Properties{cc + "parallel_preparation.enabled": "FALSE"}, Config{SerialPrepare: true}},
		"serial commit":    {storage.Properties{cc + "parallel_commit.enabled": "false"}, Config{SerialCommit: true, SerialValidate: true, SerialRollback: true}},
		"own values":       {storage.Properties{cc + "parallel_commit.enabled": "false", cc + "parallel_validation.enabled": "true", cc + "parallel_rollback.enabled": "true"}, Config{SerialCommit: true}},
		"serial others":    {storage.Properties{cc + "parallel_validation.enabled": "false", cc + "parallel_rollback.enabled": "false"}, Config{SerialValidate: true, SerialRollback: true}},
		"always decide":    {storage.Properties{cc + "coordinator.write_omission_on_read_only.enabled": "false"}, Config{AlwaysDecide: true}},
		"eventual indexes": {storage.Properties{cc + "index.eventually_consistent_read.enabled": "true"}, Config{EventuallyConsistentIndexes: true}},
		"no effect": {storage.Properties{
			cc + "parallel_executor_count": "4", cc + "participant_id": "a", cc + "coordinator.group_commit.slot_capacity": "5", cc + "parallel_implicit_pre_read.enabled": "false",
			"scalar.db.jdbc.admin.connection_pool.max_total": "7", "scalar.db.cross_partition_scan.filtering.enabled": "true",
		}, Config{}},
		"asynchronous commit":   {storage.Properties{cc + "async_commit.enabled": "true"}, Config{AsyncCommit: true, AsyncRollback: true}},
		"asynchronous rollback": {storage.Properties{cc + "async_rollback.enabled": "true"}, Config{AsyncRollback: true}},
		"rollback at once":      {storage.Properties{cc + "async_commit.enabled": "true", cc + "async_rollback.enabled": "false"}, Config{AsyncCommit: true}},
		"asynchronous and serial": {storage.Properties{cc + "async_commit.enabled": "true", cc + "parallel_commit.enabled": "false"}, Config{
			AsyncCommit: true, AsyncRollback: true, SerialCommit: true, SerialValidate: true, SerialRollback: true,
			Warnings: []string{
				cc + "async_commit.enabled: asynchronous commit has no effect without parallel commit",
				cc + "async_rollback.enabled: asynchronous rollback has no effect without parallel rollback",
			},
		}},
		"asynchronous and serial rollback": {storage.Properties{cc + "async_rollback.enabled": "true", cc + "parallel_rollback.enabled": "false"}, Config{
			AsyncRollback: true, SerialRollback: true,
			Warnings: []string{cc + "async_rollback.enabled: asynchronous rollback has no effect without parallel rollback"},
		}},
		"one phase":    {storage.Properties{cc + "one_phase_commit.enabled": "TRUE"}, Config{OnePhaseCommit: true}},
		"write sets":   {storage.Properties{cc + "coordinator.write_set_logging.enabled": "true"}, Config{LogWriteSets: true}},
		"group commit": {storage.Properties{cc + "coordinator.group_commit.enabled": "true"}, Config{GroupCommit: &GroupCommitLimits{}}},
		"limits of group commit": {storage.Properties{
			cc + "coordinator.group_commit.enabled": "true", cc + "coordinator.group_commit.slot_capacity": "5",
			cc + "coordinator.group_commit.group_size_fix_timeout_millis": "7", cc + "coordinator.group_commit.old_group_abort_timeout_millis": "9000",
		}, Config{GroupCommit: &GroupCommitLimits{Capacity: 5, MaxWindow: 7 * time.Millisecond, AbortAfter: 9 * time.Second}}},
		"without transactions":   {storage.Properties{"scalar.db.transaction_manager": "Single-CRUD-Operation"}, Config{WithoutTransactions: true}},
		"no full scans":          {storage.Properties{"scalar.db.cross_partition_scan.enabled": "false"}, Config{RefuseFullScans: true}},
		"unlisted transactions":  {storage.Properties{"scalar.db.active_transaction_management.enabled": "false"}, Config{Unlisted: true}},
		"five transactions":      {storage.Properties{"scalar.db.active_transaction_management.max_active_transactions": "5"}, Config{MaxActive: 5}},
		"unlimited transactions": {storage.Properties{"scalar.db.active_transaction_management.max_active_transactions": "0"}, Config{MaxActive: -1}},
		"negative limit":         {storage.Properties{"scalar.db.active_transaction_management.max_active_transactions": "-1"}, Config{MaxActive: -1}},
		"idle transactions":      {storage.Properties{"scalar.db.active_transaction_management.expiration_time_millis": "60000"}, Config{IdleExpiry: time.Minute}},
		"wait":                   {storage.Properties{"scalargen.uncommitted_wait_millis": "1500"}, Config{UncommittedWait: 1500 * time.Millisecond}},
		"no wait":                {storage.Properties{"scalargen.uncommitted_wait_millis": "0"}, Config{UncommittedWait: -1}},
		"endless wait":           {storage.Properties{"scalargen.uncommitted_wait_millis": "9223372036854775807"}, Config{UncommittedWait: 9223372036854 * time.Millisecond}},
		"unknown key of our own": {storage.Properties{"scalargen.frobnicate": "x"}, Config{
			Warnings: []string{"scalargen.frobnicate: the key is unknown and has no effect"},
		}},
		"key for one storage": {storage.Properties{"scalar.db.multi_storage.storages.pg.jdbc.isolation_level": "SERIALIZABLE"}, Config{}},
		"deprecated isolation": {storage.Properties{"scalar.db.isolation_level": "SERIALIZABLE"}, Config{
			Isolation: Serializable,
			Warnings:  []string{"scalar.db.isolation_level: the key is deprecated: write " + cc + "isolation_level"},
		}},
		"deprecated beside the new": {storage.Properties{"scalar.db.isolation_level": "SERIALIZABLE", cc + "isolation_level": "SNAPSHOT"}, Config{
			Warnings: []string{"scalar.db.isolation_level: the key is deprecated and has no effect beside " + cc + "isolation_level"},
		}},
		"strategy": {storage.Properties{cc + "isolation_level": "SERIALIZABLE", cc + "serializable_strategy": "EXTRA_WRITE"}, Config{
			Isolation: Serializable,
			Warnings:  []string{cc + "serializable_strategy: the key has no effect: there is one way to SERIALIZABLE, the one called EXTRA_READ"},
		}},
		"unknown key": {storage.Properties{"scalar.db.frobnicate.all_the_things.enabled": "x"}, Config{
			Warnings: []string{"scalar.db.frobnicate.all_the_things.enabled: the key is unknown and has no effect"},
		}},
		"unknown, similar key": {storage.Properties{"scalar.db.consensus_commit.parallel_prefetch.enabled": "x"}, Config{
			Warnings: []string{"scalar.db.consensus_commit.parallel_prefetch.enabled: the key is unknown and has no effect; the most similar one is " + cc + "parallel_preparation.enabled"},
		}},
		"secret in an unknown key": {storage.Properties{"scalar.db.password;hunter2": ""}, Config{
			Warnings: []string{"scalar.db.password…: the key is unknown and has no effect; the most similar one is scalar.db.password"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseConfig(c.properties)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Properties = c.properties
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseConfigRefuses(t *testing.T) {
	t.Parallel()
	for property, want := range map[string]string{
		"scalar.db.consensus_commit.isolation_level=SNAPSHOTS":                             "must be SNAPSHOT, SERIALIZABLE or READ_COMMITTED",
		"scalar.db.isolation_level=SNAPSHOTS":                                              "must be SNAPSHOT, SERIALIZABLE or READ_COMMITTED",
		"scalar.db.consensus_commit.parallel_commit.enabled=yes":                           "must be true or false",
		"scalar.db.metadata.cache_expiration_time_secs=1m":                                 "must be a whole number",
		"scalar.db.scan_fetch_size=many":                                                   "must be a whole number",
		"scalar.db.contact_port=-1":                                                        "must not be negative",
		"scalar.db.transaction_manager=grpc":                                               "another transaction manager than consensus-commit, jdbc and single-crud-operation is not supported by this version: remove the line, or set it to consensus-commit",
		"scalar.db.consensus_commit.async_commit.enabled=1":                                "must be true or false",
		"scalar.db.consensus_commit.include_metadata.enabled=true":                         "showing the columns of the transactions is not supported by this version: remove the line, or set it to false",
		"scalar.db.consensus_commit.coordinator.group_commit.slot_capacity=many":           "must be a whole number",
		"scalargen.uncommitted_wait_millis=1s":                                             "must be a whole number",
		"scalargen.uncommited_wait_millis=1":                                               "did you mean scalargen.uncommitted_wait_millis?",
		"scalar.db.contact_point=x":                                                        "did you mean scalar.db.contact_points?",
		"scalar.db.Storage=x":                                                              "did you mean scalar.db.storage?",
		"scaler.db.storage=x":                                                              "did you mean scalar.db.storage?",
		"scalar.db.consensus-commit.isolation-level=x":                                     "did you mean scalar.db.consensus_commit.isolation_level?",
		"scalar.db.consensus_commit.coordinator.group_commit=true":                         "did you mean scalar.db.consensus_commit.coordinator.group_commit.enabled?",
		"scalar.db.multi_storage.storages.pg.user_name=x":                                  "did you mean scalar.db.multi_storage.storages.pg.username?",
		"scalar.db.multi_storage.storages.pg.consensus_commit.one_phase_commit.enabled=NO": "must be true or false",
	} {
		t.Run(property, func(t *testing.T) {
			t.Parallel()
			key, value, _ := strings.Cut(property, "=")
			_, err := ParseConfig(storage.Properties{key: value})
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), key+": ") {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// Every key at its default is the same as no key at all.
func TestDefaultsAreAccepted(t *testing.T) {
	t.Parallel()
	properties := storage.Properties{}
	for _, k := range configKeys {
		properties[k.name] = k.def
	}
	got, err := ParseConfig(properties)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{Properties: properties, CoordinatorNamespace: "coordinator", MetadataTTL: time.Minute, UncommittedWait: defaultWait}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNoKeyPassesForAMisspellingOfAnother(t *testing.T) {
	t.Parallel()
	for _, k := range configKeys {
		if nearest, _ := nearestKey(k.name); nearest != k.name {
			t.Errorf("nearest to %s is %s", k.name, nearest)
		}
	}
}

func TestConfigDoesNotChangeWithThePropertiesItWasReadFrom(t *testing.T) {
	t.Parallel()
	properties := storage.Properties{"scalar.db.storage": "memory"}
	c, err := ParseConfig(properties)
	properties["scalar.db.storage"] = "other"
	if err != nil || c.Properties["scalar.db.storage"] != "memory" {
		t.Errorf("%v, %v", c.Properties, err)
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scalar.properties")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadConfigTellsFileAndLine(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "# mine\nscalar.db.storage = memory\nscalar.db.contact_port = -1\nscalar.db.pasword = hunter2\nscalar.db.consensus_commit.include_metadata.enabled = true\n")
	_, err := LoadConfig(path)
	want := path + ":3: scalar.db.contact_port: must not be negative\n" +
		path + ":4: scalar.db.pasword: there is no such key: did you mean scalar.db.password?\n" +
		path + ":5: scalar.db.consensus_commit.include_metadata.enabled: showing the columns of the transactions is not supported by this version: remove the line, or set it to false"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	if _, again := OpenFile(t.Context(), path); again == nil || again.Error() != want {
		t.Errorf("OpenFile: %v", again)
	}
}

func TestOpenFileConfiguresTheDB(t *testing.T) {
	t.Parallel()
	path := writeFile(t, `
scalar.db.storage = memory
scalar.db.metadata.cache_expiration_time_secs = 7
scalar.db.something_else_entirely = x
scalar.db.consensus_commit.isolation_level = SERIALIZABLE
scalar.db.consensus_commit.coordinator.namespace = decisions
scalar.db.consensus_commit.parallel_commit.enabled = false
`)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	db, err := OpenFile(t.Context(), path, Logger(logger))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	if db.isolation != Serializable {
		t.Errorf("isolation %v", db.isolation)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), path+":4: scalar.db.something_else_entirely") {
		t.Errorf("log %q", log.String())
	}
}

func TestConfigReachesTheEngine(t *testing.T) {
	t.Parallel()
	c := Config{
		Isolation: ReadCommitted, CoordinatorNamespace: "c", MetadataTTL: 3,
		SerialPrepare: true, SerialValidate: true, SerialCommit: true, SerialRollback: true,
		AlwaysDecide: true, EventuallyConsistentIndexes: true,
		AsyncCommit: true, AsyncRollback: true, OnePhaseCommit: true, LogWriteSets: true,
		GroupCommit:         &GroupCommitLimits{Capacity: 3, MaxWindow: 4, AbortAfter: 5},
		WithoutTransactions: true, RefuseFullScans: true, Unlisted: true, MaxActive: 6, IdleExpiry: 7, UncommittedWait: 8,
	}
	var got options
	WithConfig(c)(&got)
	want := options{
		isolation: ReadCommitted, manager: singleOperation, unlisted: true, maxActive: 6, idleExpiry: 7,
		engine: commit.Options{
			CoordinatorNamespace: "c", MetadataTTL: 3,
			SerialPrepare: true, SerialValidate: true, SerialCommit: true, SerialRollback: true,
			AlwaysDecide: true, EventuallyConsistentIndexes: true,
			AsyncCommit: true, AsyncRollback: true, OnePhase: true, WriteSets: true,
			GroupCommit: &commit.GroupCommit{Capacity: 3, MaxWindow: 4, AbortAfter: 5},
			Wait:        8,
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(options{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The zero Config says the same as no option at all, whatever was said before it.
func TestTheZeroConfigIsTheDefault(t *testing.T) {
	t.Parallel()
	same := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".random" || p.Last().String() == ".log" }, cmp.Ignore())
	got := defaultOptions()
	for _, set := range []Option{
		AsyncCommit(true), AsyncRollback(true), OnePhaseCommit(true), LogWriteSets(true), GroupCommit(GroupCommitLimits{}), RefuseFullScans(),
		MaxActive(1), IdleExpiry(1), UncommittedWait(1), WithoutTransactions(), WithConfig(Config{}),
	} {
		set(&got)
	}
	if diff := cmp.Diff(defaultOptions(), got, cmp.AllowUnexported(options{}), same); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	WithConfig(Config{MaxActive: -1, UncommittedWait: -1})(&got)
	if got.maxActive != 0 || got.engine.Wait != 0 {
		t.Errorf("no limit is %d, no wait is %v", got.maxActive, got.engine.Wait)
	}
}

func TestOptionsWinOverProperties(t *testing.T) {
	t.Parallel()
	properties := storage.Properties{"scalar.db.storage": "memory", "scalar.db.consensus_commit.isolation_level": "SERIALIZABLE"}
	db, err := Open(t.Context(), properties, DefaultIsolation(ReadCommitted))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	if db.isolation != ReadCommitted {
		t.Errorf("isolation %v", db.isolation)
	}
}

func TestOpenTellsWhichStorageIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ storage, want string }{
		"unknown": {"oracle9", `unknown storage "oracle9"`},
		"not set": {"", "scalar.db.storage is not set, and its default is cassandra"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), storage.Properties{"scalar.db.storage": c.storage})
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// The page for people and the table for the program list the same keys, with
// the same defaults.
func TestDocumentationListsEveryKey(t *testing.T) {
	t.Parallel()
	const page = "../docs/configuration.md"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(scalar(?:gen|\\.db)\\.[^`<]+)` \\| (?:`([^`]*)`)?([^|]*?) ?\\| ([^|]*) \\|")
	rows := map[string][]string{}
	for _, m := range row.FindAllStringSubmatch(string(data), -1) {
		rows[m[1]] = m
	}
	for _, k := range configKeys {
		m, listed := rows[k.name]
		if !listed {
			t.Errorf("%s has no row for %s", page, k.name)
			continue
		}
		delete(rows, k.name)
		if m[2] != k.def {
			t.Errorf("%s: default %q of %s, want %q", page, m[2], k.name, k.def)
		}
		if status := strings.TrimSpace(m[4]); (status == "default only") != (k.feature != "" && k.others == nil) {
			t.Errorf("%s: status %q of %s", page, status, k.name)
		}
	}
	for name := range rows {
		t.Errorf("%s lists %s, which the program does not know", page, name)
	}
}

func TestLoadConfigReportsSyntaxAndMeaningAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "scalar.properties")
	text := `scalar.db.storge=jdbc
scalar.db.username=${env:SCALARTEST_NOT_SET}
scalar.db.storage=jdbc
scalar.db.storage=cassandra
scalar.db.consensus_commit.isolation_level=SERIAL
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadConfig(path)
	var problems *ConfigError
	if !errors.As(err, &problems) {
		t.Fatalf("error %v", err)
	}
	var lines []int
	for _, p := range problems.Problems {
		lines = append(lines, p.Line)
	}
	if diff := cmp.Diff([]int{1, 2, 4, 5}, lines); diff != "" {
		t.Errorf("lines with problems (-want +got):\n%s\n%v", diff, err)
	}
}
