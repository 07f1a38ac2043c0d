package testserver

import (
	"archive/zip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// pack makes a source that is an archive of a server which knows its version only.
func pack(t *testing.T, fetched *int) source {
	t.Helper()
	return source{"zip", func(dir string) error {
		*fetched++
		archive, err := os.Create(filepath.Join(dir, "server.jar"))
		if err != nil {
			return err
		}
		defer archive.Close()
		writer := zip.NewWriter(archive)
		for name, content := range map[string]string{
			"deep/pg/bin/initdb":        "#!/bin/sh\n",
			"deep/pg/bin/real":          "#!/bin/sh\ntest \"$1\" = --version && test -n \"$LD_LIBRARY_PATH\"\n",
			"deep/x86_64-linux-gnu/lib": "",
			"deep/empty/":               "",
		} {
			if err := add(writer, name, content, 0o600); err != nil {
				return err
			}
		}
		if err := add(writer, "deep/pg/bin/postgres", "real", fs.ModeSymlink|0o777); err != nil {
			return err
		}
		if err := writer.Close(); err != nil {
			return err
		}
		return unpackAll(dir, "*.jar")
	}}
}

func add(writer *zip.Writer, name, content string, mode fs.FileMode) error {
	header := &zip.FileHeader{Name: name}
	header.SetMode(mode)
	file, err := writer.CreateHeader(header)
	if err == nil {
		_, err = file.Write([]byte(content))
	}
	return err
}

func TestPackageIsFetchedOnceFromTheFirstSourceThatHasIt(t *testing.T) {
	t.Parallel()
	cache, fetched := ownPlace(t), 0
	e := *postgres
	e.sources = []source{
		{"broken", func(string) error { return errors.New("no network") }},
		{"empty", func(string) error { return nil }},
		pack(t, &fetched),
	}
	for range 2 {
		found, err := e.fetch(cache)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(cache, "postgres-zip", "deep", "pg", "bin"); found.Bin != want {
			t.Errorf("executables in %s, want %s", found.Bin, want)
		}
		if want := filepath.Join(cache, "postgres-zip", "deep", "x86_64-linux-gnu"); len(found.Libraries) != 1 || found.Libraries[0] != want {
			t.Errorf("libraries %s, want %s", found.Libraries, want)
		}
	}
	if fetched != 1 {
		t.Errorf("fetched %d times", fetched)
	}
	if parts, _ := filepath.Glob(filepath.Join(cache, "*.part")); len(parts) != 0 {
		t.Errorf("left behind: %s", parts)
	}
}

func TestServerThatNoSourceHasIsUnavailable(t *testing.T) {
	t.Parallel()
	e := *postgres
	e.sources = []source{{"broken", func(string) error { return errors.New("no network") }}, {"empty", func(string) error { return nil }}}
	_, err := e.fetch(t.TempDir())
	if !isUnavailable(err) {
		t.Errorf("not a reason to skip: %v", err)
	}
	wantError(t, err, "broken: no network")
	wantError(t, err, "empty: the package does not hold the executables")
}

// A package whose server lacks a library is no use.
func TestServerThatDoesNotRunIsUnavailable(t *testing.T) {
	t.Parallel()
	e := *postgres
	e.sources = []source{{"lame", func(dir string) error {
		for _, name := range []string{"initdb", "postgres"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho libnone.so not found\nexit 127\n"), 0o755); err != nil {
				return err
			}
		}
		return nil
	}}}
	_, err := e.fetch(ownPlace(t))
	if !isUnavailable(err) {
		t.Errorf("not a reason to skip: %v", err)
	}
	wantError(t, err, "libnone.so not found")
}

func TestArchiveCannotNameFilesOutside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(inside, "evil.whl"))
	if err != nil {
		t.Fatal(err)
	}
	writer := zip.NewWriter(file)
	if err := errors.Join(add(writer, "../outside", "x", 0o600), writer.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	if err := unpackAll(inside, "*.whl"); err == nil {
		t.Error("unpacked")
	}
	if _, err := os.Stat(filepath.Join(dir, "outside")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("written outside: %v", err)
	}
}
