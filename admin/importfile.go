package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/scalargen/scalargen/internal/spell"
	"github.com/scalargen/scalargen/schema"
	"github.com/scalargen/scalargen/storage"
)

// Import is a table to import, as an import file of Java's Schema Loader declares
// it.
type Import struct {
	Name        storage.TableName
	Transaction bool
	Types       map[string]storage.Type // chosen for columns; see [Admin.PlanImport]
	Pos         schema.Position
}

// ParseImports reads import files (spec schema.md 4.5): a JSON object of tables,
// whose members are "transaction", true unless it says otherwise, and
// "override-columns-type", the types chosen for columns. The members of a schema
// are accepted and ignored, since keys and columns are those of the database.
//
// It is stricter than Java where that loses what the author wrote, like
// [schema.Parse], but takes JSON only, without comments. The imports are complete
// only if [schema.Diagnostics.Err] reports no error.
func ParseImports(files ...schema.File) ([]Import, schema.Diagnostics) {
	p := &importParser{declared: map[storage.TableName]schema.Position{}}
	for _, f := range files {
		p.parseFile(f)
	}
	return p.imports, p.found
}

// PlanImports returns the steps of [Admin.PlanImport] for each table. The error
// names all tables that cannot be imported.
func (a *Admin) PlanImports(ctx context.Context, imports []Import) (*Plan, error) {
	plan := &Plan{}
	var refused []error
	for _, i := range imports {
		p, err := a.PlanImport(ctx, i.Name, i.Types, i.Transaction && !a.direct)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		plan.Steps = append(plan.Steps, p.Steps...)
	}
	if err := errors.Join(refused...); err != nil {
		return nil, err
	}
	return plan, nil
}

// The members of a table.
const (
	memberTransaction = "transaction"
	memberTypes       = "override-columns-type"
	memberDecoupling  = "transaction-metadata-decoupling"
)

// ignoredMembers are those of a schema and the options of other storages, which
// mean nothing for an import.
var ignoredMembers = []string{
	"partition-key", "clustering-key", "columns", "secondary-index", "compaction-strategy", "replication-strategy", "replication-factor",
	"network-strategy", "ru", "no-scaling", "no-backup",
}

type importParser struct {
	imports  []Import
	found    schema.Diagnostics
	declared map[storage.TableName]schema.Position

	name string
	data []byte // without a byte-order mark
	mark int    // its length
	json *json.Decoder
}

// maxImportFile is more than the tables of a database need.
const maxImportFile = 1 << 20

// errBroken ends a file that is no JSON; it is reported already.
var errBroken = errors.New("broken")

func (p *importParser) parseFile(f schema.File) {
	p.name, p.data = f.Name, bytes.TrimPrefix(f.Data, []byte("\ufeff"))
	p.mark = len(f.Data) - len(p.data)
	p.json = json.NewDecoder(bytes.NewReader(p.data))
	switch {
	case len(p.data) > maxImportFile:
		p.report(schema.Error, 0, "the file has %d bytes, and the limit is %d: split it", len(p.data), maxImportFile)
		return
	case !utf8.Valid(p.data):
		p.report(schema.Error, 0, "the file is not UTF-8: save it as UTF-8")
		return
	}
	isObject, err := p.members(`an import file is a JSON object whose members are tables, such as {"namespace.table": {}}`, p.parseTable)
	if err != nil || !isObject {
		return
	}
	at := p.next()
	if _, err := p.json.Token(); err != io.EOF {
		p.report(schema.Error, at, "there is text after the brace that closes the file: remove it, or move the tables inside the braces")
	}
}

// members reads an object and calls member for each of its members, which must
// read the value. It reports another value as what should be there.
func (p *importParser) members(want string, member func(at int, name string) error) (isObject bool, err error) {
	at := p.next()
	token, err := p.token()
	if err != nil {
		return false, err
	}
	if token != json.Delim('{') {
		p.report(schema.Error, at, "%s", want)
		if token == json.Delim('[') {
			for p.json.More() {
				if err := p.skip(); err != nil {
					return false, err
				}
			}
			_, err = p.token()
		}
		return false, err
	}
	seen := map[string]bool{}
	for p.json.More() {
		at := p.next()
		token, err := p.token()
		if err != nil {
			return true, err
		}
		name := token.(string) // or the decoder would have refused it
		if seen[name] {
			p.report(schema.Error, at, "%q is declared twice: remove one of them", name)
		}
		seen[name] = true
		if err := member(at, name); err != nil {
			return true, err
		}
	}
	_, err = p.token()
	return true, err
}

func (p *importParser) parseTable(at int, fullName string) error {
	i := Import{Transaction: true, Types: map[string]storage.Type{}, Pos: p.position(at)}
	namespace, table, dotted := strings.Cut(fullName, ".")
	i.Name = storage.TableName{Namespace: namespace, Name: table}
	switch first, again := p.declared[i.Name]; {
	case !dotted || namespace == "" || table == "" || strings.Contains(table, "."):
		p.report(schema.Error, at, `table name %q is not of the form "namespace.table"`, fullName)
	case again && first.File != p.name:
		p.report(schema.Error, at, "table %q is declared twice, first at %s: remove one of them", fullName, first)
	}
	p.declared[i.Name] = i.Pos
	_, err := p.members(fmt.Sprintf(`table %q must be an object, such as {} or {"transaction": false}`, fullName), func(at int, member string) error {
		switch {
		case member == memberTypes:
			_, err := p.members(`"override-columns-type" must be an object of columns and types, such as {"at": "TIMESTAMPTZ"}`, func(_ int, column string) error {
				return p.parseType(i.Types, column)
			})
			return err
		case member == memberTransaction:
			return p.parseBoolean(member, &i.Transaction)
		case member == memberDecoupling:
			var decoupled bool
			if err := p.parseBoolean(member, &decoupled); err != nil {
				return err
			}
			if decoupled {
				p.report(schema.Error, at, "tables whose transactions are in another table are not supported: remove %q", member)
			}
			return nil
		case !slices.Contains(ignoredMembers, member):
			hint := ""
			if near := spell.Nearest(member, []string{memberTransaction, memberTypes}); near != "" {
				hint = fmt.Sprintf(": did you mean %q?", near)
			}
			p.report(schema.Warning, at, "%q means nothing for an import, and is ignored%s", member, hint)
		}
		return p.skip()
	})
	p.imports = append(p.imports, i)
	return err
}

// parseType reads the type chosen for a column.
func (p *importParser) parseType(types map[string]storage.Type, column string) error {
	at := p.next()
	text, err := p.scalar()
	if err != nil {
		return err
	}
	typ, known := schema.ParseType(strings.TrimSpace(text))
	if !known {
		p.report(schema.Error, at, "column %q has the type %.40q, and there is no such: write one of BOOLEAN, INT, BIGINT, FLOAT, DOUBLE, TEXT, BLOB, DATE, TIME, TIMESTAMP, TIMESTAMPTZ", column, text)
		return nil
	}
	types[column] = storageTypes[typ]
	return nil
}

// parseBoolean reads a boolean, or one as text. Java takes any other text for
// false.
func (p *importParser) parseBoolean(member string, value *bool) error {
	at := p.next()
	text, err := p.scalar()
	if err != nil {
		return err
	}
	*value = strings.EqualFold(text, "true")
	if !*value && !strings.EqualFold(text, "false") {
		p.report(schema.Error, at, "%q must be true or false", member)
	}
	return nil
}

// scalar reads a value as text, that of the file if it is no string.
func (p *importParser) scalar() (string, error) {
	start := p.next()
	if err := p.skip(); err != nil {
		return "", err
	}
	value := p.data[start:p.json.InputOffset()]
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text, nil
	}
	return string(value), nil
}

// skip reads a value and forgets it.
func (p *importParser) skip() error {
	var value json.RawMessage
	return p.broken(p.json.Decode(&value))
}

func (p *importParser) token() (json.Token, error) {
	token, err := p.json.Token()
	return token, p.broken(err)
}

// broken reports an error of the decoder.
func (p *importParser) broken(err error) error {
	if err == nil {
		return nil
	}
	at := p.next()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		at = len(p.data)
	}
	p.report(schema.Error, at, "this is no JSON: %v", err)
	return errBroken
}

// next returns the offset of the next token.
func (p *importParser) next() int {
	at := int(p.json.InputOffset())
	for at < len(p.data) && strings.IndexByte(" \t\r\n,:", p.data[at]) >= 0 {
		at++
	}
	return at
}

func (p *importParser) report(severity schema.Severity, at int, format string, args ...any) {
	p.found = append(p.found, schema.Diagnostic{Pos: p.position(at), Severity: severity, Message: fmt.Sprintf(format, args...)})
}

func (p *importParser) position(at int) schema.Position {
	before := p.data[:min(at, len(p.data))]
	line := bytes.LastIndexByte(before, '\n') + 1
	return schema.Position{File: p.name, Offset: at + p.mark, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[line:]) + 1}
}
