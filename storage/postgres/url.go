package postgres

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

// parseURL translates a URL of Java's PostgreSQL driver (pgjdbc),
//
//	jdbc:postgresql://host:port,host:port/database?parameters
//	jdbc:postgresql:database?parameters
//
// to keywords and values of libpq. Parameters that only concern the speed of
// that driver are passed over, those that it is not known to have are refused:
// one may be what keeps a connection safe.
func parseURL(text string) (connString string, err error) {
	rest, parameters, err := sqlstore.ParseJDBCURL(text, "postgresql")
	if err != nil {
		return "", err
	}
	// What the environment says is not for a URL of JDBC.
	settings := map[string]string{"host": "localhost", "port": "5432", "sslmode": "prefer"}
	database := rest
	if authority, found := strings.CutPrefix(rest, "//"); found {
		hosts, path, _ := strings.Cut(authority, "/")
		database = path
		if err := addHosts(settings, hosts); err != nil {
			return "", err
		}
	}
	if database, err = url.PathUnescape(strings.TrimPrefix(database, "/")); err != nil {
		return "", errors.New("the name of the database in the JDBC URL is not properly encoded")
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if err := addParameter(settings, name, parameters[name]); err != nil {
			return "", err
		}
	}
	if database != "" {
		settings["dbname"] = database
	} else if settings["dbname"] == "" && settings["user"] != "" {
		settings["dbname"] = settings["user"]
	}
	var b strings.Builder
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s='%s' ", name, quote.Replace(settings[name]))
	}
	return b.String(), nil
}

// addHosts splits host:port,[address]:port.
func addHosts(settings map[string]string, text string) error {
	if strings.Contains(text, "@") {
		return errors.New("the JDBC URL has an @ before the host: give user and password as scalar.db.username and scalar.db.password, or as parameters")
	}
	if text == "" {
		return nil
	}
	var hosts, ports []string
	for _, address := range strings.Split(text, ",") {
		host, port := address, ""
		if colon := strings.LastIndexByte(address, ':'); colon >= 0 && !strings.HasSuffix(address, "]") {
			host, port = address[:colon], address[colon+1:]
		}
		host, err := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
		if err != nil {
			return errors.New("a host in the JDBC URL is not properly encoded")
		}
		if port == "" {
			port = "5432"
		}
		hosts, ports = append(hosts, host), append(ports, port)
	}
	settings["host"], settings["port"] = strings.Join(hosts, ","), strings.Join(ports, ",")
	return nil
}

// parameterNames translates parameters of pgjdbc whose values are those of libpq.
var parameterNames = map[string]string{
	"user": "user", "password": "password", "PGDBNAME": "dbname", "sslmode": "sslmode", "sslrootcert": "sslrootcert", "sslcert": "sslcert",
	"sslkey": "sslkey", "sslpassword": "sslpassword", "sslNegotiation": "sslnegotiation", "channelBinding": "channel_binding",
	"requireAuth": "require_auth", "ApplicationName": "application_name", "connectTimeout": "connect_timeout", "loginTimeout": "connect_timeout",
	"currentSchema": "search_path", "options": "options", "kerberosServerName": "krbsrvname",
}

// passedOver are parameters of pgjdbc that concern its speed, its own interface
// or its log, or that ask for what is so in any case.
var passedOver = []string{
	"prepareThreshold", "preparedStatementCacheQueries", "preparedStatementCacheSizeMiB", "databaseMetadataCacheFields", "databaseMetadataCacheFieldsMiB",
	"defaultRowFetchSize", "adaptiveFetch", "adaptiveFetchMinimum", "adaptiveFetchMaximum", "maxResultBuffer", "reWriteBatchedInserts", "binaryTransfer",
	"binaryTransferEnable", "binaryTransferDisable", "assumeMinServerVersion", "tcpKeepAlive", "tcpNoDelay", "socketTimeout", "cancelSignalTimeout",
	"receiveBufferSize", "sendBufferSize", "maxSendBufferSize", "unknownLength", "logUnclosedConnections", "logServerErrorDetail", "loggerLevel", "loggerFile", "autosave",
	"cleanupSavepoints", "preferQueryMode", "escapeSyntaxCallMode", "quoteReturningIdentifiers", "hideUnprivilegedObjects", "sslResponseTimeout",
	"gssResponseTimeout", "disableColumnSanitiser", "readOnlyMode", "replication", "stringtype", "groupStartupParameters", "allowEncodingChanges", "queryTimeout",
}

func addParameter(settings map[string]string, name, value string) error {
	if translated := parameterNames[name]; translated != "" {
		settings[translated] = value
		return nil
	}
	if slices.Contains(passedOver, name) {
		return nil
	}
	switch name {
	case "ssl":
		// pgjdbc verifies the server then, unless sslmode, which comes later in
		// the order of names, says otherwise.
		switch value {
		case "", "true":
			settings["sslmode"] = "verify-full"
		case "false":
		default:
			return errors.New("ssl in the JDBC URL must be true or false")
		}
	case "gssEncMode":
		if value != "disable" && value != "allow" && value != "prefer" {
			return fmt.Errorf("gssEncMode=%s in the JDBC URL: connections are not encrypted by GSSAPI; use sslmode", value)
		}
	case "readOnly":
		if value != "false" {
			return errors.New("readOnly in the JDBC URL: a storage must be able to write")
		}
	case "targetServerType":
		modes := map[string]string{"any": "any", "primary": "primary", "master": "primary"}
		mode := modes[value]
		if mode == "" {
			return fmt.Errorf("targetServerType=%s in the JDBC URL: a storage needs the primary, or any where there is but one server", value)
		}
		settings["target_session_attrs"] = mode
	case "loadBalanceHosts":
		if value != "false" {
			return errors.New("loadBalanceHosts in the JDBC URL: only the primary can be written to; list it first, or use targetServerType=primary")
		}
	default:
		return fmt.Errorf("unknown parameter %s in the JDBC URL", name)
	}
	return nil
}
