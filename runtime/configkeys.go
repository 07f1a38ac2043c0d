package scalar

import (
	"slices"
	"strconv"
	"strings"

	"github.com/scalargen/scalargen/internal/spell"
)

const (
	dbPrefix = "scalar.db."
	ccPrefix = dbPrefix + "consensus_commit."
	// multiStoragePrefix is followed by the name of a storage, a dot, and the
	// rest of a key without dbPrefix.
	multiStoragePrefix = dbPrefix + "multi_storage.storages."
	// ownPrefix begins the keys that are not ScalarDB's. Java never waits.
	ownPrefix  = "scalargen."
	waitKey    = ownPrefix + "uncommitted_wait_millis"
	withoutKey = ownPrefix + "without"

	oldIsolationKey = dbPrefix + "isolation_level"
)

// valueKind is what a value is checked for even where nobody uses it, as in
// ScalarDB.
type valueKind uint8

const (
	textValue valueKind = iota
	boolValue           // true or false, in any letter case
	intValue            // a whole number
)

// configKey is a key of ScalarDB's configuration (spec 9.1, 9.2).
type configKey struct {
	name string
	kind valueKind
	def  string // "" for none, or where another key gives it
	// feature is what any other value than def would ask for, and this version
	// does not have; "" if any value will do.
	feature string
	others  []string // other values than def that are supported
}

// configKeys are all keys that ScalarDB 3.19 knows, and our own. docs/configuration.md says
// what they mean; a test keeps both together.
var configKeys = append([]configKey{
	{name: dbPrefix + "storage", def: "cassandra"},
	{name: dbPrefix + "contact_points"},
	{name: dbPrefix + "contact_port", kind: intValue, def: "0"},
	{name: dbPrefix + "username"},
	{name: dbPrefix + "password"},
	{name: dbPrefix + "transaction_manager", def: "consensus-commit", others: []string{databaseOwn.String(), singleOperation.String()}, feature: "another transaction manager than consensus-commit, jdbc and single-crud-operation"},
	{name: oldIsolationKey},
	{name: dbPrefix + "metadata.cache_expiration_time_secs", kind: intValue, def: "60"},
	{name: dbPrefix + "active_transaction_management.enabled", kind: boolValue, def: "true"},
	{name: dbPrefix + "active_transaction_management.expiration_time_millis", kind: intValue, def: "-1"},
	{name: dbPrefix + "active_transaction_management.max_active_transactions", kind: intValue, def: "10000"},
	{name: dbPrefix + "attribute_propagation.enabled", kind: boolValue, def: "true"},
	{name: dbPrefix + "default_namespace_name"},
	{name: dbPrefix + "cross_partition_scan.enabled", kind: boolValue, def: "true"},
	{name: dbPrefix + "cross_partition_scan.filtering.enabled", kind: boolValue, def: "false"},
	{name: dbPrefix + "cross_partition_scan.ordering.enabled", kind: boolValue, def: "false"},
	{name: dbPrefix + "system_namespace_name", def: "scalardb"},
	{name: dbPrefix + "scan_fetch_size", kind: intValue, def: "10"},

	{name: ccPrefix + "isolation_level", def: "SNAPSHOT"},
	{name: ccPrefix + "serializable_strategy"},
	{name: ccPrefix + "coordinator.namespace", def: "coordinator"},
	{name: ccPrefix + "participant_id"},
	{name: ccPrefix + "parallel_executor_count", kind: intValue, def: "128"},
	{name: ccPrefix + "parallel_preparation.enabled", kind: boolValue, def: "true"},
	{name: ccPrefix + "parallel_commit.enabled", kind: boolValue, def: "true"},
	{name: ccPrefix + "parallel_validation.enabled", kind: boolValue},
	{name: ccPrefix + "parallel_rollback.enabled", kind: boolValue},
	{name: ccPrefix + "parallel_implicit_pre_read.enabled", kind: boolValue, def: "true"},
	{name: ccPrefix + "async_commit.enabled", kind: boolValue, def: "false"},
	{name: ccPrefix + "async_rollback.enabled", kind: boolValue},
	{name: ccPrefix + "coordinator.write_omission_on_read_only.enabled", kind: boolValue, def: "true"},
	{name: ccPrefix + "one_phase_commit.enabled", kind: boolValue, def: "false"},
	{name: ccPrefix + "include_metadata.enabled", kind: boolValue, def: "false", feature: "showing the columns of the transactions"},
	{name: ccPrefix + "index.eventually_consistent_read.enabled", kind: boolValue, def: "false"},
	{name: ccPrefix + "coordinator.write_set_logging.enabled", kind: boolValue, def: "false"},
	{name: ccPrefix + "coordinator.group_commit.enabled", kind: boolValue, def: "false"},
	{name: ccPrefix + "coordinator.group_commit.slot_capacity", kind: intValue, def: "20"},
	{name: ccPrefix + "coordinator.group_commit.group_size_fix_timeout_millis", kind: intValue, def: "40"},
	{name: ccPrefix + "coordinator.group_commit.delayed_slot_move_timeout_millis", kind: intValue, def: "1200"},
	{name: ccPrefix + "coordinator.group_commit.old_group_abort_timeout_millis", kind: intValue, def: "60000"},
	{name: ccPrefix + "coordinator.group_commit.timeout_check_interval_millis", kind: intValue, def: "20"},
	{name: ccPrefix + "coordinator.group_commit.metrics_monitor_log_enabled", kind: boolValue, def: "false"},
	{name: ccPrefix + "2pcc.active_transactions_management.enabled", kind: boolValue},
	{name: waitKey, kind: intValue, def: "200"},
	{name: withoutKey},
}, storageKeys()...)

// storageKeys are the keys of single storages. Adapters check their values.
func storageKeys() []configKey {
	names := []string{
		"jdbc.isolation_level", "jdbc.table_metadata.schema",
		"jdbc.mysql.variable_key_column_size", "jdbc.oracle.variable_key_column_size", "jdbc.db2.variable_key_column_size",
		"jdbc.oracle.time_column.default_date_component", "jdbc.db2.time_column.default_date_component",
		"jdbc.spanner.time_column.default_date_component",
		"jdbc.prepared_statements_pool.enabled", "jdbc.prepared_statements_pool.max_open",
		"dynamo.endpoint_override", "dynamo.endpoint-override", "dynamo.table_metadata.namespace", "dynamo.namespace.prefix",
		"cosmos.table_metadata.database", "cosmos.consistency_level",
		"s3.multipart_upload_part_size_bytes", "s3.multipart_upload_max_concurrency", "s3.multipart_upload_threshold_size_bytes",
		"s3.request_timeout_secs", "s3.table_metadata.namespace",
		"blob_storage.parallel_upload_block_size_bytes", "blob_storage.parallel_upload_max_concurrency",
		"blob_storage.parallel_upload_threshold_size_bytes", "blob_storage.request_timeout_secs", "blob_storage.table_metadata.namespace",
		"cloud_storage.upload_chunk_size_bytes", "cloud_storage.table_metadata.namespace",
		"multi_storage.storages", "multi_storage.namespace_mapping", "multi_storage.table_mapping", "multi_storage.default_storage",
	}
	for _, pool := range []string{"jdbc.connection_pool.", "jdbc.table_metadata.connection_pool.", "jdbc.admin.connection_pool."} {
		for _, setting := range []string{
			"min_idle", "max_idle", "max_total", "connection_timeout_millis", "idle_timeout_millis", "max_lifetime_millis", "keepalive_time_millis",
		} {
			names = append(names, pool+setting)
		}
	}
	keys := make([]configKey, len(names))
	for i, name := range names {
		keys[i].name = dbPrefix + name
	}
	return keys
}

// scopeOf splits a key that sets another one for a single storage into the part
// that names the storage and the other key: multi_storage.storages.pg.username is
// username for pg. For other keys the scope is "".
func scopeOf(key string) (scope, name string) {
	inner, isScoped := strings.CutPrefix(key, multiStoragePrefix)
	storageName, suffix, ok := strings.Cut(inner, ".")
	if !isScoped || !ok {
		return "", key
	}
	return multiStoragePrefix + storageName + ".", dbPrefix + suffix
}

func findKey(name string) (configKey, bool) {
	i := slices.IndexFunc(configKeys, func(k configKey) bool { return k.name == name })
	if i < 0 {
		return configKey{}, false
	}
	return configKeys[i], true
}

// problemWith says what is wrong with a value of k, "" if nothing. It does not
// quote the value.
func (k configKey) problemWith(value string) string {
	_, notNumber := strconv.Atoi(value)
	switch {
	case value == "": // counts as absent
		return ""
	case k.kind == boolValue && !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false"):
		return "must be true or false"
	case k.kind == intValue && notNumber != nil:
		return "must be a whole number"
	case k.feature != "" && !strings.EqualFold(value, k.def) && !slices.ContainsFunc(k.others, func(other string) bool { return strings.EqualFold(value, other) }):
		return k.feature + " is not supported by this version: remove the line, or set it to " + k.def
	}
	return ""
}

// nearestKey returns the known key that name is most like, and whether it is so
// like it that name must be a misspelling.
func nearestKey(name string) (nearest string, misspelt bool) {
	const typos = 2
	least := len(name) / 3 // beyond, the two have nothing in common
	for _, k := range configKeys {
		if k.name == name+".enabled" {
			return k.name, true
		}
		if d := spell.Distance(name, k.name); d <= least {
			nearest, least = k.name, d-1
		}
	}
	return nearest, nearest != "" && least < typos
}
