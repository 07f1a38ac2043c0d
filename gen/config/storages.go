package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/schema"
)

// storageNames says under which names the schema package speaks of the
// storages that scalargen.yaml can name.
var storageNames = map[string][]string{
	"cassandra":      {schema.Cassandra},
	"cosmos":         {schema.CosmosDB},
	"db2":            {schema.Db2, schema.JDBC},
	"dynamodb":       {schema.DynamoDB},
	"mariadb":        {schema.MySQL, schema.JDBC},
	"memory":         {},
	"mysql":          {schema.MySQL, schema.JDBC},
	"object-storage": {schema.ObjectStorage},
	"oracle":         {schema.Oracle, schema.JDBC},
	"postgres":       {schema.PostgreSQL, schema.JDBC},
	"spanner":        {schema.Spanner, schema.JDBC},
	"sqlite":         {schema.SQLite, schema.JDBC},
	"sqlserver":      {schema.SQLServer, schema.JDBC},
	"yugabytedb":     {schema.YugabyteDB, schema.PostgreSQL, schema.JDBC},
}

// Storages returns the words that may stand under storages, sorted.
func Storages() []string { return slices.Sorted(maps.Keys(storageNames)) }

// Concerns reports whether c is about the storage that the schema package
// calls name: whether it names it, or none at all.
func (c *Config) Concerns(name string) bool {
	return len(c.Storages) == 0 || slices.ContainsFunc(c.Storages, func(s string) bool {
		return slices.Contains(storageNames[s], name)
	})
}

// Relevant returns ds without the warnings that are about other storages than
// those c names. Such a warning begins with its storages: "SQLite, MySQL: …".
func (c *Config) Relevant(ds schema.Diagnostics) schema.Diagnostics {
	return slices.DeleteFunc(slices.Clone(ds), func(d schema.Diagnostic) bool {
		storages, _, ok := strings.Cut(d.Message, ": ")
		if d.Severity != schema.Warning || !ok {
			return false
		}
		for name := range strings.SplitSeq(storages, ", ") {
			if !isStorage(name) || c.Concerns(name) {
				return false
			}
		}
		return true
	})
}

func isStorage(name string) bool {
	for _, names := range storageNames {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}
