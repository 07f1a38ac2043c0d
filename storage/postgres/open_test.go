package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

// with returns the URL of the server with another part.
func with(t testing.TB, server *testserver.Server, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	readOnly := testserver.Postgres(t)
	run(t, openAt(t, readOnly, WithMaxConnections(1)), `ALTER DATABASE `+readOnly.Database+` SET default_transaction_read_only=on`)
	const secret = "tOpSeCrEt"
	for want, connString := range map[string]string{
		"check scalar.db.username and scalar.db.password": with(t, server, func(u *url.URL) { u.User = url.UserPassword(server.User, secret) }),
		"there is no such database":                       with(t, server, func(u *url.URL) { u.Path = "/missing"; u.User = url.UserPassword(server.User, server.Password) }),
		"the session is read-only":                        readOnly.URL,
		"127.0.0.1:1,":                                    with(t, server, func(u *url.URL) { u.Host = "127.0.0.1:1"; u.User = url.UserPassword("x", secret) }),
		"the connection string is malformed":              "postgres://user:" + secret + "@host:" + secret + "/db",
		"is malformed, or a value":                        "postgres://user:" + secret + "@host/db?sslmode=" + secret,
		"no such file or directory":                       "postgres://user:" + secret + "@host/db?sslmode=verify-full&sslrootcert=/missing/root.crt",
	} {
		if server.Password == "" && strings.HasPrefix(want, "check ") {
			t.Log("SKIPPED PASSWORD: the server that the environment gives asks for none")
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		_, err := Open(ctx, connString)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if err != nil && (strings.Contains(fmt.Sprintf("%+v", err), secret) || server.Password != "" && strings.Contains(err.Error(), server.Password)) {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	for want, c := range map[string]struct {
		number, name         string
		recovering, readOnly bool
	}{
		"of version 12.19 (Debian): at least 13": {"120019", "12.19 (Debian)", false, false},
		"read-only replica":                      {"150004", "15.4", true, true},
		"the session is read-only":               {"150004", "15.4", false, true},
		`says that its version is "x"`:           {"x", "x", false, false},
	} {
		if err := checkServer(c.number, c.name, c.recovering, c.readOnly); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := checkServer("130000", "13.0", false, false); err != nil {
		t.Error(err)
	}
}

func TestMissingRightsAreTold(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	s := openAt(t, server, WithMaxConnections(1))
	table := simpleTable("ns", "t")
	create(t, s, table)
	role := server.Database + "_guest"
	run(t, s, `CREATE ROLE `+role+` LOGIN PASSWORD 'guest'`, `GRANT USAGE ON SCHEMA ns,scalardb TO `+role, `GRANT SELECT ON ns.t,scalardb.metadata TO `+role)
	t.Cleanup(func() {
		for _, text := range []string{"DROP OWNED BY ", "DROP ROLE "} {
			if err := s.execute(context.Background(), text+role); err != nil {
				t.Error(err)
			}
		}
	})
	guest, err := Open(t.Context(), server.URL, WithUser(role), WithPassword("guest"), WithMaxConnections(1))
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	for name, err := range map[string]error{
		"put":              guest.Mutate(t.Context(), []storage.Mutation{put(table, 1, 1)}),
		"group":            guest.Mutate(t.Context(), []storage.Mutation{put(table, 1, 1), put(table, 2, 1)}),
		"batch":            errors.Join(guest.MutateBatch(t.Context(), [][]storage.Mutation{{insert(table, 1, 1)}, {insert(table, 2, 1)}})...),
		"create table":     guest.CreateTable(t.Context(), simpleTable("ns", "u"), nil),
		"create namespace": guest.CreateNamespace(t.Context(), "other", nil),
		"drop table":       guest.DropTable(t.Context(), table.TableName),
	} {
		if err == nil || !storage.NotApplied(err) || !strings.Contains(err.Error(), "the user lacks a right") || !strings.Contains(err.Error(), server.Addr) || !strings.Contains(err.Error(), role) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := guest.Table(t.Context(), table.TableName); err != nil {
		t.Error(err)
	}
}

// A server that turns read-only under us, as a primary that was demoted.
func TestReadOnlyServerIsTold(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	s := openAt(t, server, WithMaxConnections(1))
	table := simpleTable("ns", "t")
	create(t, s, table)
	run(t, s, `SET default_transaction_read_only=on`)
	for name, group := range map[string][]storage.Mutation{"put": {put(table, 1, 1)}, "group": {put(table, 1, 1), put(table, 2, 2)}} {
		if err := s.Mutate(t.Context(), group); err == nil || !storage.NotApplied(err) || !strings.Contains(err.Error(), "connect to the primary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenByProperties(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	for name, properties := range map[string]storage.Properties{
		"jdbc": {"scalar.db.storage": "jdbc", "scalar.db.contact_points": server.JDBC, "scalar.db.username": server.User, "scalar.db.password": server.Password},
		"url":  {"scalar.db.storage": "postgres", "scalar.db.contact_points": server.URL},
		"user and password in the JDBC URL": {"scalar.db.storage": "jdbc",
			"scalar.db.contact_points": server.JDBC + "&user=" + url.QueryEscape(server.User) + "&password=" + url.QueryEscape(server.Password)},
		"keywords": {"scalar.db.storage": "postgres", "scalar.db.contact_points": fmt.Sprintf("host=%s port=%s dbname=%s sslmode=disable",
			strings.Split(server.Addr, ":")[0], strings.Split(server.Addr, ":")[1], server.Database), "scalar.db.username": server.User, "scalar.db.password": server.Password},
		"verified server": {"scalar.db.storage": "jdbc", "scalar.db.contact_points": strings.Replace(server.JDBC, "sslmode=disable", "ssl=true&sslrootcert="+url.QueryEscape(server.Authority), 1),
			"scalar.db.username": server.User, "scalar.db.password": server.Password},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "verified server" && server.Authority == "" {
				t.Skip("SKIPPED TLS: the server that the environment gives has no certificate")
			}
			s, err := storage.Open(t.Context(), properties)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.Admin().Namespaces(t.Context()); err != nil {
				t.Error(err)
			}
			if name == "verified server" {
				if got := results(t, s.(*Storage), "SELECT ssl FROM pg_stat_ssl WHERE pid=pg_backend_pid()")[0]; got != "t" {
					t.Error("the connection is not encrypted")
				}
			}
		})
	}
	for want, change := range map[string]storage.Properties{
		"property scalar.db.contact_points is missing":                                       {"scalar.db.contact_points": ""},
		"unknown parameter sslfactory in the JDBC URL":                                       {"scalar.db.contact_points": server.JDBC + "&sslfactory=x"},
		"property scalar.db.jdbc.connection_pool.max_total must be at least 1":               {"scalar.db.jdbc.connection_pool.max_total": "0"},
		"property scalar.db.jdbc.connection_pool.idle_timeout_millis must be a whole number": {"scalar.db.jdbc.connection_pool.idle_timeout_millis": "soon"},
		"the isolation level \"CHAOS\": READ_UNCOMMITTED":                                    {"scalar.db.jdbc.isolation_level": "CHAOS"},
		"metadata schema \"pg_x\"":                                                           {"scalar.db.jdbc.table_metadata.schema": "pg_x"},
		"the connection timeout 0s is not positive":                                          {"scalar.db.jdbc.connection_pool.connection_timeout_millis": "0"},
	} {
		properties := storage.Properties{"scalar.db.storage": "postgres", "scalar.db.contact_points": server.URL}
		for k, v := range change {
			properties[k] = v
		}
		if _, err := storage.Open(t.Context(), properties); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestPropertiesReachTheConfiguration(t *testing.T) {
	t.Parallel()
	server := testserver.Postgres(t)
	opened, err := storage.Open(t.Context(), storage.Properties{
		"scalar.db.storage": "postgres", "scalar.db.contact_points": server.URL,
		"scalar.db.jdbc.isolation_level":                           "repeatable_read",
		"scalar.db.jdbc.connection_pool.max_total":                 "3",
		"scalar.db.jdbc.connection_pool.min_idle":                  "1",
		"scalar.db.jdbc.connection_pool.connection_timeout_millis": "1000",
		"scalar.db.jdbc.connection_pool.idle_timeout_millis":       "0",
		"scalar.db.jdbc.connection_pool.max_lifetime_millis":       "60000",
		"scalar.db.jdbc.table_metadata.schema":                     "meta",
		"scalar.db.scan_fetch_size":                                "7",
		"scalar.db.jdbc.admin.connection_pool.max_total":           "9",
		"scalar.db.jdbc.table_metadata.connection_pool.min_idle":   "9",
		"scalar.db.jdbc.connection_pool.keepalive_time_millis":     "9",
	})
	if err != nil {
		t.Fatal(err)
	}
	s := opened.(*Storage)
	defer s.Close()
	want := config{maxConnections: 3, minConnections: 1, connectionTimeout: time.Second, maxLifetime: time.Minute, isolation: "repeatable read", metadataSchema: "meta", pageSize: 7}
	if diff := cmp.Diff(want, s.config, cmp.AllowUnexported(config{})); diff != "" {
		t.Error(diff)
	}
	if got := results(t, s, "SHOW transaction_isolation")[0]; got != "repeatable read" {
		t.Error(got)
	}
	create(t, s, simpleTable("ns", "t"))
	if got := results(t, s, "SELECT count(*) FROM meta.metadata")[0]; got != "2" {
		t.Error(got)
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"jdbc:postgresql://host:1234/db":                           "dbname='db' host='host' port='1234' sslmode='prefer' ",
		"jdbc:postgresql://host/":                                  "host='host' port='5432' sslmode='prefer' ",
		"jdbc:postgresql:///db":                                    "dbname='db' host='localhost' port='5432' sslmode='prefer' ",
		"jdbc:postgresql:db":                                       "dbname='db' host='localhost' port='5432' sslmode='prefer' ",
		"jdbc:postgresql:?user=u":                                  "dbname='u' host='localhost' port='5432' sslmode='prefer' user='u' ",
		"jdbc:postgresql://a:1,[::1]:2,b/d%20b":                    "dbname='d b' host='a,::1,b' port='1,2,5432' sslmode='prefer' ",
		"jdbc:postgresql://h/db?ssl=true":                          "dbname='db' host='h' port='5432' sslmode='verify-full' ",
		"jdbc:postgresql://h/db?sslmode=require&ssl":               "dbname='db' host='h' port='5432' sslmode='require' ",
		"jdbc:postgresql://h/db?password=a'b%26\\&user=x%20y":      `dbname='db' host='h' password='a\'b&\\' port='5432' sslmode='prefer' user='x y' `,
		"jdbc:postgresql://h/db?currentSchema=a,b&socketTimeout=5": "dbname='db' host='h' port='5432' search_path='a,b' sslmode='prefer' ",
		"jdbc:postgresql://h/db?targetServerType=primary":          "dbname='db' host='h' port='5432' sslmode='prefer' target_session_attrs='primary' ",
	} {
		got, err := parseURL(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"jdbc:mysql://h/secret":                             "jdbc:postgresql:",
		"jdbc:postgresql://u:secret@h/db":                   "an @ before the host",
		"jdbc:postgresql://h/db?socketFactory=secret":       "unknown parameter socketFactory",
		"jdbc:postgresql://h/db?readOnly=true":              "must be able to write",
		"jdbc:postgresql://h/db?targetServerType=secondary": "needs the primary",
		"jdbc:postgresql://h/db?gssEncMode=require":         "use sslmode",
		"jdbc:postgresql://h/db?ssl=secret":                 "must be true or false",
		"jdbc:postgresql://h/db?loadBalanceHosts=true":      "only the primary",
		"jdbc:postgresql://h/db?user=secret&user=secret":    "user 2 times",
		"jdbc:postgresql://h/%zzsecret":                     "not properly encoded",
	} {
		if _, err := parseURL(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"//host:1/db?user=a&ssl=true", "db", "//[::1]:5,b/x%20?password=%27", "//,/?", "///?PGDBNAME=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		connString, err := parseURL("jdbc:postgresql:" + text)
		if err == nil && strings.Count(connString, "='") < 3 {
			t.Errorf("%q has become %q", text, connString)
		}
	})
}

func TestOrderOfTextsIsKnownForSomeCollations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		encoding, provider, collate, locale string
		want                                bool
	}{
		{"UTF8", "c", "C", "", true},
		{"UTF8", "c", "POSIX", "", true},
		{"UTF8", "c", "C.UTF-8", "", false},
		{"UTF8", "c", "en_US.UTF-8", "", false},
		{"UTF8", "i", "C", "en-US", false},
		{"UTF8", "b", "C", "C.UTF-8", true},
		{"UTF8", "b", "C", "PG_UNICODE_FAST", false},
		{"LATIN1", "c", "C", "", false},
	} {
		if got := comparesBytes(c.encoding, c.provider, c.collate, c.locale); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
	if info := openAt(t, testserver.Postgres(t), WithMaxConnections(1)).Info("ns"); info.Compare == nil {
		t.Error("no comparator in a database with the collation C")
	}
	if info := openAt(t, testserver.Postgres(t, testserver.Collation("C.UTF-8")), WithMaxConnections(1)).Info("ns"); info.Compare != nil {
		t.Error("a comparator in a database with the collation C.UTF-8")
	}
}
