package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// mode is what a simulated store promises.
type mode int

const (
	serial       mode = iota // a transaction takes effect at one moment while it runs
	snapshots                // reads as of the begin, first committer wins
	perRecord                // each read at its own time, then frozen; first committer wins: ScalarDB's SNAPSHOT
	unrepeatable             // each read at its own time; first committer wins
	unchecked                // each read at its own time; writes overwrite
	dirty                    // writes are visible at once, and stay when the transaction fails
	stale                    // like serial, but read-only transactions read an old state
	forgetful                // like serial, but a commit is sometimes lost
)

// workload is what the clients of a simulation do.
type workload struct {
	mode                       mode
	clients, transactions, ops int
	keys                       int  // per partition, in two partitions
	lists                      bool // append, otherwise register writes
	deletes, scans, conditions bool
	unknown                    float64 // share of transactions without an answer
}

// simulation runs a workload step by step, interleaved at random.
type simulation struct {
	workload
	rng      *rand.Rand
	versions map[string][]stored // of a key, the newest last
	now      int64
	value    int64
	started  int
	events   []Event
}

type stored struct {
	at     int64
	result Result
}

type client struct {
	process int
	tx      string
	begin   int64
	plan    []Op
	done    []Op
	own     map[string]Result
	frozen  map[string]Result
	base    map[string]int // versions there were when the key was first looked at
}

func simulate(seed uint64, w workload) []Event {
	s := &simulation{workload: w, rng: rand.New(rand.NewPCG(seed, 1)), versions: map[string][]stored{}}
	clients := make([]*client, w.clients)
	processes := w.clients
	for i := range clients {
		clients[i] = &client{process: i}
	}
	for running := true; running; {
		running = false
		order := s.rng.Perm(len(clients))
		for _, i := range order {
			c := clients[i]
			if c.tx == "" && s.started == w.transactions {
				continue
			}
			running = true
			if s.rng.IntN(2) == 0 {
				continue
			}
			if s.step(c) == Unknown {
				c.process = processes
				processes++
			}
		}
	}
	return s.events
}

func (s *simulation) emit(c *client, t Type, ops []Op) {
	s.now++
	s.events = append(s.events, Event{Index: int64(len(s.events)), Type: t, Process: c.process, Time: s.now, Tx: c.tx, Value: ops})
}

// step lets a client begin a transaction, make a call, or commit.
func (s *simulation) step(c *client) (outcome Type) {
	switch {
	case c.tx == "":
		s.started++
		*c = client{
			process: c.process, tx: fmt.Sprintf("t%d", s.started), plan: s.plan(),
			own: map[string]Result{}, frozen: map[string]Result{}, base: map[string]int{},
		}
		s.emit(c, Invoke, c.plan)
		c.begin = s.now
		if s.mode == stale {
			c.begin -= s.rng.Int64N(20)
		}
	case len(c.done) == len(c.plan):
		outcome = s.commit(c)
		ops := c.done
		if outcome != Committed {
			ops = slices.DeleteFunc(slices.Clone(ops), func(o Op) bool { return !o.Kind.IsWrite() })
		}
		s.emit(c, outcome, ops)
		c.tx = ""
	case s.atOnce():
		s.now++
		for len(c.done) < len(c.plan) {
			s.call(c)
		}
		s.apply(c)
	default:
		s.now++
		s.call(c)
	}
	return outcome
}

func (s *simulation) atOnce() bool { return s.mode == serial || s.mode == stale || s.mode == forgetful }

func (s *simulation) key() string {
	return fmt.Sprintf("t/%c/%02d", 'p'+rune(s.rng.IntN(2)), s.rng.IntN(s.keys))
}

func (s *simulation) plan() (plan []Op) {
	for range 1 + s.rng.IntN(s.ops) {
		key := s.key()
		switch pick := s.rng.IntN(10); {
		case pick < 4:
			plan = append(plan, Get(key, None))
		case pick < 5 && s.deletes:
			plan = append(plan, Delete(key))
		case pick < 7 && s.scans:
			r := s.scanRange()
			for _, earlier := range plan {
				if earlier.Kind == RangeScan && s.rng.IntN(2) == 0 {
					r = earlier.Range
				}
			}
			plan = append(plan, Scan(r, nil))
		default:
			s.value++
			if s.lists {
				plan = append(plan, Append(key, s.value))
				continue
			}
			if s.rng.IntN(4) > 0 {
				plan = append(plan, Get(key, None))
			}
			plan = append(plan, Write(key, s.value))
		}
	}
	return plan
}

func (s *simulation) scanRange() Range {
	r := Range{Prefix: "t/p/", Order: Order(s.rng.IntN(3))}
	switch s.rng.IntN(4) {
	case 0:
		r.Prefix, r.Order = "t/", AnyOrder
	case 1:
		r.From = "01"
	case 2:
		r.Limit = 1 + s.rng.IntN(2)
	}
	if s.conditions && s.rng.IntN(2) == 0 {
		r.Where = Congruence{2, s.rng.Int64N(2)}
	}
	return r
}

func (s *simulation) call(c *client) {
	o := c.plan[len(c.done)]
	switch o.Kind {
	case PointRead:
		o.Result = s.look(c, o.Key)
	case RangeScan:
		o.Rows = s.scan(c, o.Range)
	case ListAppend:
		was := s.look(c, o.Key)
		s.write(c, o.Key, Numbers(append(slices.Clone(was.List), o.N)...))
	case RegisterWrite:
		s.look(c, o.Key)
		s.write(c, o.Key, Number(o.N))
	default:
		s.look(c, o.Key)
		s.write(c, o.Key, None)
	}
	c.done = append(c.done, o)
}

func (s *simulation) write(c *client, key string, r Result) {
	c.own[key] = r
	if s.mode == dirty {
		s.versions[key] = append(s.versions[key], stored{s.now, r})
	}
}

// look reads a record as the mode has it.
func (s *simulation) look(c *client, key string) Result {
	versions := s.versions[key]
	writes := slices.ContainsFunc(c.plan, func(o Op) bool { return o.Kind.IsWrite() })
	if s.mode == snapshots || s.mode == stale && !writes {
		for len(versions) > 0 && versions[len(versions)-1].at > c.begin {
			versions = versions[:len(versions)-1]
		}
	}
	if _, ok := c.base[key]; !ok {
		c.base[key] = len(versions)
	}
	if own, ok := c.own[key]; ok && s.mode != dirty {
		return own
	}
	if frozen, ok := c.frozen[key]; ok && s.mode == perRecord {
		return frozen
	}
	r := None
	if len(versions) > 0 {
		r = versions[len(versions)-1].result
	}
	c.frozen[key] = r
	return r
}

func (s *simulation) scan(c *client, r Range) []Row {
	rows := []Row{}
	for _, partition := range "pq" {
		for k := range s.keys {
			key := fmt.Sprintf("t/%c/%02d", partition, k)
			if !r.contains(key) {
				continue
			}
			res := s.look(c, key)
			held := result{kind: res.Kind, n: res.N, list: res.List}
			if res.Kind != Absent && r.Where.holds(held.value()) {
				rows = append(rows, Row{key, res})
			}
		}
	}
	switch r.Order {
	case Descending:
		slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(b.Key, a.Key) })
	case AnyOrder:
		s.rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	if r.Limit > 0 {
		rows = rows[:min(r.Limit, len(rows))]
	}
	return rows
}

func (s *simulation) apply(c *client) {
	for key, r := range c.own {
		s.versions[key] = append(s.versions[key], stored{s.now, r})
	}
}

func (s *simulation) commit(c *client) Type {
	s.now++
	unknown := s.rng.Float64() < s.unknown
	switch {
	case s.atOnce():
	case s.mode == dirty:
		if s.rng.IntN(6) == 0 {
			return Failed
		}
	case s.mode != unchecked && s.conflict(c):
		return Failed
	case unknown && s.rng.IntN(2) == 0:
		return Unknown // and without effect
	default:
		s.apply(c)
	}
	if s.mode == forgetful && s.rng.IntN(10) == 0 {
		for key, r := range c.own { // undone if nobody has written since
			if v := s.versions[key]; r.Kind == v[len(v)-1].result.Kind && r.N == v[len(v)-1].result.N && slices.Equal(r.List, v[len(v)-1].result.List) {
				s.versions[key] = v[:len(v)-1]
			}
		}
	}
	if unknown {
		return Unknown
	}
	return Committed
}

func (s *simulation) conflict(c *client) bool {
	for key := range c.own {
		if len(s.versions[key]) != c.base[key] {
			return true
		}
	}
	return false
}
