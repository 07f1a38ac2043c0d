package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

var postgres = &engine{
	name: "postgres", title: "PostgreSQL", override: "SCALARGEN_POSTGRES_BIN",
	candidates: func() []string {
		return append(onPath("initdb"), newest("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
			"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin")...)
	},
	find: func(bin string) (installation, bool) {
		found := executable(filepath.Join(bin, "initdb")) && executable(filepath.Join(bin, "postgres"))
		return installation{Bin: bin}, found
	},
	sources:    postgresSources,
	initialise: initialisePostgres, command: postgresCommand, ready: postgresReady,
	stop: syscall.SIGINT, abort: syscall.SIGQUIT,
}

func initialisePostgres(i *instance) error {
	password := i.slot.work("password")
	if err := i.writeFile("password", i.state.Password+"\n"); err != nil {
		return err
	}
	defer os.Remove(password)
	return i.run(filepath.Join(i.installation.Bin, "initdb"),
		"-D", i.slot.work("data"), "-U", i.state.User, "--pwfile="+password, "-A", "scram-sha-256",
		"-E", "UTF8", "--locale=C", "--no-sync")
}

// postgresCommand has no Unix socket, since the path of one is limited to about a
// hundred bytes.
func postgresCommand(i *instance) *exec.Cmd {
	settings := []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200",
	}
	if i.state.Authority != "" {
		settings = append(settings, "ssl=on", "ssl_cert_file="+i.slot.work("server.pem"), "ssl_key_file="+i.slot.work("server.key"))
	}
	if i.order.Mode == Fast {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	arguments := []string{"-D", i.slot.work("data"), "-p", strconv.Itoa(i.state.Port)}
	for _, setting := range append(settings, i.order.Settings...) {
		arguments = append(arguments, "-c", setting)
	}
	return exec.Command(filepath.Join(i.installation.Bin, "postgres"), arguments...)
}

// postgresReady reads what the server itself writes: the first line of its pid
// file is its process, the eighth says "ready" when it accepts connections.
func postgresReady(i *instance) bool {
	content, err := os.ReadFile(i.slot.work("data", "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(content), "\n")
	return len(lines) > 7 && strings.TrimSpace(lines[0]) == strconv.Itoa(i.pid()) && strings.TrimSpace(lines[7]) == "ready"
}
