package gen

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Write makes dir hold exactly the files, as far as generated files go, and
// returns what it changed: files that differ are replaced, and our files that
// are not among them are removed (see [Compare]). Whatever is up to date is not
// touched. Directories are created and never removed.
//
// All or nothing: the new files are written beside the old ones first, under
// names that Go's tools ignore. Only then are they renamed, types before tables
// before the package's list of tables, and orphans removed at last. If a step
// fails, those before it are undone.
//
// If the process is killed between the first rename and the last, each file is
// whole, old or new. Tables do not refer to each other, so the package still
// compiles, unless a Go name moved from one file to another: a type that became
// or ceased to be shared, or a table renamed without its record. The next run
// completes the work.
func Write(dir string, files []File) (Changes, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return write(rootTree{root}, files)
}

func write(t tree, files []File) (Changes, error) {
	changes, err := compare(t, files)
	if err != nil {
		return nil, fmt.Errorf("nothing was written: %w", err)
	}
	sweep(t, files)
	w := &writer{tree: t, stages: map[string]string{}}
	if err := w.apply(changes); err != nil {
		if failed := w.rollback(); failed != nil {
			return nil, fmt.Errorf("%w; undoing what was already written failed, too, so run again: %w", err, failed)
		}
		return nil, fmt.Errorf("nothing was written: %w", err)
	}
	return changes, w.removeStages()
}

// writer is the state of one write.
type writer struct {
	tree   tree
	stages map[string]string // directory → its directory of files to come
	made   []string          // directories
	undo   []func() error    // of what was done to files
}

// stagePrefix begins the name of a directory with files to come. Go's tools
// ignore names that begin with a dot.
const stagePrefix = ".scalargen-"

func (w *writer) apply(changes Changes) error {
	ordered := slices.Clone(changes)
	slices.SortStableFunc(ordered, func(a, b Change) int { return cmp.Compare(rank(a), rank(b)) })
	for _, c := range ordered {
		if c.Kind != Orphan {
			if err := w.stage(c.Path, c.New, c.mode); err != nil {
				return err
			}
		}
	}
	for _, c := range ordered {
		if c.Kind == Orphan {
			if err := w.tree.Remove(c.Path); err != nil {
				return err
			}
			w.undo = append(w.undo, func() error { return w.restore(c) })
			continue
		}
		if err := w.tree.Rename(w.staged(c.Path), c.Path); err != nil {
			return err
		}
		if c.Kind == New {
			w.undo = append(w.undo, func() error { return w.tree.Remove(c.Path) })
		} else {
			w.undo = append(w.undo, func() error { return w.restore(c) })
		}
	}
	return nil
}

// rank orders changes so that what refers comes after what it refers to.
func rank(c Change) int {
	switch {
	case c.Kind == Orphan:
		return 3
	case path.Base(c.Path) == schemaFile:
		return 2
	case path.Base(c.Path) == typesFile:
		return 0
	}
	return 1
}

// stage writes a file to come.
func (w *writer) stage(name string, data []byte, mode fs.FileMode) error {
	dir := path.Dir(name)
	if w.stages[dir] == "" {
		if err := w.mkdir(dir); err != nil {
			return err
		}
		stage := path.Join(dir, fmt.Sprintf("%s%016x", stagePrefix, rand.Uint64()))
		if err := w.tree.Mkdir(stage, 0o777); err != nil {
			return err
		}
		w.stages[dir] = stage
	}
	if err := w.tree.WriteFile(w.staged(name), data, cmp.Or(mode, 0o666)); err != nil {
		return err
	}
	if mode == 0 {
		return nil
	}
	return w.tree.Chmod(w.staged(name), mode)
}

func (w *writer) staged(name string) string {
	return path.Join(w.stages[path.Dir(name)], path.Base(name))
}

// mkdir creates a directory and those above it.
func (w *writer) mkdir(dir string) error {
	if dir == "." {
		return nil
	}
	if err := w.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	err := w.tree.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		w.made = append(w.made, dir)
	}
	return err
}

// restore puts the old content of a file back.
func (w *writer) restore(c Change) error {
	if err := w.stage(c.Path, c.Old, c.mode); err != nil {
		return err
	}
	return w.tree.Rename(w.staged(c.Path), c.Path)
}

// rollback undoes what was done, last first.
func (w *writer) rollback() error {
	var errs []error
	for _, step := range slices.Backward(w.undo) {
		errs = append(errs, step())
	}
	errs = append(errs, w.removeStages())
	for _, dir := range slices.Backward(w.made) {
		errs = append(errs, w.tree.Remove(dir))
	}
	return errors.Join(errs...)
}

func (w *writer) removeStages() error {
	var errs []error
	for _, dir := range slices.Sorted(maps.Keys(w.stages)) {
		errs = append(errs, w.tree.RemoveAll(w.stages[dir]))
	}
	return errors.Join(errs...)
}

// sweep removes what killed runs left behind. A stage of the last hour may
// belong to a run that is still going on.
func sweep(t tree, files []File) {
	dirs := map[string]bool{}
	for _, f := range files {
		dirs[path.Dir(f.Path)] = true
	}
	for dir := range dirs {
		entries, err := t.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if !e.IsDir() || !strings.HasPrefix(e.Name(), stagePrefix) {
				continue
			}
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > time.Hour {
				t.RemoveAll(path.Join(dir, e.Name()))
			}
		}
	}
}
