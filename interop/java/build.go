package java

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed pom.xml src
var sources embed.FS

const mainClass = "io.github.scalargen.interop.Main"

// ErrUnavailable: the machine has no JDK or Maven, or Maven could not get what
// the program needs.
var ErrUnavailable = errors.New("java is not available")

// tool finds a program of the JDK: in JAVA_HOME as Maven does, or in PATH.
func tool(name string) (string, error) {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		return exec.LookPath(filepath.Join(home, "bin", name))
	}
	return exec.LookPath(name)
}

// build returns the class path of the program, which it compiles unless another
// process has done so before. The result is kept in the user's cache directory
// under the fingerprint of the sources.
func build(ctx context.Context) (classPath string, err error) {
	if _, err := tool("javac"); err != nil {
		return "", fmt.Errorf("%w: there is no JDK (javac): install one of version 17 or newer", ErrUnavailable)
	}
	maven, err := exec.LookPath("mvn")
	if err != nil {
		return "", fmt.Errorf("%w: there is no Maven (mvn): install it", ErrUnavailable)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	fingerprint, err := fingerprint()
	if err != nil {
		return "", err
	}
	base := filepath.Join(cache, "scalargen", "interop")
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", err
	}
	// Maven's repository does not stand two processes that download.
	unlock, err := lock(filepath.Join(base, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	output := filepath.Join(base, fingerprint)
	if classPath, complete := built(output); complete {
		return classPath, nil
	}
	if err := runMaven(ctx, maven, output); err != nil {
		return "", err
	}
	classPath, complete := built(output)
	if !complete {
		return "", fmt.Errorf("the build in %s is not complete although Maven reported success", output)
	}
	return classPath, nil
}

func fingerprint() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(sources, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := sources.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n", path, len(content))
		hash.Write(content)
		return err
	})
	return fmt.Sprintf("%x", hash.Sum(nil)[:8]), err
}

// built returns the class path that a build in output has left, and whether all
// that it names is there: Maven's repository may have been emptied since.
func built(output string) (classPath string, complete bool) {
	jars, err := os.ReadFile(filepath.Join(output, "classpath"))
	if err != nil {
		return "", false
	}
	entries := append([]string{filepath.Join(output, "classes")}, filepath.SplitList(strings.TrimSpace(string(jars)))...)
	for _, entry := range entries {
		if _, err := os.Stat(entry); err != nil {
			return "", false
		}
	}
	return strings.Join(entries, string(filepath.ListSeparator)), true
}

// runMaven compiles the sources into output. It first tries to do with what
// Maven has downloaded before.
func runMaven(ctx context.Context, maven, output string) error {
	project, err := os.MkdirTemp("", "scalargen-interop-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(project)
	if err := os.CopyFS(project, sources); err != nil {
		return err
	}
	var failure error
	for _, offline := range []bool{true, false} {
		arguments := []string{"-q", "-B", "-Doutput=" + output, "process-classes"}
		if offline {
			arguments = append(arguments, "-o")
		}
		command := exec.CommandContext(ctx, maven, arguments...)
		command.Dir = project
		var said bytes.Buffer
		command.Stdout, command.Stderr = &said, &said
		if err := command.Run(); err == nil {
			return nil
		} else {
			failure = fmt.Errorf("%w: mvn %s: %w\n%s", ErrUnavailable, strings.Join(arguments, " "), err, said.Bytes())
		}
	}
	return failure
}
