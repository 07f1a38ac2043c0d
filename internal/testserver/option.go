package testserver

import (
	"fmt"
	"strings"
)

// Option says what a test needs of its server.
type Option interface{ apply(*config) }

type config struct {
	mode      Mode
	collation Collation
	settings  []string
}

func configure(options []Option) config {
	var c config
	for _, option := range options {
		option.apply(&c)
	}
	return c
}

// Mode says what a commit survives. It is the choice of private servers only: one
// that the environment gives has its own.
type Mode int

const (
	// Fast commits to the memory of the operating system: it survives a crash of
	// the server, but the server writes less than it would in production. For
	// tests of function.
	Fast Mode = iota

	// Durable commits to the disk. For tests that kill the server, and for every
	// figure that is reported.
	Durable
)

func (m Mode) apply(c *config) { c.mode = m }

func (m Mode) String() string {
	if m == Durable {
		return "durable"
	}
	return "fast"
}

// Collation is the collation of a PostgreSQL database: "C", the default, or what
// the machine has, as "C.UTF-8" and "en_US.UTF-8". With the prefix "icu:" it is
// one of ICU, which needs nothing from the machine: "icu:en-US", "icu:und". If the
// server does not have it, the test is skipped.
//
// The collation of a MariaDB database is always utf8mb4_bin on private servers.
type Collation string

func (l Collation) apply(c *config) { c.collation = l }

// Set is a setting of a server of one's own, as "max_connections=20": a parameter of
// PostgreSQL's configuration file or a long option of mariadbd. A shared server
// takes none.
type Set string

func (s Set) apply(c *config) { c.settings = append(c.settings, string(s)) }

func (s Set) valid() error {
	if name, _, found := strings.Cut(string(s), "="); !found || name == "" {
		return fmt.Errorf("setting %q: want name=value", string(s))
	}
	return nil
}
