package scalar

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/scalargen/scalargen/storage"
)

// keyPrefix begins the keys of ScalarDB and its products. Placeholders are
// replaced behind such keys and our own only: others belong to other programs.
const keyPrefix = "scalar."

// LoadProperties reads a .properties file; see [ParseProperties].
func LoadProperties(path string) (storage.Properties, error) {
	data, err := readConfigFile(path)
	if err != nil {
		return nil, err
	}
	return ParseProperties(path, data)
}

// ParseProperties reads a Java .properties file: one "key = value" a line, with
// = , : or a blank between them, comments after # or !, a backslash at the end
// of a line to continue it, and the escapes \t, \n, \r, \f and \uXXXX. Text that
// is not UTF-8 is taken for Latin-1, Java's encoding for these files.
//
// In the values of keys that begin with "scalar." or "scalargen.", ${env:NAME}
// is replaced by the environment variable, ${env:NAME:-default} by the default if
// the variable is not set, and $${ by ${. A Go process has no Java system properties, so
// ${sys:name} needs a default and is replaced by it.
//
// The errors are a [*ConfigError] with every problem of the file: a malformed
// escape or placeholder, a variable that is not set, a key that is set twice,
// of which Java would silently use the last. name is what they call the file.
// They quote keys and never values.
func ParseProperties(name string, data []byte) (storage.Properties, error) {
	properties, _, problems := parseProperties(name, data)
	return properties, problems.err()
}

// parseProperties returns also the line of each key.
func parseProperties(name string, data []byte) (storage.Properties, map[string]int, ConfigError) {
	var problems ConfigError
	entries := readProperties(data, func(line int, message string) {
		problems.add(ConfigProblem{File: name, Line: line, Message: message})
	})
	properties, lines := storage.Properties{}, map[string]int{}
	for _, p := range entries {
		problem := ConfigProblem{File: name, Line: p.line, Key: publicKey(p.key)}
		ours := strings.HasPrefix(p.key, keyPrefix) || strings.HasPrefix(p.key, ownPrefix)
		if first, again := lines[p.key]; again && ours {
			problem.Message = fmt.Sprintf("set a second time, first on line %d: remove one of them", first)
			problems.add(problem)
			continue
		}
		value := p.value
		if ours {
			var err error
			if value, err = replacePlaceholders(value, os.LookupEnv); err != nil {
				problem.Message = err.Error()
				problems.add(problem)
				value = "" // counts as absent
			}
		}
		properties[p.key], lines[p.key] = strings.TrimSpace(value), p.line
	}
	return properties, lines, problems
}

// maxConfigFile is more than a configuration has, and less than endless devices
// give.
const maxConfigFile = 1 << 20

func readConfigFile(path string) ([]byte, error) {
	refuse := func(err error) ([]byte, error) {
		return nil, &ConfigError{Problems: []ConfigProblem{{Message: "the configuration cannot be read: " + err.Error()}}, cause: err}
	}
	file, err := os.Open(path)
	if err != nil {
		return refuse(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxConfigFile+1))
	if err != nil {
		return refuse(err)
	}
	if len(data) > maxConfigFile {
		return refuse(fmt.Errorf("%s has more than %d KiB", path, maxConfigFile>>10))
	}
	return data, nil
}
