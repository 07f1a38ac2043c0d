package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/scalargen/scalargen/schema"
)

// defaultSchema is read where scalargen.yaml names no schema.
const defaultSchema = "schema.json"

// Files returns the schema files that c names, in the order of the patterns
// and sorted within one, as paths that are valid where dir, the directory of
// scalargen.yaml, is. A pattern without a file is an error at its place.
func (c *Config) Files(dir string) ([]string, schema.Diagnostics) {
	patterns := c.Schemas
	if len(patterns) == 0 {
		patterns = []Pattern{{defaultSchema, c.Pos}}
	}
	var files []string
	var found schema.Diagnostics
	seen := map[string]bool{}
	for _, p := range patterns {
		matches, err := p.files(dir)
		if err != nil {
			message := err.Error()
			if len(c.Schemas) == 0 {
				message += "; it is the default, so write it, or add schema: with the names of your files"
			}
			found = append(found, schema.Diagnostic{Pos: p.Pos, Severity: schema.Error, Message: message})
		}
		for _, m := range matches {
			if !seen[m] {
				seen[m] = true
				files = append(files, m)
			}
		}
	}
	return files, found
}

func (p Pattern) files(dir string) ([]string, error) {
	name := filepath.Join(dir, filepath.FromSlash(p.Text))
	if !strings.ContainsAny(p.Text, "*?[") {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no schema file %s", name)
		}
		return []string{name}, nil
	}
	// What precedes the first wildcard is a directory, whatever its name; fs.Glob
	// alone would neither go up nor take a [ in it for a letter.
	slash := strings.LastIndexByte(p.Text[:strings.IndexAny(p.Text, "*?[")], '/')
	base := filepath.Join(dir, filepath.FromSlash(p.Text[:slash+1]))
	matches, err := fs.Glob(os.DirFS(base), p.Text[slash+1:])
	if err == nil && len(matches) == 0 {
		err = fmt.Errorf("no schema file matches %s", name)
	}
	for i, m := range matches {
		matches[i] = filepath.Join(base, filepath.FromSlash(m))
	}
	return matches, err
}
