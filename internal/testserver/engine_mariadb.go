package testserver

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

var mariadb = &engine{
	name: "mariadb", title: "MariaDB", override: "SCALARGEN_MARIADB_BIN",
	candidates: func() []string {
		return append(onPath("mariadbd"), newest("/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/mysql/bin",
			"/usr/local/mariadb/bin", "/opt/mariadb*/bin", "/opt/homebrew/opt/mariadb*/bin", "/usr/local/opt/mariadb*/bin")...)
	},
	find:       findMariaDB,
	sources:    mariadbSources,
	initialise: initialiseMariaDB, command: mariadbCommand, ready: mariadbReady,
	stop: syscall.SIGTERM, abort: syscall.SIGKILL,
}

// findMariaDB wants the script that creates a data directory beside the server, in
// the directories where packages put it. A server called mysqld only is not looked
// at: it may be MySQL, or a MariaDB before 10.4.
func findMariaDB(bin string) (installation, bool) {
	if !executable(filepath.Join(bin, "mariadbd")) {
		return installation{}, false
	}
	base := filepath.Dir(bin)
	found := installation{Bin: bin}
	if base != "/usr" {
		found.Base = base
	}
	return found, mariadbInstallScript(found) != ""
}

func mariadbInstallScript(found installation) string {
	base := filepath.Dir(found.Bin)
	for _, dir := range []string{found.Bin, filepath.Join(base, "bin"), filepath.Join(base, "scripts")} {
		if path := filepath.Join(dir, "mariadb-install-db"); executable(path) {
			return path
		}
	}
	return ""
}

func initialiseMariaDB(i *instance) error {
	// The anonymous and the root accounts have no password, and this directory may
	// be on a machine of many users. One statement a line: the server's reader of
	// such a file knows no longer ones.
	accounts := fmt.Sprintf("CREATE OR REPLACE USER '%s'@'%%' IDENTIFIED BY '%s';\n", i.state.User, i.state.Password) +
		fmt.Sprintf("GRANT ALL PRIVILEGES ON *.* TO '%s'@'%%' WITH GRANT OPTION;\n", i.state.User) +
		"DELETE FROM mysql.global_priv WHERE User IN ('root', '');\nFLUSH PRIVILEGES;\n"
	if err := i.writeFile("accounts.sql", accounts); err != nil {
		return err
	}
	if err := i.makeDirectory("tmp"); err != nil {
		return err
	}
	arguments := []string{"--no-defaults"}
	if i.installation.Base != "" {
		arguments = append(arguments, "--basedir="+i.installation.Base)
	}
	arguments = append(arguments, "--datadir="+i.slot.work("data"), "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve")
	return i.run(mariadbInstallScript(i.installation), arguments...)
}

func mariadbCommand(i *instance) *exec.Cmd {
	arguments := []string{"--no-defaults"} // must be the first
	if i.installation.Base != "" {
		arguments = append(arguments, "--basedir="+i.installation.Base)
	}
	arguments = append(arguments,
		"--datadir="+i.slot.work("data"), "--tmpdir="+i.slot.work("tmp"),
		"--socket=mariadb.sock", // in the data directory: an absolute path may be longer than sockets allow
		"--pid-file="+i.slot.work("pid"),
		"--bind-address=127.0.0.1", "--port="+strconv.Itoa(i.state.Port), "--skip-name-resolve",
		"--init-file="+i.slot.work("accounts.sql"),
		"--ssl-ca="+i.slot.path("ca.pem"), "--ssl-cert="+i.slot.work("server.pem"), "--ssl-key="+i.slot.work("server.key"),
		"--character-set-server=utf8mb4", "--collation-server=utf8mb4_bin",
		"--max-connections=300", "--innodb-buffer-pool-size=128M", "--performance-schema=OFF")
	if i.order.Mode == Fast {
		arguments = append(arguments, "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0")
	} else {
		arguments = append(arguments, "--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1")
	}
	for _, setting := range i.order.Settings {
		arguments = append(arguments, "--"+strings.TrimLeft(setting, "-"))
	}
	return exec.Command(filepath.Join(i.installation.Bin, "mariadbd"), arguments...)
}

func mariadbReady(i *instance) bool {
	return bytes.Contains(i.logged(), []byte("ready for connections"))
}
