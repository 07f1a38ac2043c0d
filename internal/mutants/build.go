package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// arsenal are the killers, built for the package with all its mutants.
type arsenal struct {
	killers []killer
	binary  map[string]string // by package: the test binary
	dir     map[string]string // by package: where its tests expect to run
	key     string            // differs for different engines, mutants or tests
}

// build builds the tests of the killers into work, with files in the place of
// those of the module at root.
func build(ctx context.Context, root, work string, files map[string]string, killers []killer) (*arsenal, error) {
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for path, text := range files {
		to := filepath.Join(work, filepath.Base(path))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return nil, err
		}
		overlay.Replace[path] = to
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return nil, err
	}
	overlayFile := filepath.Join(work, "overlay.json")
	if err := os.WriteFile(overlayFile, list, 0o600); err != nil {
		return nil, err
	}
	a := &arsenal{killers: killers, binary: map[string]string{}, dir: map[string]string{}}
	hash := sha256.New()
	for _, k := range killers {
		fmt.Fprintf(hash, "%s %s %s %s %s\n", k.name, k.pkg, k.run, k.skip, k.args)
		if a.binary[k.pkg] != "" {
			continue
		}
		binary := filepath.Join(work, fmt.Sprintf("killer%d.test", len(a.binary)))
		if _, err := goTool(ctx, root, "test", "-c", "-vet=off", "-trimpath", "-ldflags=-s -w", "-overlay="+overlayFile, "-o", binary, k.pkg); err != nil {
			return nil, err
		}
		dir, err := goTool(ctx, root, "list", "-f", "{{.Dir}}", k.pkg)
		if err != nil {
			return nil, err
		}
		a.binary[k.pkg], a.dir[k.pkg] = binary, strings.TrimSpace(dir)
		f, err := os.Open(binary)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(hash, f)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	a.key = hex.EncodeToString(hash.Sum(nil))
	return a, nil
}

// goTool runs the go command in dir and returns what it prints.
func goTool(ctx context.Context, dir string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = dir
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, complaints.String())
	}
	return string(output), nil
}
