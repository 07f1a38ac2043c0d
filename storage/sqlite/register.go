package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/scalargen/scalargen/storage"
	"github.com/scalargen/scalargen/storage/internal/sqlstore"
)

func init() {
	storage.Register("sqlite", func(ctx context.Context, properties storage.Properties) (storage.Storage, error) {
		return openProperties(ctx, properties)
	})
}

func openProperties(ctx context.Context, properties storage.Properties) (*Storage, error) {
	const pointsKey = "scalar.db.contact_points"
	points := properties.List(pointsKey)
	if len(points) == 0 || points[0] == "" {
		return nil, fmt.Errorf("property %s is missing: it must name the SQLite file", pointsKey)
	}
	options, err := optionsOf(properties)
	if err != nil {
		return nil, err
	}
	path := points[0]
	if strings.HasPrefix(path, "jdbc:") {
		file, fromURL, err := parseURL(path)
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", pointsKey, err)
		}
		path, options = file, append(options, fromURL...)
	}
	return Open(ctx, path, options...)
}

// parseURL reads a URL of Java's SQLite driver (xerial sqlite-jdbc). Of its
// parameters, which are SQLite pragmas, it takes those that concern more than
// speed. The others are refused rather than dropped: one may be what keeps the
// programs that share the file apart.
func parseURL(text string) (path string, options []Option, err error) {
	path, parameters, err := sqlstore.ParseJDBCURL(text, "sqlite")
	if err != nil {
		return "", nil, err
	}
	if path == "" {
		path = memoryPath
	}
	for name, value := range parameters {
		switch strings.ToLower(name) {
		case "busy_timeout":
			millis, err := strconv.Atoi(value)
			if err != nil || millis < 0 {
				return "", nil, fmt.Errorf("busy_timeout in the JDBC URL must be a whole number of milliseconds")
			}
			options = append(options, WithBusyTimeout(time.Duration(millis)*time.Millisecond))
		case "journal_mode":
			switch strings.ToLower(value) {
			case journalWAL:
			case journalDelete:
				options = append(options, WithRollbackJournal())
			default:
				return "", nil, fmt.Errorf("journal_mode=%s in the JDBC URL: use WAL, or DELETE where the file system cannot share memory", value)
			}
		case "synchronous":
			if mode := strings.ToUpper(value); mode != "FULL" && mode != "2" {
				return "", nil, fmt.Errorf("synchronous=%s in the JDBC URL: only FULL keeps acknowledged writes through a power failure", value)
			}
		case "transaction_mode":
			// Writes take their lock at once in any mode; a lock that also
			// keeps readers out would stop the other programs.
			if mode := strings.ToUpper(value); mode != "DEFERRED" && mode != "IMMEDIATE" {
				return "", nil, fmt.Errorf("transaction_mode=%s in the JDBC URL: use DEFERRED or IMMEDIATE", value)
			}
		default:
			return "", nil, fmt.Errorf("unknown parameter %s in the JDBC URL: busy_timeout, journal_mode, synchronous and transaction_mode are known", name)
		}
	}
	return path, options, nil
}
