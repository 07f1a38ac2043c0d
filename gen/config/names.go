package config

import (
	"go/token"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// goName reads an exported Go identifier. It returns "" for anything else.
func (l *loader) goName(n *yaml.Node, what string) string {
	text, ok := l.text(n, what)
	if !ok || !l.checkGoName(n, what, text) {
		return ""
	}
	return text
}

func (l *loader) checkGoName(n *yaml.Node, what, name string) bool {
	switch {
	case token.IsIdentifier(name) && token.IsExported(name):
		return true
	case strings.ContainsFunc(name, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }):
		l.errorf(n, "%s must be a Go identifier, which has letters, digits and _ only, not %s%s", what, quote(name), suggestName(name))
	case name == "":
		l.errorf(n, "%s must be a Go identifier, and is empty", what)
	default:
		l.errorf(n, "%s must begin with an upper-case letter to be seen outside its package, not %s%s", what, quote(name), suggestName(name))
	}
	return false
}

// checkPart checks the latter part of an identifier.
func (l *loader) checkPart(n *yaml.Node, name string) {
	if name == "" || !token.IsIdentifier("A"+name) {
		l.errorf(n, "name must have letters, digits and _ only, because it becomes the end of a Go identifier, not %s%s", quote(name), suggestName(name))
	}
}

// suggestName turns the words of a name into an exported identifier, for the
// end of a message.
func suggestName(name string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(name, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		c, size := utf8.DecodeRuneInString(word)
		b.WriteRune(unicode.ToUpper(c))
		b.WriteString(word[size:])
	}
	if s := b.String(); len(s) <= 64 && token.IsIdentifier(s) && token.IsExported(s) {
		return ": write " + s
	}
	return ""
}

// packageName reads the name of a package that other packages can import.
func (l *loader) packageName(n *yaml.Node, what string) string {
	name, ok := l.text(n, what)
	if !ok {
		return ""
	}
	switch {
	case token.IsKeyword(name):
		l.errorf(n, "%s must be a package name, and %s is a Go keyword: write %sdb", what, quote(name), name)
	case name == "_" || !token.IsIdentifier(name):
		l.errorf(n, "%s must be a package name, which is a Go identifier such as orderdb, not %s", what, quote(name))
	case name == "main" || name == "documentation":
		l.errorf(n, "%s must be a package name, and a package %s cannot be imported: write %sdb", what, name, name)
	case strings.HasSuffix(name, "_test"):
		l.errorf(n, "%s must be a package name, and _test at its end is for tests: write %sdb", what, strings.TrimSuffix(name, "_test"))
	default:
		return name
	}
	return ""
}

// importPath checks the import path of a Go package.
func (l *loader) importPath(n *yaml.Node, text string) {
	switch {
	case text == "":
		l.errorf(n, "import is empty: write the import path of the package that declares the type, or remove import")
	case strings.HasPrefix(text, ".") || strings.HasPrefix(text, "/"):
		l.errorf(n, "import %s is a file path: write the whole import path, beginning with the module's path", quote(text))
	case text == "C" || text == "unsafe" || text == "main":
		l.errorf(n, "import %s is no package with types for columns", quote(text))
	default:
		for element := range strings.SplitSeq(text, "/") {
			if element == "" || element[0] == '.' || element[len(element)-1] == '.' || strings.ContainsFunc(element, notInImportPath) {
				l.errorf(n, "import %s is not an import path: write it as in a Go import, such as github.com/google/uuid", quote(text))
				return
			}
		}
	}
}

// notInImportPath follows the go command's rule for import paths.
func notInImportPath(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~+", c))
}

// schemaPath reads the path or pattern of a schema file.
func (l *loader) schemaPath(n *yaml.Node) (string, bool) {
	text, ok := l.relativePath(n, "schema")
	if !ok {
		return "", false
	}
	if _, err := path.Match(text, ""); err != nil {
		l.errorf(n, "schema: the pattern %s has a [ without its ]", quote(text))
		return "", false
	}
	return path.Clean(text), true
}

// outPath reads the output directory, which may be anywhere beside the file.
func (l *loader) outPath(n *yaml.Node) string {
	text, ok := l.relativePath(n, "out")
	if !ok {
		return ""
	}
	return path.Clean(text)
}

// relativePath reads a path that means the same on every machine.
func (l *loader) relativePath(n *yaml.Node, what string) (string, bool) {
	text, ok := l.text(n, what)
	switch {
	case !ok:
	case text == "":
		l.errorf(n, "%s is empty: write a path, or remove the key", what)
	case strings.ContainsRune(text, '\\'):
		l.errorf(n, "%s %s has a backslash: write / between directories, on Windows too", what, quote(text))
	case path.IsAbs(text) || len(text) > 1 && text[1] == ':':
		l.errorf(n, "%s %s is absolute, and other machines have other directories: write it relative to this file", what, quote(text))
	case strings.ContainsFunc(text, unicode.IsControl):
		l.errorf(n, "%s %s has a control character: remove it", what, quote(text))
	default:
		return text, true
	}
	return "", false
}

// packageDir reads the directory of a package. It stays below the output
// directory, and every platform and the go command can use it.
func (l *loader) packageDir(n *yaml.Node) string {
	text, ok := l.relativePath(n, "dir")
	if !ok {
		return ""
	}
	clean := path.Clean(text)
	for element := range strings.SplitSeq(clean, "/") {
		switch {
		case element == "." && clean == ".":
		case element == "..":
			l.errorf(n, "dir %s leads out of the output directory: set out to a directory above it", quote(text))
			return ""
		case element[0] == '_' || element[0] == '.' || element == "testdata" || element == "vendor":
			l.errorf(n, "dir %s has the element %s, which the go command ignores: rename it", quote(text), quote(element))
			return ""
		case strings.ContainsFunc(element, notInImportPath) || element[len(element)-1] == '.' || reservedOnWindows(element):
			l.errorf(n, "dir %s has the element %s, which some platforms or Go imports cannot name: write letters, digits, -, _ and .", quote(text), quote(element))
			return ""
		}
	}
	return clean
}

// reservedOnWindows reports whether Windows takes the name of a file, with any
// extension, for a device.
func reservedOnWindows(name string) bool {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	switch name {
	case "con", "prn", "aux", "nul":
		return true
	}
	digit := strings.TrimPrefix(strings.TrimPrefix(name, "com"), "lpt")
	return len(name) == 4 && len(digit) == 1 && '1' <= digit[0] && digit[0] <= '9'
}
