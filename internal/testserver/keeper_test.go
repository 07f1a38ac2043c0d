package testserver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// userVariable makes this test binary a user of servers that waits to be killed.
const userVariable = "SCALARGEN_TESTSERVER_USER"

func TestMain(m *testing.M) {
	if os.Getenv(userVariable) == "" {
		_ = mysql.SetLogger(&mysql.NopLogger{}) // it would tell of every connection that a fault cuts
		for _, given := range []string{givenPostgres, givenMariaDB, givenMySQL} {
			os.Unsetenv(given) // these tests are about private servers
		}
		os.Exit(m.Run())
	}
	os.Exit(use(os.Getenv(userVariable)))
}

func use(what string) int {
	var server *Server
	var err error
	switch what {
	case "shared postgres":
		server, err = findPostgres(Fast)
	case "shared mariadb":
		server, err = findMariaDBServer(Fast)
	case "own postgres", "own mariadb":
		var process *Process
		if process, err = Start(strings.TrimPrefix(what, "own ")); err == nil {
			server = process.Server
		}
	}
	if err != nil {
		fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
		return 1
	}
	fmt.Println("addr", server.Addr)
	select {}
}

// client is another process that uses a server.
type client struct {
	*exec.Cmd
	what, addr string
	out        *bufio.Reader
}

// startClient returns when the process has its server.
func startClient(t *testing.T, what, temporary string) client {
	t.Helper()
	c := launchClient(t, what, temporary)
	return c.wait(t)
}

// launchClient does not wait.
func launchClient(t *testing.T, what, temporary string) client {
	t.Helper()
	c := client{Cmd: exec.Command(os.Args[0]), what: what}
	c.Env = append(os.Environ(), userVariable+"="+what, "TMPDIR="+temporary)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	t.Cleanup(c.kill)
	return c
}

func (c client) wait(t *testing.T) client {
	t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if kind == "error" {
		if strings.Contains(rest, "none to be had") {
			_, server, _ := strings.Cut(c.what, " ")
			t.Skip("SKIPPED SERVER " + server + ": " + rest)
		}
		t.Fatal(rest)
	}
	c.addr = rest
	return c
}

func (c client) kill() {
	_ = c.Process.Kill() // it may have ended
	_ = c.Wait()
}

// eventually waits for what takes the time that it takes.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// ownPlace is a directory for temporary files that every user can enter.
func ownPlace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(path, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func wantGone(t *testing.T, path string) {
	t.Helper()
	eventually(t, path+" is gone", func() bool {
		_, err := os.Stat(path)
		return errors.Is(err, fs.ErrNotExist)
	})
	eventually(t, "no process is left in "+path, func() bool { return len(processes(path)) == 0 })
}

// processes are those whose command line mentions a text, on Linux.
func processes(text string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if content, _ := os.ReadFile(file); bytes.Contains(content, []byte(text)) {
			found = append(found, string(content))
		}
	}
	return found
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one with %q", err, text)
	}
}

func TestProcessesShareAServerAndLeaveNothingWhenKilled(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"postgres", "mariadb"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			temporary := ownPlace(t)
			first, second := launchClient(t, "shared "+kind, temporary), launchClient(t, "shared "+kind, temporary)
			first, second = first.wait(t), second.wait(t)
			if first.addr != second.addr {
				t.Errorf("servers at %s and %s, want one", first.addr, second.addr)
			}
			first.kill()
			third := startClient(t, "shared "+kind, temporary)
			if third.addr != second.addr {
				t.Errorf("a later process has a server at %s, want %s", third.addr, second.addr)
			}
			second.kill()
			third.kill()
			wantGone(t, filepath.Join(temporary, filepath.Base(baseDirectory())))
		})
	}
}

// The keeper goes on starting the server, and the next process waits for that.
func TestProcessKilledWhileTheServerStarts(t *testing.T) {
	t.Parallel()
	temporary := ownPlace(t)
	base := filepath.Join(temporary, filepath.Base(baseDirectory()))
	first := launchClient(t, "shared postgres", temporary)
	eventually(t, "a keeper works", func() bool {
		_, err := os.Stat(filepath.Join(base, "postgres-fast", "work"))
		return err == nil
	})
	first.kill()
	second := startClient(t, "shared postgres", temporary)
	connection, err := net.Dial("tcp", second.addr)
	if err != nil {
		t.Error(err)
	} else {
		connection.Close()
	}
	second.kill()
	wantGone(t, base)
}

func TestOwnServerGoesWithAProcessThatIsKilled(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"postgres", "mariadb"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			temporary := ownPlace(t)
			startClient(t, "own "+kind, temporary).kill()
			wantGone(t, filepath.Join(temporary, filepath.Base(baseDirectory())))
		})
	}
}

func TestNextUserRemovesWhatAKilledKeeperLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends the server with its keeper")
	}
	t.Setenv("TMPDIR", ownPlace(t))
	for _, kind := range []string{"postgres", "mariadb"} {
		process, err := Start(kind)
		if err != nil {
			skip(t, kind, err)
		}
		if err := process.keeper.process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		wantError(t, process.Close(), "could not remove")
		wantError(t, process.Kill(), "the keeper of the server has ended")
		eventually(t, "the server has ended", func() bool { return len(processes(process.keeper.slot.dir())) == 0 })
		sweep(baseDirectory())
		wantGone(t, baseDirectory())
	}
}

func TestSweepSparesServersThatLive(t *testing.T) {
	t.Setenv("TMPDIR", ownPlace(t))
	process, err := Start("postgres")
	if err != nil {
		skip(t, "postgres", err)
	}
	sweep(baseDirectory())
	if got := ask(t, process.Server, "SELECT 'alive'"); got != "alive" {
		t.Error(got)
	}
	if err := process.Close(); err != nil {
		t.Fatal(err)
	}
	wantGone(t, baseDirectory())
}

func TestKeeperEndsInGoodOrderOnASignal(t *testing.T) {
	t.Setenv("TMPDIR", ownPlace(t))
	process, err := Start("postgres")
	if err != nil {
		skip(t, "postgres", err)
	}
	if err := process.keeper.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.keeper.process.Wait(); err != nil {
		t.Error(err)
	}
	wantGone(t, baseDirectory())
}

// Another user of the machine may have made the directory to read the passwords.
func TestDirectoryOfAnotherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	t.Setenv("TMPDIR", ownPlace(t))
	if err := os.Mkdir(baseDirectory(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(baseDirectory(), 12345, 12345); err != nil {
		t.Fatal(err)
	}
	_, err := Start("postgres")
	wantError(t, err, "must be a directory that belongs to this user")
}

// A keeper that found users goes on without the lock that the next one needs.
func TestLockIsFreeWhileTheServerIsUsed(t *testing.T) {
	t.Parallel()
	s := slot{filepath.Join(t.TempDir(), "base"), "name"}
	lock, err := s.lock(true)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.dir(), 0o711); err != nil {
		t.Fatal(err)
	}
	user, err := s.hold("users", false, true)
	if err != nil {
		t.Fatal(err)
	}
	info, err := user.Stat()
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()

	wantLock := func(what string, last time.Time, want bool) {
		t.Helper()
		taken, unused, err := s.unusedSince(last)
		if err != nil || unused != want || (taken != nil) != want {
			t.Fatalf("%s: unused %t, want %t, %v", what, unused, want, err)
		}
		if !want {
			if taken, err = s.lock(false); err != nil || taken == nil {
				t.Fatalf("%s: the lock is not free, %v", what, err)
			}
		}
		if other, err := s.lock(false); err != nil || other != nil {
			t.Fatalf("%s: locked twice, %v", what, err)
		}
		taken.Close()
	}
	wantLock("a user", info.ModTime(), false)
	user.Close()
	wantLock("a user came and went", info.ModTime().Add(-time.Second), false)
	wantLock("no user", info.ModTime(), true)

	lock, err = s.lock(true)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := s.remove(lock); err != nil {
		t.Fatal(err)
	}
	wantGone(t, s.base)
	again, err := s.lock(false) // of a file of the same name
	if err != nil || again == nil {
		t.Fatalf("a lock that was removed still locks: %v", err)
	}
	again.Close()
}
