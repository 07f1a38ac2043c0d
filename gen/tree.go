package gen

import (
	"io/fs"
	"os"
)

// tree is the output directory. Names are relative and have slashes; whatever
// leads out of it, by .. or through a symbolic link, is refused.
type tree interface {
	Lstat(name string) (fs.FileInfo, error)
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	WriteFile(name string, data []byte, mode fs.FileMode) error
	Chmod(name string, mode fs.FileMode) error
	Mkdir(name string, mode fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	RemoveAll(name string) error
}

// rootTree is a tree of files.
type rootTree struct{ *os.Root }

func (t rootTree) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(t.FS(), name) }
