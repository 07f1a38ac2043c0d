package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	my "github.com/go-sql-driver/mysql"

	"github.com/scalargen/scalargen/storage"
)

func init() {
	for _, name := range []string{schemeMySQL, schemeMariaDB} {
		storage.Register(name, func(ctx context.Context, properties storage.Properties) (storage.Storage, error) {
			return openProperties(ctx, name, properties)
		})
	}
}

// The names of the storage, and the subprotocols of JDBC URLs. Either serves
// both products; with Java's mariadb the size of key columns is fixed.
const (
	schemeMySQL   = "mysql"
	schemeMariaDB = "mariadb"
)

// The properties that concern this adapter (storage spec, section 3.14).
const (
	pointsKey    = "scalar.db.contact_points"
	userKey      = "scalar.db.username"
	passwordKey  = "scalar.db.password"
	pageSizeKey  = "scalar.db.scan_fetch_size"
	jdbcKey      = "scalar.db.jdbc."
	isolationKey = jdbcKey + "isolation_level"
	schemaKey    = jdbcKey + "table_metadata.schema"
	keySizeKey   = jdbcKey + "mysql.variable_key_column_size"
	poolKey      = jdbcKey + "connection_pool."
	adminPoolKey = jdbcKey + "admin.connection_pool."
)

func openProperties(ctx context.Context, scheme string, properties storage.Properties) (*Storage, error) {
	c, err := configOf(scheme, properties)
	if err != nil {
		return nil, err
	}
	return open(ctx, c)
}

// configOf reads the properties.
func configOf(scheme string, properties storage.Properties) (config, error) {
	c := defaultConfig()
	points := properties.List(pointsKey)
	if len(points) == 0 || points[0] == "" {
		return c, fmt.Errorf("property %s is missing: it must be a JDBC URL such as jdbc:%s://host:3306/, or a data source name such as user:password@tcp(host:3306)/", pointsKey, scheme)
	}
	var err error
	if strings.HasPrefix(points[0], "jdbc:") {
		c.driver, err = parseURL(points[0], scheme)
	} else if c.driver, err = my.ParseDSN(points[0]); err != nil {
		err = errors.New("the data source name is malformed: write user:password@tcp(host:port)/?name=value") // err may quote it
	}
	if err != nil {
		return c, fmt.Errorf("property %s: %w", pointsKey, err)
	}
	c.driver.User = properties.String(userKey, c.driver.User)
	c.driver.Passwd = properties.String(passwordKey, c.driver.Passwd)
	c.metadataSchema = properties.String(schemaKey, c.metadataSchema)
	if c.isolation, err = checkIsolation(properties.String(isolationKey, "")); err != nil {
		return c, fmt.Errorf("property %s %w", isolationKey, err)
	}
	if c.pageSize, err = atLeast(properties, pageSizeKey, c.pageSize, 1); err != nil {
		return c, err
	}
	if scheme == schemeMySQL {
		if c.keySize, err = atLeast(properties, keySizeKey, c.keySize, minKeySize); err != nil {
			return c, err
		}
	}
	return c, errors.Join(c.pool.read(properties, poolKey), c.admin.read(properties, adminPoolKey))
}

// read reads the properties of a pool.
func (p *poolSettings) read(properties storage.Properties, prefix string) (err error) {
	if p.maxTotal, err = atLeast(properties, prefix+"max_total", p.maxTotal, 1); err != nil {
		return err
	}
	if p.minIdle, err = atLeast(properties, prefix+"min_idle", p.minIdle, 0); err != nil {
		return err
	}
	if p.wait, err = properties.Millis(prefix+"connection_timeout_millis", p.wait); err != nil {
		return err
	}
	if p.idleTimeout, err = properties.Millis(prefix+"idle_timeout_millis", p.idleTimeout); err != nil {
		return err
	}
	p.maxLifetime, err = properties.Millis(prefix+"max_lifetime_millis", p.maxLifetime)
	return err
}

// atLeast reads a whole number.
func atLeast(properties storage.Properties, key string, def, least int) (int, error) {
	n, err := properties.Int(key, def)
	if err == nil && n < least {
		err = fmt.Errorf("property %s must be at least %d", key, least)
	}
	return n, err
}
