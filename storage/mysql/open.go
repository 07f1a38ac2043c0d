package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	my "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// Open connects to a server of MySQL 5.7 or later, MariaDB 10 or later, or TiDB.
// dsn is a data source name of github.com/go-sql-driver/mysql:
//
//	user:password@tcp(host:3306)/?tls=true&innodb_lock_wait_timeout=5
//
// Its parameters that this package does not pin, and system variables of the
// server, are passed on. The database in it is only where the session begins;
// namespaces are databases.
//
// Open fails if the server cannot be reached or served. It warns if new
// databases get a collation that takes different texts for equal.
func Open(ctx context.Context, dsn string, options ...Option) (*Storage, error) {
	settings, err := my.ParseDSN(dsn)
	if err != nil {
		// The driver's message may quote a part of what it was given.
		return nil, errors.New("open MySQL database: the data source name is malformed: write user:password@tcp(host:port)/?name=value")
	}
	c := defaultConfig()
	c.driver = settings
	for _, option := range options {
		option(&c)
	}
	return open(ctx, c)
}

func open(ctx context.Context, c config) (*Storage, error) {
	s, err := tryOpen(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open MySQL database on %s: %w", c.driver.Addr, err)
	}
	return s, nil
}

func tryOpen(ctx context.Context, c config) (*Storage, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Storage{config: c, server: &server{address: c.driver.Addr, isolation: c.isolation}, closed: make(chan struct{})}
	// Only the connections that carry records take several statements in one
	// text: those that this package writes and whose values the driver escapes.
	connect, err := s.connector(true)
	if err != nil {
		return nil, err
	}
	s.sessions = newPool(c.pool, s.closed, connect)
	if connect, err = s.connector(false); err != nil {
		return nil, err
	}
	s.administrators = newPool(c.admin, s.closed, connect)
	s.admin = newAdmin(s)
	if err := s.inspect(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// inspect looks whether the server can be served.
func (s *Storage) inspect(ctx context.Context) error {
	err := s.administrators.do(ctx, true, func(ses *session) (err error) {
		if err := s.server.inspect(ctx, ses); err != nil {
			return err
		}
		if s.orders, err = ses.defaultOrders(ctx); err != nil {
			return err
		}
		return sqlstore.CheckMetadata(s.admin, &adminSession{Storage: s, session: ses, ctx: ctx})
	})
	if err != nil {
		return s.server.failure("open", storage.TableName{}, err)
	}
	if s.server.product == productTiDB {
		// Its _bin collations pad or not, by how the cluster was set up.
		clear(s.orders)
		s.server.collation = ""
	} else if orderOf(s.server.collation) == orderUnknown {
		s.config.log.WarnContext(ctx, "the server's default collation takes different texts for equal, so that records with different keys are one: "+
			"set collation_server to utf8mb4_bin before namespaces are created", "server", s.server.address, "collation_server", s.server.collation)
	}
	return nil
}

// sessionTexts fix what a session must not inherit from the server: values are
// neither cut nor made up, a statement outside a transaction commits, writes
// lock the records that they name and no gaps between them, and new tables have
// transactions.
var sessionTexts = []string{
	"SET NAMES utf8mb4 COLLATE utf8mb4_bin",
	"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
	"SET autocommit=1,completion_type='NO_CHAIN',default_storage_engine=InnoDB,sql_auto_is_null=0,sql_safe_updates=0," +
		"sql_mode='STRICT_ALL_TABLES,STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
}

// connector returns what opens a session.
func (s *Storage) connector(multiStatements bool) (func(context.Context) (*session, error), error) {
	settings := s.config.driver.Clone()
	settings.ClientFoundRows = true // an UPDATE counts the records that it finds, changed or not
	settings.MultiStatements = multiStatements
	settings.InterpolateParams = true
	settings.ParseTime = false
	settings.RejectReadOnly = false // it hides a refusal as a lost connection
	settings.MaxAllowedPacket = 0   // ask the server
	settings.AllowAllFiles = false
	settings.Logger = &my.NopLogger{}
	connector, err := my.NewConnector(settings)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*session, error) {
		conn, err := connector.Connect(ctx)
		if err != nil {
			return nil, err
		}
		return s.greet(ctx, conn)
	}, nil
}

// greet makes a session of a new connection.
func (s *Storage) greet(ctx context.Context, conn driver.Conn) (*session, error) {
	ses := newSession(conn.(connection), s.server)
	texts := sessionTexts
	if s.server.product == productTiDB {
		texts = append(texts[:len(texts):len(texts)], "SET tidb_txn_mode='pessimistic'")
	}
	for _, text := range texts {
		if _, err := ses.command(ctx, text); err != nil {
			ses.close()
			return nil, err
		}
	}
	return ses, nil
}
