package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// A step is one statement of a group.
type step struct {
	*statement
	kind     sqlstore.Kind
	mutation *storage.Mutation // that the statement applies
	member   *storage.Mutation // of the group, to which it belongs
	params   int               // how many parameters it has
}

// A plannedGroup is a group whose steps are those of the session at from up to
// to.
type plannedGroup struct {
	group    []storage.Mutation
	from, to int
	rows     int64 // that the last step wrote or found
	settled  bool  // err, which may be nil, says what became of the group
	ran      bool  // the server has run it, or may have
	err      error
}

// plan adds the steps of a group in the order in which all clients lock.
func (s *session) plan(group []storage.Mutation) plannedGroup {
	from := len(s.steps)
	if len(group) == 1 {
		m := &group[0]
		kind := sqlstore.KindOf(m)
		s.steps = append(s.steps, step{s.mutation(kind, m, alone), kind, m, m, 0})
		return plannedGroup{group: group, from: from, to: len(s.steps)}
	}
	s.order = sqlstore.AppendLockOrder(s.order[:0], group)
	for _, i := range s.order {
		m := &group[i]
		if m.Op == storage.Check && m.Condition == storage.IfNotExists {
			s.planAbsence(m)
			continue
		}
		kind := sqlstore.KindOf(m)
		s.steps = append(s.steps, step{s.mutation(kind, m, inGroup), kind, m, m, 0})
	}
	return plannedGroup{group: group, from: from, to: len(s.steps)}
}

// planAbsence plans a check that there is no record. There is nothing to lock, so
// the record is inserted and deleted again: from then on and up to the commit,
// whoever inserts it waits, and nobody ever sees it.
func (s *session) planAbsence(check *storage.Mutation) {
	for _, m := range []*storage.Mutation{
		{Table: check.Table, Op: storage.Put, Key: check.Key, Condition: storage.IfNotExists},
		{Table: check.Table, Op: storage.Delete, Key: check.Key},
	} {
		kind := sqlstore.KindOf(m)
		s.steps = append(s.steps, step{s.mutation(kind, m, inGroup), kind, m, check, 0})
	}
}

// mutateGroups applies groups in one round trip, each in a transaction of its
// own, and returns the error of each.
func (s *session) mutateGroups(ctx context.Context, groups [][]storage.Mutation) []error {
	errs := make([]error, len(groups))
	todo := s.tryGroups(ctx, groups)
	var outdated []int
	for i := range todo {
		errs[i] = todo[i].err
		if todo[i].settled && todo[i].ran && isStale(todo[i].err) {
			outdated = append(outdated, i)
		}
	}
	if len(outdated) == 0 || s.pg.IsClosed() {
		return errs
	}
	// The statements were prepared before the schema changed. What the server
	// refuses it has rolled back.
	s.forget()
	again := make([][]storage.Mutation, len(outdated))
	for n, i := range outdated {
		again[n] = groups[i]
	}
	for n, g := range s.tryGroups(ctx, again) {
		errs[outdated[n]] = g.err
	}
	return errs
}

// tryGroups sends the groups and reads the answers. What lies between two
// synchronization points is one transaction: an error undoes it and skips the
// rest of it, and it is committed when all went well. So a commit is certain only
// when the synchronization point is answered.
func (s *session) tryGroups(ctx context.Context, groups [][]storage.Mutation) []plannedGroup {
	todo := make([]plannedGroup, len(groups))
	s.steps = s.steps[:0]
	for i, group := range groups {
		todo[i] = s.plan(group)
	}
	err := s.prepare(ctx)
	s.unbind()
	ready := 0
	for i := range todo {
		g := &todo[i]
		if err != nil {
			g.err = s.storage.failure(opMutate, g.group[0].Table.TableName, err)
		} else {
			g.err = s.bindGroup(g)
		}
		if g.settled = g.err != nil; !g.settled {
			ready++
		}
	}
	if ready == 0 {
		return todo
	}
	p := s.pg.StartPipeline(ctx)
	s.sendGroups(p, todo)
	err = p.Flush()
	for i := range todo {
		g := &todo[i]
		if g.settled {
			continue
		}
		g.ran = true
		if err == nil {
			err = s.receiveGroup(p, g)
		}
		if err != nil && !g.settled {
			g.err = s.storage.writeFailure(opMutate, g.group[0].Table.TableName, err)
		}
	}
	_ = closed(p) // all that it knows was told
	return todo
}

// bindGroup binds the parameters of all steps of a group, or none.
func (s *session) bindGroup(g *plannedGroup) error {
	begin := len(s.values)
	for i := g.from; i < g.to; i++ {
		st := &s.steps[i]
		err := st.err
		if err == nil {
			s.params = dialect.AppendMutationParams(s.params[:0], st.kind, st.mutation)
			st.params = len(s.params)
			err = s.bind(opMutate, st.statement, s.params)
		}
		if err != nil {
			s.values = s.values[:begin]
			return s.storage.failure(opMutate, st.member.Table.TableName, err)
		}
	}
	return nil
}

// sendGroups queues the steps of the groups that are not settled.
func (s *session) sendGroups(p *pgconn.Pipeline, todo []plannedGroup) {
	values := s.values
	for i := range todo {
		if todo[i].settled {
			continue
		}
		for _, st := range s.steps[todo[i].from:todo[i].to] {
			p.SendQueryStatement(st.description, values[:st.params], binaryFormat, binaryFormat)
			values = values[st.params:]
		}
		p.SendPipelineSync()
	}
}

// receiveGroup reads the answers to a group up to its synchronization point. It
// returns an error if the connection is gone, which is then that of all groups
// that are not settled.
func (s *session) receiveGroup(p *pgconn.Pipeline, g *plannedGroup) error {
	at := g.from
	for {
		result, err := p.GetResults()
		switch result := result.(type) {
		case *pgconn.ResultReader:
			var tag pgconn.CommandTag
			if tag, err = result.Close(); err == nil {
				g.rows = tag.RowsAffected()
				at++
				continue
			}
		case *pgconn.PipelineSync:
			if !g.settled {
				g.settled = true
				if m := &g.group[0]; len(g.group) == 1 && !satisfied(m, g.rows) {
					g.err = sqlstore.Unsatisfied(m)
				}
			}
			return nil
		}
		if err == nil {
			err = errors.New("the server gave no answer to a statement")
		}
		if !isRefused(err) {
			return err
		}
		g.settled = true
		g.err = s.refusal(g, min(at, g.to-1), err)
	}
}

// refusal returns the error of a group of which the server has refused the
// statement of a step, or the commit.
func (s *session) refusal(g *plannedGroup, at int, err error) error {
	member := s.steps[at].member
	refused := new(pgconn.PgError)
	if errors.As(err, &refused) && refused.Code == codeInvalidText && strings.Contains(refused.Message, conditionFailed) {
		return sqlstore.Unsatisfied(member)
	}
	return s.storage.writeFailure(opMutate, member.Table.TableName, err)
}
