package mysql

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/internal/testserver"
	"github.com/scalargen/scalargen/storage"
)

func TestURLsOfJava(t *testing.T) {
	t.Parallel()
	type settings struct {
		Addr, DBName, User, Passwd string
		Timeout                    time.Duration
		Params                     map[string]string
		TLS                        string
	}
	for _, c := range []struct {
		url  string
		want settings
	}{
		{"jdbc:mysql://db.example.com:3307/app", settings{Addr: "db.example.com:3307", DBName: "app"}},
		{"jdbc:mysql://localhost/", settings{Addr: "localhost:3306"}},
		{"jdbc:mysql:///", settings{Addr: "localhost:3306"}},
		{"jdbc:mysql://[::1]/a%20b", settings{Addr: "[::1]:3306", DBName: "a b"}},
		{"jdbc:mysql://[::1]:3307", settings{Addr: "[::1]:3307"}},
		{"jdbc:mysql://h/d?user=u%40x&password=p%26%3D%2Fw", settings{Addr: "h:3306", DBName: "d", User: "u@x", Passwd: "p&=/w"}},
		{"jdbc:mysql://h/?connectTimeout=1500&useUnicode=true&characterEncoding=utf8", settings{Addr: "h:3306", Timeout: 1500 * time.Millisecond}},
		{"jdbc:mysql://h/?sessionVariables=innodb_lock_wait_timeout=5,%20wait_timeout=60", settings{Addr: "h:3306", Params: map[string]string{"innodb_lock_wait_timeout": "5", "wait_timeout": "60"}}},
		{"jdbc:mysql://h/?sslMode=VERIFY_IDENTITY", settings{Addr: "h:3306", TLS: "host h"}},
		{"jdbc:mysql://h/?sslMode=verify-full", settings{Addr: "h:3306", TLS: "host h"}},
		{"jdbc:mysql://h/?useSsl=true", settings{Addr: "h:3306", TLS: "host h"}},
		{"jdbc:mysql://h/?sslMode=verify-ca", settings{Addr: "h:3306", TLS: "chain"}},
		{"jdbc:mysql://h/?sslMode=trust", settings{Addr: "h:3306", TLS: "any"}},
		{"jdbc:mysql://h/?useSSL=true&trustServerCertificate=true", settings{Addr: "h:3306", TLS: "any"}},
		{"jdbc:mysql://h/?sslMode=disable&useSsl=true", settings{Addr: "h:3306"}},
	} {
		got, err := parseURL(c.url, schemeMySQL)
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		if diff := cmp.Diff(c.want, settings{got.Addr, got.DBName, got.User, got.Passwd, got.Timeout, got.Params, describeTLS(got.TLS)}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.url, diff)
		}
	}
}

func describeTLS(c *tls.Config) string {
	switch {
	case c == nil:
		return ""
	case c.VerifyConnection != nil:
		return "chain"
	case c.InsecureSkipVerify:
		return "any"
	}
	return "host " + c.ServerName
}

func TestURLsThatAreRefused(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"jdbc:mariadb://h/?password=secret":                    "jdbc:mysql",
		"jdbc:mysql:h?password=secret":                         "jdbc:mysql://host:port/database",
		"jdbc:mysql://a,b/?password=secret":                    "several hosts",
		"jdbc:mysql://u:secret@h/":                             "several hosts, or more than a host",
		"jdbc:mysql://::1/?password=secret":                    "malformed",
		"jdbc:mysql://h/?password=secret&galera=1":             "unknown parameter galera",
		"jdbc:mysql://h/?password=secret&sslMode=secretmode":   "sslMode=secretmode",
		"jdbc:mysql://h/?password=secret&connectTimeout=secs":  "connectTimeout",
		"jdbc:mysql://h/?password=secret&sessionVariables=a":   "sessionVariables",
		"jdbc:mysql://h/?password=secret&password=x":           "parameter password 2 times",
		"jdbc:mysql://h/?sslMode=trust&serverSslCert=/none":    "serverSslCert",
		"jdbc:mysql://h/%zz?password=secret":                   "database",
		"jdbc:mysql://h/?password=secret%zz&sslMode=verify-ca": "malformed",
	} {
		_, err := parseURL(url, schemeMySQL)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", url, err, want)
		} else if strings.Contains(strings.ReplaceAll(err.Error(), "secretmode", ""), "secret") {
			t.Errorf("%s: the error gives the password away: %v", url, err)
		}
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	c, err := configOf(schemeMySQL, storage.Properties{
		"scalar.db.contact_points": "jdbc:mysql://h/", "scalar.db.username": "u", "scalar.db.password": "p", "scalar.db.scan_fetch_size": "17",
		"scalar.db.jdbc.connection_pool.max_total": "9", "scalar.db.jdbc.connection_pool.min_idle": "2", "scalar.db.jdbc.connection_pool.connection_timeout_millis": "100",
		"scalar.db.jdbc.admin.connection_pool.max_total": "3", "scalar.db.jdbc.isolation_level": "repeatable_read", "scalar.db.jdbc.table_metadata.schema": "meta",
		"scalar.db.jdbc.mysql.variable_key_column_size": "64",
	})
	if err != nil {
		t.Fatal(err)
	}
	type settings struct {
		User, Passwd, Isolation, Schema   string
		Page, Key, Total, Idle, Admin     int
		Wait, IdleTimeout, AdminIdleLimit time.Duration
	}
	got := settings{c.driver.User, c.driver.Passwd, c.isolation, c.metadataSchema, c.pageSize, c.keySize, c.pool.maxTotal, c.pool.minIdle, c.admin.maxTotal, c.pool.wait, c.pool.idleTimeout, c.admin.idleTimeout}
	want := settings{"u", "p", "REPEATABLE READ", "meta", 17, 64, 9, 2, 3, 100 * time.Millisecond, 10 * time.Minute, 10 * time.Minute}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Java's engine for MariaDB ignores the size of key columns.
	c, err = configOf(schemeMariaDB, storage.Properties{"scalar.db.contact_points": "jdbc:mariadb://h/", "scalar.db.jdbc.mysql.variable_key_column_size": "64"})
	if err != nil || c.keySize != 128 {
		t.Errorf("key size %d, %v", c.keySize, err)
	}
	for key, value := range map[string]string{
		"scalar.db.contact_points": "h:3306/secret", "scalar.db.jdbc.isolation_level": "SNAPSHOT", "scalar.db.jdbc.connection_pool.max_total": "0",
		"scalar.db.jdbc.mysql.variable_key_column_size": "63", "scalar.db.scan_fetch_size": "x", "scalar.db.jdbc.admin.connection_pool.min_idle": "-1",
	} {
		properties := storage.Properties{"scalar.db.contact_points": "jdbc:mysql://h/"}
		properties[key] = value
		if _, err := configOf(schemeMySQL, properties); err == nil || !strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s=%s: error %v", key, value, err)
		}
	}
}

// TestOpenFromProperties opens the server as applications do, over TLS as well.
func TestOpenFromProperties(t *testing.T) {
	onServers(t, func(t *testing.T, server *testserver.Server) {
		properties := storage.Properties{
			"scalar.db.storage": "jdbc", "scalar.db.contact_points": server.JDBC, "scalar.db.username": server.User, "scalar.db.password": server.Password,
			"scalar.db.jdbc.table_metadata.schema": server.Prefix + "meta",
		}
		points := map[string]string{"JDBC": server.JDBC, "DSN": server.DSN}
		if server.Authority != "" {
			authority := filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(authority, []byte(server.Authority), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(server.Authority); err == nil {
				authority = server.Authority
			}
			points["verify-full"] = server.JDBC + "?sslMode=verify-full&serverSslCert=" + authority
			points["verify-ca"] = strings.Replace(server.JDBC, "127.0.0.1", "localhost", 1) + "?sslMode=verify-ca&serverSslCert=" + authority
			points["trust"] = server.JDBC + "?sslMode=trust"
		}
		for name, point := range points {
			properties["scalar.db.contact_points"] = point
			if properties["scalar.db.storage"] = "jdbc"; name == "DSN" {
				properties["scalar.db.storage"] = "mariadb"
			}
			s, err := storage.Open(t.Context(), properties)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var cipher string
			err = s.(*Storage).sessions.do(t.Context(), true, func(ses *session) error {
				return ses.texts(t.Context(), "SHOW STATUS LIKE 'Ssl_cipher'", func(row []string) { cipher = row[1] })
			})
			if err != nil || (cipher != "") != (name != "JDBC" && name != "DSN") {
				t.Errorf("%s: cipher %q, %v", name, cipher, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if server.Authority != "" {
			properties["scalar.db.storage"], properties["scalar.db.contact_points"] = "jdbc", server.JDBC+"?sslMode=verify-full"
			if _, err := storage.Open(t.Context(), properties); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("a certificate that nobody vouches for: %v", err)
			}
		}
	})
}
