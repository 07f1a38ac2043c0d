package gen

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// fixedLocals are the parameters and variables of generated functions. Nothing
// else that generated code names may be called so.
var fixedLocals = set(`column cond ctx db from k key keys of r record run set to v`)

// nameLocals decides the names that nobody outside the package sees, and which
// therefore need no configuration: whatever is taken gets a number.
func nameLocals(pkg *Package, types *typeTable) {
	taken := map[string]bool{}
	maps.Copy(taken, fixedLocals)
	for _, imp := range ownImports {
		taken[imp.Name] = true
	}
	take := func(name string) string {
		free := name
		for n := 2; taken[free] || isTaken(free); n++ {
			free = name + strconv.Itoa(n)
		}
		taken[free] = true
		return free
	}
	for _, importPath := range slices.Sorted(maps.Keys(types.imports)) {
		imp := types.imports[importPath]
		imp.Name = take(cmp.Or(imp.Name, aliasOf(importPath)))
		std := !strings.Contains(strings.SplitN(importPath, "/", 2)[0], ".")
		imp.Explicit = !std || imp.Name != path.Base(importPath)
	}
	for _, t := range types.types {
		name := t.Type.Name
		if slices.ContainsFunc(types.types, func(other *Type) bool { return other != t && other.Type == t.Type }) {
			name += naturals[t.Base].word // uuid.UUID as TEXT and as BLOB
		}
		t.encode, t.decode = take("encode"+name), take("decode"+name)
		if t.Constants != nil {
			t.check = take("check" + name)
		}
	}
	for _, t := range pkg.Tables {
		t.variable = take(unexported(t.Record) + "Table")
		t.encodeKey, t.encode, t.decode = take("encode"+t.KeyType), take("encode"+t.Record), take("decode"+t.Record)
	}
	for _, t := range pkg.Tables {
		used := map[string]bool{}
		for _, f := range t.Fields {
			f.param = unexported(f.Name)
			for taken[f.param] || used[f.param] || isTaken(f.param) {
				f.param += "Value"
			}
			used[f.param] = true
		}
	}
}

// aliasOf derives a name from an import path: the last element that is not a
// major version, without what Go names cannot have.
func aliasOf(importPath string) string {
	elements := strings.Split(importPath, "/")
	last := elements[len(elements)-1]
	if n := len(elements); n > 1 && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = elements[n-2]
	}
	last, _, _ = strings.Cut(last, ".")
	last = strings.TrimPrefix(last, "go-")
	name := strings.ToLower(strings.Map(func(r rune) rune {
		if isASCIIIdent("x" + string(r)) {
			return r
		}
		return -1
	}, last))
	if !isASCIIIdent(name) {
		return "pkg" + name
	}
	return name
}
