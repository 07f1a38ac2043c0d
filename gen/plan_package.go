package gen

import (
	"path"
	"strings"
	"unicode"

	"github.com/scalargen/scalargen/gen/config"
	"github.com/scalargen/scalargen/schema"
)

// namePackage decides the package clause and the directory. The name of the
// namespace is used in lower case without separators, as Go's packages are:
// order_service becomes orderservice.
func (p *planner) namePackage(pkg *Package, at schema.Position) {
	c := p.config.Packages[pkg.Namespace]
	if c == nil {
		c = &config.Package{}
	} else {
		at = c.Pos
	}
	pkg.Doc = c.Doc
	pkg.Name, pkg.Dir = c.Name, c.Dir
	if pkg.Name == "" {
		pkg.Name = packageName(pkg.Namespace)
	}
	if pkg.Name == "" {
		p.errorf(at, "namespace %s has no name that Go's import paths allow (ASCII letters and digits): add to scalargen.yaml, with a name of your choice:  %s",
			shown(pkg.Namespace), packageLine(pkg.Namespace, "name", "orders"))
		return
	}
	if problem := packageProblem(pkg.Name); problem != "" {
		p.errorf(at, "the package of namespace %s cannot be named %s: %s; choose another name, such as  %s",
			shown(pkg.Namespace), quoted(pkg.Name), problem, packageLine(pkg.Namespace, "name", safePackageName(pkg.Name)))
		return
	}
	if pkg.Dir == "" {
		pkg.Dir = pkg.Name
	}
	if problem := dirProblem(pkg.Dir); problem != "" {
		p.errorf(at, "the package of namespace %s cannot be written to directory %s: %s; choose another one, such as  %s",
			shown(pkg.Namespace), quoted(pkg.Dir), problem, packageLine(pkg.Namespace, "dir", pkg.Name))
	}
}

// packageName derives a package name from a namespace, "" if it is not ASCII
// or has no letter or digit. A name that Go or its tools treat specially gets
// db at its end, one that begins with a digit at its start.
func packageName(namespace string) string {
	var b strings.Builder
	for _, r := range namespace {
		switch {
		case r > unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return ""
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		}
	}
	if b.Len() == 0 || len(b.String()) > maxFileBase {
		return ""
	}
	return safePackageName(b.String())
}

func safePackageName(name string) string {
	if name[0] >= '0' && name[0] <= '9' {
		return "db" + name
	}
	if packageProblem(name) != "" || dirProblem(name) != "" {
		return strings.TrimSuffix(name, "_test") + "db"
	}
	return name
}

// packageProblem tells why a package cannot have the name, or "".
func packageProblem(name string) string {
	switch {
	case !isASCIIIdent(name):
		return "a package name consists of ASCII letters and digits and does not begin with a digit"
	case isTaken(name):
		return "the word has a meaning in Go"
	case name == "main":
		return "package main is a program and cannot be imported"
	case name == "documentation":
		return "Go ignores files of package documentation"
	case strings.HasSuffix(name, "_test"):
		return "the ending _test is for packages of tests"
	}
	return ""
}

func isASCIIIdent(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// dirProblem tells why packages cannot lie in a directory below the output
// directory, or "".
func dirProblem(dir string) string {
	if dir == "." {
		return ""
	}
	if path.Clean(dir) != dir || path.IsAbs(dir) || strings.HasPrefix(dir, "..") || strings.Contains(dir, `\`) {
		return "it must be a relative path with slashes and without . and .., below the output directory"
	}
	elements := strings.Split(dir, "/")
	for i, element := range elements {
		stem, _, _ := strings.Cut(strings.ToLower(element), ".")
		switch {
		case strings.ContainsFunc(element, func(r rune) bool {
			return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._~+", r)
		}):
			return "import paths consist of ASCII letters, digits and - . _ ~ +"
		case strings.HasPrefix(element, "_"), strings.HasPrefix(element, "."), element == "testdata":
			return "Go's tools ignore " + quoted(element)
		case element == "vendor":
			return "vendor is for copies of other modules"
		case element == "internal" && i == len(elements)-1:
			return "a package named internal itself cannot be imported from beside the output directory; one below it can"
		case strings.HasSuffix(element, "."), windowsDevices[stem]:
			return "Windows has no file named " + quoted(element)
		}
	}
	return ""
}

var windowsDevices = set(`con prn aux nul com1 com2 com3 com4 com5 com6 com7 com8 com9
	lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9`)

// checkDirs reports namespaces that share a directory, on any file system.
func (p *planner) checkDirs(packages []*Package) {
	first := map[string]*Package{}
	for _, pkg := range packages {
		if pkg.Dir == "" {
			continue // reported
		}
		key := strings.ToLower(pkg.Dir)
		other := first[key]
		if other == nil {
			first[key] = pkg
			continue
		}
		at := pkg.Tables[0].Schema.Pos
		if c := p.config.Packages[pkg.Namespace]; c != nil {
			at = c.Pos
		}
		p.errorf(at, "namespaces %s and %s would both be generated in directory %s: add to scalargen.yaml, with a name of your choice:  %s",
			shown(other.Namespace), shown(pkg.Namespace), pkg.Dir, packageLine(pkg.Namespace, "name", pkg.Name+"2"))
	}
}
