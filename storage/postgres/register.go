package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/scalargen/scalargen/storage"
)

func init() {
	open := func(ctx context.Context, properties storage.Properties) (storage.Storage, error) {
		s, err := openProperties(ctx, properties)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	storage.Register("postgres", open)
	// The subprotocol of JDBC URLs.
	storage.Register("postgresql", open)
}

func openProperties(ctx context.Context, properties storage.Properties) (*Storage, error) {
	const pointsKey = "scalar.db.contact_points"
	points := properties.List(pointsKey)
	if len(points) == 0 || points[0] == "" {
		return nil, fmt.Errorf("property %s is missing: it must hold the URL of the database", pointsKey)
	}
	options, err := optionsOf(properties)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(points[0], "jdbc:") {
		// Hosts are separated by commas too.
		s, err := Open(ctx, strings.Join(points, ","), options...)
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", pointsKey, err)
		}
		return s, nil
	}
	connString, err := parseURL(points[0])
	if err != nil {
		return nil, fmt.Errorf("property %s: %w", pointsKey, err)
	}
	pool, err := pgxpool.ParseConfig(connString)
	if err != nil {
		return nil, fmt.Errorf("property %s: %w", pointsKey, withoutSecrets(err))
	}
	return open(ctx, pool, options)
}
