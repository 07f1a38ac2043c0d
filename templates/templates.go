// Package templates holds the pages that scalargen writes: the files of a new
// repository and the descriptions of a schema. What reads like a page is here;
// what loops over columns to make Go code is in package gen.
//
// Each page is a text/template below this directory and is given one of the
// view types of this package, which say all that it can use.
package templates

import (
	"embed"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"text/template"
)

//go:embed describe all:scaffold
var pages embed.FS

const ending = ".tmpl"

var functions = template.FuncMap{
	"cell":    markdownCell,
	"code":    markdownCode,
	"entity":  mermaidEntity,
	"word":    mermaidWord,
	"comment": mermaidComment,
	"join":    strings.Join,
}

// Formats returns the names that [Describe] knows, the default first.
func Formats() []string { return []string{"text", "markdown", "mermaid"} }

// Describe writes the description of tables in one of the [Formats].
func Describe(w io.Writer, format string, tables []Table) error {
	page, err := template.New(format+ending).Funcs(functions).ParseFS(pages, path.Join("describe", format+ending))
	if err != nil {
		return err
	}
	if format != "text" {
		return page.Execute(w, tables)
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if err := page.Execute(columns, tables); err != nil {
		return err
	}
	return columns.Flush()
}

// File is a file of a new repository. Path has forward slashes.
type File struct {
	Path string
	Data []byte
}

// Scaffold returns the files of a new repository, by path.
func Scaffold(app App) ([]File, error) {
	var files []File
	err := fs.WalkDir(pages, "scaffold", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		page, err := template.New(path.Base(name)).Funcs(functions).ParseFS(pages, name)
		if err != nil {
			return err
		}
		var b strings.Builder
		if err := page.Execute(&b, app); err != nil {
			return err
		}
		files = append(files, File{strings.TrimSuffix(strings.TrimPrefix(name, "scaffold/"), ending), []byte(b.String())})
		return nil
	})
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, err
}
