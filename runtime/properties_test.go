package scalar

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scalargen/scalargen/storage"
)

func TestPropertiesSyntax(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want storage.Properties
	}{
		"empty":                        {"", storage.Properties{}},
		"separators":                   {"a=1\nb:2\nc 3\nd\t4\ne = 5\nf\t:\t6\ng", storage.Properties{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6", "g": ""}},
		"only one separator is eaten":  {"a==1\nb = :2\nc : = 3", storage.Properties{"a": "=1", "b": ":2", "c": "= 3"}},
		"comments and blank lines":     {"# a=1\n  ! b=2\n\n \t\f\nc=3 # no comment", storage.Properties{"c": "3 # no comment"}},
		"comments are not continued":   {"# a\\\nb=1", storage.Properties{"b": "1"}},
		"all line ends":                {"a=1\rb=2\r\nc=3\n", storage.Properties{"a": "1", "b": "2", "c": "3"}},
		"continuation":                 {"a=1,\\\n   2,\\\r\n\t3\nb=4", storage.Properties{"a": "1,2,3", "b": "4"}},
		"continuation of a key":        {"a\\\n b=1", storage.Properties{"ab": "1"}},
		"continuation with a hash":     {"a=1\\\n#2", storage.Properties{"a": "1#2"}},
		"continuation to a blank line": {"a=1\\\n\nb=2", storage.Properties{"a": "1", "b": "2"}},
		"backslash at the end":         {"a=1\\", storage.Properties{"a": "1"}},
		"two backslashes at the end":   {"a=1\\\\\nb=2", storage.Properties{"a": `1\`, "b": "2"}},
		"escapes":                      {`a=\t1\n2\r3\f4\z\\\=\:`, storage.Properties{"a": "1\n2\r3\f4z\\=:"}},
		"escaped separators in a key":  {`a\=b\:c\ d=1`, storage.Properties{"a=b:c d": "1"}},
		"unicode":                      {`a=\u00e9\u20AC`, storage.Properties{"a": "é€"}},
		"unicode pair":                 {`a=\ud83d\ude00!`, storage.Properties{"a": "😀!"}},
		"UTF-8":                        {"a=é😀", storage.Properties{"a": "é😀"}},
		"UTF-8 with byte-order mark":   {"\ufeffa=1", storage.Properties{"a": "1"}},
		"Latin-1":                      {"a=\xe9", storage.Properties{"a": "é"}},
		"trimmed":                      {"a = 1 \t", storage.Properties{"a": "1"}},
		"last of a foreign key wins":   {"a=1\na=2", storage.Properties{"a": "2"}},
		"foreign placeholder":          {"a=${nobody}", storage.Properties{"a": "${nobody}"}},
		"comma stays escaped":          {`scalar.db.contact_points=a\\,b`, storage.Properties{"scalar.db.contact_points": `a\,b`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseProperties("test", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPropertiesRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"short unicode escape": {"a=1\nb=\\u00e", `test:2: a \u must be followed by the four hexadecimal digits`},
		"signed escape":        {`a=\u+123`, `test:1: a \u must be followed`},
		"half of a pair":       {`a=\ud83d`, `test:1: a \u must be followed`},
		"wrong half":           {`a=\ud83dA`, `test:1: a \u must be followed`},
		"second half alone":    {`a=\ude00\ud83d`, `test:1: a \u must be followed`},
		"set twice":            {"scalar.db.storage=a\n\nscalar.db.storage=b", "test:3: scalar.db.storage: set a second time, first on line 1"},
		"line of continuation": {"#\nscalar.db.a=\\\n${env:SCALARGEN_NOT_SET}", "test:2: scalar.db.a: the environment variable SCALARGEN_NOT_SET is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseProperties("test", []byte(c.text))
			if !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestPropertiesReportAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ParseProperties("test", []byte("scalar.db.b=${env:SCALARGEN_NOT_SET}\nscalar.db.a=${x}\n\\u=1\n"))
	var problems *ConfigError
	if !errors.As(err, &problems) || len(problems.Problems) != 3 {
		t.Fatalf("%v, want three problems", err)
	}
	for i, p := range problems.Problems {
		if p.Line != i+1 {
			t.Errorf("problem %d is on line %d", i, p.Line)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (string, bool) {
		value, set := map[string]string{"A": "1", "EMPTY": "", "RAW": "${env:A}"}[name]
		return value, set
	}
	for text, want := range map[string]string{
		"plain $ {} $":                    "plain $ {} $",
		"${env:A}":                        "1",
		"x${env:A}y${ENV:A}z":             "x1y1z",
		"${env:A:-2}":                     "1",
		"${env:EMPTY}":                    "",
		"${env:EMPTY:-2}":                 "",
		"${env:B:-2}":                     "2",
		"${env:B:-}":                      "",
		"${env:B:-a:-b}":                  "a:-b",
		"${env:B:-${env:A}}":              "1",
		"${env:B:-x${env:C:-y}z}":         "xyz",
		"${env:RAW}":                      "${env:A}",
		"${sys:user.home:-/home}":         "/home",
		"$${env:A}":                       "${env:A}",
		"$$${env:A}":                      "$${env:A}",
		"pa$$word":                        "pa$$word",
		"${env:A}${env:B:-$${env:A}}end}": "1${env:A}end}",
	} {
		got, err := replacePlaceholders(text, lookup)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"${env:B}":           "the environment variable B is not set: set it",
		"${env:C:-${env:B}}": "the environment variable B is not set: set it",
		"${env:}":            "names no variable",
		"${A}":               "does not begin with ${env:",
		"${}":                "does not begin with ${env:",
		"${base64:eA==}":     "does not begin with ${env:",
		"${sys:user.home}":   "a property of a Java process",
		"secret${env:A":      "does not end with }",
		"${env:B:-${env:A}":  "does not end with }",
	} {
		got, err := replacePlaceholders(text, lookup)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %q, %v, want %s", text, got, err, want)
		}
	}
}

func TestEnvironmentIsReplaced(t *testing.T) {
	t.Setenv("SCALARGEN_TEST", "value")
	got, err := ParseProperties("test", []byte("scalar.db.password=${env:SCALARGEN_TEST}"))
	if err != nil || got["scalar.db.password"] != "value" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestLoadPropertiesOfAMissingFile(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "no.properties")
	_, err := LoadProperties(missing)
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), missing) {
		t.Error(err)
	}
}

func TestLoadPropertiesOfAnEndlessFile(t *testing.T) {
	t.Parallel()
	path := writeFile(t, strings.Repeat("#", maxConfigFile+1))
	if _, err := LoadProperties(path); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "more than 1024 KiB") {
		t.Error(err)
	}
}

func TestLoadProperties(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "scalar.db.storage = sqlite\n")
	got, err := LoadProperties(path)
	if diff := cmp.Diff(storage.Properties{"scalar.db.storage": "sqlite"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// FuzzParseProperties checks that no input is read in pieces that depend on how
// it is written: what was read, written with every escape, reads the same.
func FuzzParseProperties(f *testing.F) {
	for _, seed := range []string{
		"", "a=1\nb:2\rc 3\r\n", "# x\\\na=\\\n  1\\\\\n", `k\=\ =\u00e9\ud83d\ude00\t`, "a=\xe9", "\ufeffa=1", "scalar.a=${sys:x:-${sys:y:-z}}", "scalar.a=$${x", `\u`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ParseProperties("first", data)
		if err != nil {
			var problems *ConfigError
			if !errors.As(err, &problems) {
				t.Fatalf("%T", err)
			}
			return
		}
		var b strings.Builder
		for _, key := range first.Keys() {
			value := first[key]
			if strings.HasPrefix(key, keyPrefix) {
				value = strings.ReplaceAll(value, "${", "$${")
			}
			b.WriteString(escapeAll(key) + "=" + escapeAll(value) + "\n")
		}
		second, err := ParseProperties("second", []byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("(-first +second)\n%s", diff)
		}
	})
}

func escapeAll(text string) string {
	special := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`, " ", `\ `, "=", `\=`, ":", `\:`, "#", `\#`, "!", `\!`)
	return special.Replace(text)
}
