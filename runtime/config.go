package scalar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/scalargen/scalargen/storage"
)

// Config is what a ScalarDB configuration says about transactions. The zero
// Config is the default. It comes from [LoadConfig] or [ParseConfig], or is
// written in Go for [WithConfig].
type Config struct {
	// Properties are the properties it was read from; the storage finds its own
	// among them.
	Properties storage.Properties

	Isolation            Isolation     // of transactions that do not choose one
	CoordinatorNamespace string        // of the coordinator table, "" for coordinator; all programs must agree
	MetadataTTL          time.Duration // how long table definitions are kept; 0 for a minute (the property's 0 becomes a nanosecond), negative: for ever

	// SerialPrepare, SerialValidate, SerialCommit and SerialRollback make the
	// requests of that phase follow each other instead of running in parallel.
	SerialPrepare, SerialValidate, SerialCommit, SerialRollback bool

	// AlwaysDecide writes a decision also for transactions that write nothing,
	// which then have a [DB.Status].
	AlwaysDecide bool

	// EventuallyConsistentIndexes makes index reads cheaper, which then may miss
	// records that are being written. Tables are created with fewer indexes;
	// all programs must agree.
	EventuallyConsistentIndexes bool

	AsyncCommit, AsyncRollback bool               // see [AsyncCommit]
	OnePhaseCommit             bool               // see [OnePhaseCommit]
	LogWriteSets               bool               // see [LogWriteSets]
	GroupCommit                *GroupCommitLimits // see [GroupCommit]; nil for none

	// At most one of them: see [WithoutTransactions] and [DatabaseTransactions].
	WithoutTransactions, DatabaseTransactions bool

	RefuseFullScans bool // see [RefuseFullScans]

	// Unlisted keeps no list of open transactions, so that [DB.Resume] finds
	// none. MaxActive and IdleExpiry limit the list: 0 is the default of
	// [MaxActive], a negative number no limit, and 0 no expiry.
	Unlisted   bool
	MaxActive  int
	IdleExpiry time.Duration

	// UncommittedWait is that of [UncommittedWait]; 0 is its default, a negative
	// time no wait.
	UncommittedWait time.Duration

	// Without are the optimizations that are off, see [Without].
	Without []Optimization

	// Warnings are what is allowed and probably not meant, such as keys that
	// nobody knows. [Open] logs them.
	Warnings []string
}

// WithConfig sets all that c says. Options that follow it win.
func WithConfig(c Config) Option {
	return func(o *options) {
		o.isolation = c.Isolation
		e := &o.engine
		e.CoordinatorNamespace, e.MetadataTTL = c.CoordinatorNamespace, c.MetadataTTL
		e.SerialPrepare, e.SerialValidate = c.SerialPrepare, c.SerialValidate
		e.SerialCommit, e.SerialRollback = c.SerialCommit, c.SerialRollback
		e.AlwaysDecide, e.EventuallyConsistentIndexes = c.AlwaysDecide, c.EventuallyConsistentIndexes
		e.AsyncCommit, e.AsyncRollback, e.OnePhase, e.WriteSets = c.AsyncCommit, c.AsyncRollback, c.OnePhaseCommit, c.LogWriteSets
		e.GroupCommit = nil
		if c.GroupCommit != nil {
			GroupCommit(*c.GroupCommit)(o)
		}
		o.manager, o.fullScans, o.unlisted = c.manager(), !c.RefuseFullScans, c.Unlisted
		o.maxActive, o.idleExpiry = max(0, cmp.Or(c.MaxActive, defaultMaxActive)), c.IdleExpiry
		e.Wait = max(0, cmp.Or(c.UncommittedWait, defaultWait))
		Without(c.Without...)(o)
	}
}

// manager returns whose transactions are used.
func (c *Config) manager() manager {
	switch {
	case c.WithoutTransactions:
		return singleOperation
	case c.DatabaseTransactions:
		return databaseOwn
	default:
		return consensusCommit
	}
}

// TransactionManager returns the name of the transaction manager as the property
// spells it: consensus-commit, jdbc or single-crud-operation. Only with the first
// have tables columns for transactions, and is there a coordinator table.
func (c *Config) TransactionManager() string { return c.manager().String() }

// Open opens the storage that the properties name and returns a DB on it. The
// storage's package must be imported. docs/configuration.md lists the keys.
//
// Options win over properties. Warnings go to the [Logger]. What is wrong with
// the properties is a [*ConfigError]; see [ParseConfig].
func Open(ctx context.Context, properties storage.Properties, opts ...Option) (*DB, error) {
	c, err := ParseConfig(properties)
	if err != nil {
		return nil, err
	}
	return c.open(ctx, opts)
}

// OpenFile is [Open] with the properties of a file; see [ParseProperties] for
// what may stand in it. Its errors say on which line.
func OpenFile(ctx context.Context, path string, opts ...Option) (*DB, error) {
	c, err := LoadConfig(path)
	if err != nil {
		return nil, err
	}
	return c.open(ctx, opts)
}

func (c *Config) open(ctx context.Context, opts []Option) (*DB, error) {
	s, err := c.OpenStorage(ctx)
	if err != nil {
		return nil, err
	}
	db := New(s, append([]Option{WithConfig(*c)}, opts...)...)
	if db.refusal != nil {
		return nil, errors.Join(db.refused(), s.Close())
	}
	for _, warning := range c.Warnings {
		db.log.Warn(warning)
	}
	return db, nil
}

// OpenStorage opens the storage alone, for administration.
func (c *Config) OpenStorage(ctx context.Context) (storage.Storage, error) {
	s, err := storage.Open(ctx, c.Properties)
	if err != nil {
		message := "cannot open the storage"
		if c.Properties.String(dbPrefix+"storage", "") == "" {
			message += " (scalar.db.storage is not set, and its default is cassandra)"
		}
		kind := ErrStorage
		if errors.Is(err, storage.ErrInvalid) || errors.Is(err, storage.ErrUnknownStorage) {
			kind = ErrInvalid
		}
		return nil, &Error{Kind: kind, Message: message, Err: err}
	}
	return s, nil
}

// LoadConfig is [ParseConfig] with the properties of a file; see
// [ParseProperties] for what may stand in it. Its errors say on which line.
func LoadConfig(path string) (Config, error) {
	data, err := readConfigFile(path)
	if err != nil {
		return Config{}, err
	}
	properties, lines, problems := parseProperties(path, data)
	return parseConfig(properties, path, lines, problems)
}

// ParseConfig reads the scalar.db.* properties that concern transactions.
//
// The errors are a [*ConfigError] with every problem: a malformed value, a value
// that asks for what this version does not have, a key that must be a misspelling
// of a known one. Other unknown keys that begin with scalar.db. or scalargen.
// are warnings, and keys that do not are left alone. Keys of storages are checked by them when
// they are opened.
func ParseConfig(properties storage.Properties) (Config, error) {
	return parseConfig(properties, "", nil, ConfigError{})
}

// parseConfig adds to the problems that were found already.
func parseConfig(properties storage.Properties, file string, lines map[string]int, problems ConfigError) (Config, error) {
	p := configParser{
		config:     Config{Properties: maps.Clone(properties)},
		properties: properties, file: file, lines: lines, problems: problems,
	}
	for _, key := range properties.Keys() {
		p.checkKey(key)
	}
	p.readIsolation()
	p.readSwitches()
	p.config.CoordinatorNamespace = properties.String(ccPrefix+"coordinator.namespace", "")
	p.config.MetadataTTL = p.metadataTTL()
	if p.config.DatabaseTransactions {
		p.refuseConsensusCommit()
	}
	if n, _ := properties.Int(dbPrefix+"contact_port", 0); n < 0 {
		p.refuse(dbPrefix+"contact_port", "must not be negative")
	}
	if err := p.problems.err(); err != nil {
		return Config{}, err
	}
	return p.config, nil
}

// configParser holds the state of one ParseConfig.
type configParser struct {
	config     Config
	properties storage.Properties
	file       string
	lines      map[string]int
	problems   ConfigError
}

func (p *configParser) refuse(key, message string) {
	p.problems.add(p.problem(key, message))
}

func (p *configParser) warn(key, message string) {
	p.config.Warnings = append(p.config.Warnings, p.problem(key, message).String())
}

func (p *configParser) problem(key, message string) ConfigProblem {
	return ConfigProblem{File: p.file, Line: p.lines[key], Key: publicKey(key), Message: message}
}

// publicKey returns as much of a key as may be shown: in password;secret, the
// mistake is what separates key and value.
func publicKey(key string) string {
	end := strings.IndexFunc(key, func(r rune) bool {
		return !strings.ContainsRune("._-", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	const password = dbPrefix + "password"
	switch {
	case strings.HasPrefix(key, password):
		return password + strings.Repeat("…", min(1, len(key)-len(password)))
	case end >= 0:
		return key[:end] + "…"
	default:
		return key
	}
}

func (p *configParser) checkKey(key string) {
	scope, name := scopeOf(key)
	if known, ok := findKey(name); ok {
		if problem := known.problemWith(p.properties.String(key, "")); problem != "" {
			p.refuse(key, problem)
		}
		return
	}
	nearest, misspelt := nearestKey(name)
	if nearest != "" && scope != "" {
		nearest = scope + strings.TrimPrefix(nearest, dbPrefix)
	}
	switch {
	case misspelt:
		p.refuse(key, "there is no such key: did you mean "+nearest+"?")
	case !strings.HasPrefix(key, dbPrefix) && !strings.HasPrefix(key, ownPrefix):
	case nearest == "":
		p.warn(key, "the key is unknown and has no effect")
	default:
		p.warn(key, "the key is unknown and has no effect; the most similar one is "+nearest)
	}
}

func (p *configParser) readIsolation() {
	key := ccPrefix + "isolation_level"
	name := p.properties.String(key, "")
	if old := p.properties.String(oldIsolationKey, ""); old != "" {
		if name == "" {
			p.warn(oldIsolationKey, "the key is deprecated: write "+key)
			key, name = oldIsolationKey, old
		} else {
			p.warn(oldIsolationKey, "the key is deprecated and has no effect beside "+key)
		}
	}
	level, known := isolationNamed(name)
	switch {
	case known:
		p.config.Isolation = level
	case name != "":
		p.refuse(key, fmt.Sprintf("must be %s, %s or %s", Snapshot, Serializable, ReadCommitted))
	}
	const strategy = ccPrefix + "serializable_strategy"
	if p.config.Isolation == Serializable && p.properties.String(strategy, "") != "" {
		p.warn(strategy, "the key has no effect: there is one way to SERIALIZABLE, the one called EXTRA_READ")
	}
}

func (p *configParser) readSwitches() {
	// A value that is neither true nor false was reported by checkKey.
	enabled := func(key string, def bool) bool {
		on, _ := p.properties.Bool(ccPrefix+key+".enabled", def)
		return on
	}
	commit := enabled("parallel_commit", true)
	c := &p.config
	c.SerialPrepare = !enabled("parallel_preparation", true)
	c.SerialCommit = !commit
	c.SerialValidate = !enabled("parallel_validation", commit)
	c.SerialRollback = !enabled("parallel_rollback", commit)
	c.AlwaysDecide = !enabled("coordinator.write_omission_on_read_only", true)
	c.EventuallyConsistentIndexes = enabled("index.eventually_consistent_read", false)
	c.AsyncCommit = enabled("async_commit", false)
	c.AsyncRollback = enabled("async_rollback", c.AsyncCommit)
	c.OnePhaseCommit = enabled("one_phase_commit", false)
	c.LogWriteSets = enabled("coordinator.write_set_logging", false)
	if enabled("coordinator.group_commit", false) {
		const group = ccPrefix + "coordinator.group_commit."
		c.GroupCommit = &GroupCommitLimits{
			Capacity:   p.number(group+"slot_capacity", 0),
			MaxWindow:  p.millis(group + "group_size_fix_timeout_millis"),
			AbortAfter: p.millis(group + "old_group_abort_timeout_millis"),
		}
	}
	if c.SerialCommit && c.AsyncCommit {
		p.warn(ccPrefix+"async_commit.enabled", "asynchronous commit has no effect without parallel commit")
	}
	if c.SerialRollback && c.AsyncRollback {
		p.warn(ccPrefix+"async_rollback.enabled", "asynchronous rollback has no effect without parallel rollback")
	}
	db := func(key string, def bool) bool {
		on, _ := p.properties.Bool(dbPrefix+key+".enabled", def)
		return on
	}
	c.RefuseFullScans = !db("cross_partition_scan", true)
	c.Unlisted = !db("active_transaction_management", true)
	if most := p.number(dbPrefix+"active_transaction_management.max_active_transactions", defaultMaxActive); most <= 0 {
		c.MaxActive = -1
	} else if most != defaultMaxActive {
		c.MaxActive = most
	}
	c.IdleExpiry = max(0, p.millis(dbPrefix+"active_transaction_management.expiration_time_millis"))
	manager := p.properties.String(dbPrefix+"transaction_manager", "")
	c.WithoutTransactions = strings.EqualFold(manager, singleOperation.String())
	c.DatabaseTransactions = strings.EqualFold(manager, databaseOwn.String())
	if wait := p.properties.String(waitKey, ""); wait != "" {
		if c.UncommittedWait = p.millis(waitKey); c.UncommittedWait == 0 {
			c.UncommittedWait = -1
		}
	}
	for _, name := range p.properties.List(withoutKey) {
		o, problem := parseOptimization(name)
		if problem != "" {
			p.refuse(withoutKey, problem)
			continue
		}
		c.Without = append(c.Without, o)
	}
}

// refuseConsensusCommit refuses, with the transactions of the database, what only
// ScalarDB's own have. Java ignores it, and with it the isolation level that was
// asked for.
func (p *configParser) refuseConsensusCommit() {
	for _, key := range p.properties.Keys() {
		value := p.properties.String(key, "")
		if !strings.HasPrefix(key, ccPrefix) && key != waitKey && key != withoutKey && key != oldIsolationKey || value == "" {
			continue
		}
		known, _ := findKey(key)
		if key == oldIsolationKey {
			known.def = Snapshot.String()
		}
		if !strings.EqualFold(value, known.def) {
			message := "has no meaning with the transaction manager jdbc: remove the line"
			if strings.HasSuffix(key, "isolation_level") {
				message += ", and set " + dbPrefix + "jdbc.isolation_level"
			}
			p.refuse(key, message)
		}
	}
}

// number returns a whole number; what is none was reported by checkKey.
func (p *configParser) number(key string, def int) int {
	n, err := p.properties.Int(key, def)
	if err != nil {
		return def
	}
	return n
}

func (p *configParser) millis(key string) time.Duration {
	const most = math.MaxInt64 / int(time.Millisecond)
	return time.Duration(max(-most, min(most, p.number(key, 0)))) * time.Millisecond
}

// metadataTTL maps 0, no caching, to the shortest time, because 0 is the
// default of Config.
func (p *configParser) metadataTTL() time.Duration {
	text := p.properties.String(dbPrefix+"metadata.cache_expiration_time_secs", "")
	if text == "" {
		return 0
	}
	const most = math.MaxInt64 / int64(time.Second)
	seconds, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil: // reported by checkKey
		return 0
	case seconds < 0 || seconds > most:
		return -1
	case seconds == 0:
		return 1
	default:
		return time.Duration(seconds) * time.Second
	}
}
