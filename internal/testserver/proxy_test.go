package testserver

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// session is a connection through a proxy.
type session interface {
	exec(ctx context.Context, statement string) error
	close()
}

type postgresSession struct{ *pgx.Conn }

func (s postgresSession) exec(ctx context.Context, statement string) error {
	_, err := s.Exec(ctx, statement, pgx.QueryExecModeExec)
	return err
}

func (s postgresSession) close() { s.Close(context.Background()) }

type mysqlSession struct {
	*sql.Conn
	db *sql.DB
}

func (s mysqlSession) exec(ctx context.Context, statement string) error {
	_, err := s.ExecContext(ctx, statement)
	return err
}

func (s mysqlSession) close() {
	s.Conn.Close()
	s.db.Close()
}

func connect(t *testing.T, server *Server) session {
	t.Helper()
	s, err := tryConnect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func tryConnect(ctx context.Context, server *Server) (session, error) {
	if server.Kind == "postgres" {
		connection, err := pgx.Connect(ctx, server.URL)
		return postgresSession{connection}, err
	}
	db, err := sql.Open("mysql", server.DSN)
	if err != nil {
		return nil, err
	}
	connection, err := db.Conn(ctx)
	if err != nil {
		db.Close()
		return nil, err
	}
	return mysqlSession{connection, db}, nil
}

// briefly is how long a client waits that will never hear anything.
const briefly = 300 * time.Millisecond

// A fault strikes the second of three statements: the first was carried out, the
// second as the fault promises, and the third on another connection.
func TestFaultStrikesAsItPromises(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		run(t, server, "CREATE TABLE t (x varchar(40))")
		for _, reset := range []bool{false, true} {
			for fault := Pass; fault <= EndRequests; fault++ {
				name := fmt.Sprintf("%v/reset=%t", fault, reset)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					proxy := NewProxy(t, server)
					proxy.SetReset(reset)
					struck := connect(t, proxy.Server)
					insert := func(ctx context.Context, s session, row string) error {
						return s.exec(ctx, fmt.Sprintf("INSERT INTO t VALUES ('%s %s')", name, row))
					}
					if err := insert(t.Context(), struck, "1"); err != nil {
						t.Fatal(err)
					}
					proxy.Nth(1, fault)
					ctx, cancel := t.Context(), context.CancelFunc(func() {})
					if fault == HoleBefore || fault == HoleAfter {
						ctx, cancel = context.WithTimeout(ctx, briefly)
					}
					err := insert(ctx, struck, "2")
					cancel()
					if silent := fault == Pass || fault == EndRequests; silent != (err == nil) {
						t.Errorf("the client of the struck request: %v", err)
					}
					wantFaults := 1
					if fault == Pass {
						wantFaults = 0
					}
					if got := proxy.Faults(); got != wantFaults {
						t.Errorf("%d faults, want %d", got, wantFaults)
					}
					if err := insert(t.Context(), connect(t, proxy.Server), "3"); err != nil {
						t.Errorf("another connection: %v", err)
					}
					want := "13"
					if fault.Applied() {
						want = "123"
					}
					var got strings.Builder
					for _, row := range []string{"1", "2", "3"} {
						if ask(t, server, fmt.Sprintf("SELECT concat(count(*), '') FROM t WHERE x = '%s %s'", name, row)) == "1" {
							got.WriteString(row)
						}
					}
					if got.String() != want {
						t.Errorf("rows %s, want %s", got.String(), want)
					}
				})
			}
		}
	})
}

// A pipeline is cut between its requests.
func TestFaultStrikesOneRequestOfAPipeline(t *testing.T) {
	t.Parallel()
	server := Postgres(t)
	run(t, server, "CREATE TABLE t (x text)")
	for fault, want := range map[Fault]string{CutBefore: "1", CutWithin: "1", CutAfter: "12", HoleAfter: "12", Pass: "123"} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			proxy := NewProxy(t, server)
			connection, err := pgconn.Connect(t.Context(), proxy.Server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close(context.Background())
			proxy.Nth(2, fault)
			requests, trips := proxy.Requests(), proxy.RoundTrips()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if fault == HoleAfter {
				ctx, cancel = context.WithTimeout(t.Context(), briefly)
			}
			defer cancel()
			pipeline := connection.StartPipeline(ctx)
			for i := range 3 {
				pipeline.SendQueryParams("INSERT INTO t VALUES ($1)", [][]byte{fmt.Appendf(nil, "%v %d", fault, i+1)}, nil, nil, nil)
				pipeline.SendPipelineSync()
			}
			if err := pipeline.Flush(); err != nil {
				t.Fatal(err)
			}
			var acknowledged string
			for {
				result, err := pipeline.GetResults()
				if err != nil || result == nil {
					break
				}
				switch result := result.(type) {
				case *pgconn.ResultReader:
					if _, err := result.Close(); err != nil {
						t.Error(err)
					}
				case *pgconn.PipelineSync:
					acknowledged += string(rune('1' + len(acknowledged)))
				}
			}
			if wantAcknowledged := "1"; fault != Pass && acknowledged != wantAcknowledged || fault == Pass && acknowledged != "123" {
				t.Errorf("acknowledged %q", acknowledged)
			}
			if fault == Pass {
				if got := proxy.Requests() - requests; got != 3 {
					t.Errorf("%d requests, want 3", got)
				}
				if got := proxy.RoundTrips() - trips; got != 1 {
					t.Errorf("%d round trips, want 1", got)
				}
			}
			got := ask(t, server, fmt.Sprintf("SELECT coalesce(string_agg(right(x, 1), '' ORDER BY x), '') FROM t WHERE x LIKE '%v %%'", fault))
			if got != want {
				t.Errorf("rows %q, want %q", got, want)
			}
		})
	}
}

func TestScriptSeesRequests(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		proxy := NewProxy(t, server)
		run(t, server, "CREATE TABLE t (x varchar(10))")
		first, second := connect(t, proxy.Server), connect(t, proxy.Server)
		if got := proxy.Connections(); got != 2 {
			t.Errorf("%d connections, want 2", got)
		}
		before := proxy.Requests()
		var seen []Request
		proxy.Script(func(r Request) Fault {
			if r.Contains("marked") {
				seen = append(seen, r)
			}
			return Pass
		})
		for _, s := range []session{first, second} {
			if err := s.exec(t.Context(), "INSERT INTO t VALUES ('marked')"); err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != 2 || seen[0].Connection == seen[1].Connection || seen[0].Number != before+1 || seen[1].Number != before+2 {
			t.Errorf("after %d requests the script saw %+v", before, seen)
		}
		proxy.Matching("marked", CutBefore)
		if err := first.exec(t.Context(), "INSERT INTO t VALUES ('other')"); err != nil {
			t.Error(err)
		}
		if err := first.exec(t.Context(), "INSERT INTO t VALUES ('marked')"); err == nil {
			t.Error("the marked request passed")
		}
		if err := second.exec(t.Context(), "INSERT INTO t VALUES ('marked')"); err != nil {
			t.Error("struck twice:", err)
		}
	})
}

func TestRoundTripsAreCounted(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		proxy := NewProxy(t, server)
		s := connect(t, proxy.Server)
		requests, trips := proxy.Requests(), proxy.RoundTrips()
		for range 5 {
			if err := s.exec(t.Context(), "SELECT 1"); err != nil {
				t.Fatal(err)
			}
		}
		if gotRequests, gotTrips := proxy.Requests()-requests, proxy.RoundTrips()-trips; gotRequests != 5 || gotTrips != 5 {
			t.Errorf("%d requests in %d round trips, want 5 in 5", gotRequests, gotTrips)
		}
	})
}

func TestFreezeLosesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		proxy := NewProxy(t, server)
		s := connect(t, proxy.Server)
		proxy.Freeze()
		proxy.Freeze()
		results := make(chan error)
		go func() { results <- s.exec(t.Context(), "SELECT 1") }()
		go func() {
			other, err := tryConnect(t.Context(), proxy.Server)
			if err == nil {
				other.close()
			}
			results <- err
		}()
		select {
		case err := <-results:
			t.Errorf("an answer through a frozen proxy, error %v", err)
		case <-time.After(briefly):
		}
		proxy.Thaw()
		proxy.Thaw()
		for range 2 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestCutAllAndRefuse(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		proxy := NewProxy(t, server)
		s := connect(t, proxy.Server)
		proxy.Refuse(true)
		if _, err := tryConnect(t.Context(), proxy.Server); err == nil {
			t.Error("connected to a proxy that refuses")
		}
		if err := s.exec(t.Context(), "SELECT 1"); err != nil {
			t.Errorf("an open connection: %v", err)
		}
		proxy.CutAll()
		if err := s.exec(t.Context(), "SELECT 1"); err == nil {
			t.Error("an answer through a connection that was cut")
		}
		proxy.Refuse(false)
		if err := connect(t, proxy.Server).exec(t.Context(), "SELECT 1"); err != nil {
			t.Error(err)
		}
	})
}

func TestDelayKeepsTheOrder(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		proxy := NewProxy(t, server)
		proxy.SetDelay(time.Millisecond, time.Millisecond)
		s := connect(t, proxy.Server)
		for _, statement := range []string{"CREATE TABLE t (x int)", "INSERT INTO t VALUES (1)", "DROP TABLE t"} {
			if err := s.exec(t.Context(), statement); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestEncryptedConnectionPasses(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		needTLS(t, server)
		proxy := NewProxy(t, server)
		if server.Kind == "postgres" {
			proxy.Server.URL = strings.Replace(proxy.Server.URL, "sslmode=disable", "sslmode=require", 1)
		} else {
			proxy.Server.DSN = trusting(t, proxy.Server)
		}
		s := connect(t, proxy.Server)
		if err := s.exec(t.Context(), "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		if got := proxy.Requests(); got != 0 {
			t.Errorf("%d requests recognised", got)
		}
		proxy.CutAll()
		if err := s.exec(t.Context(), "SELECT 1"); err == nil {
			t.Error("an answer through a connection that was cut")
		}
	})
}

// A big request and a big reply cross in pieces.
func TestBigMessagesPass(t *testing.T) {
	onEach(t, func(t *testing.T, server *Server) {
		proxy := NewProxy(t, server)
		run(t, server, "CREATE TABLE t (x "+map[string]string{"postgres": "text", "mariadb": "longtext"}[server.Kind]+")")
		text := strings.Repeat("0123456789", 1<<18)
		if err := connect(t, proxy.Server).exec(t.Context(), "INSERT INTO t VALUES ('"+text+"')"); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, proxy.Server, "SELECT x FROM t"); got != text {
			t.Errorf("%d bytes came back of %d", len(got), len(text))
		}
	})
}
