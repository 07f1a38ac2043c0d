//go:build linux

package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/scalargen/scalargen/internal/history"
)

// recorded is what the journals of an epoch say.
type recorded struct {
	files    []string
	keys     map[string]map[string]bool // of each partition, table/partition
	outcomes map[string]history.Type    // of each transaction; Invoke if it has none
}

// records reads the journals of an epoch. A last line that a kill has cut off is
// removed.
func (c *closer) records(epoch int) (*recorded, error) {
	files, err := filepath.Glob(filepath.Join(c.dir, fmt.Sprintf("epoch-%05d-*.jsonl", epoch)))
	if err != nil {
		return nil, err
	}
	r := &recorded{files: files, keys: map[string]map[string]bool{}, outcomes: map[string]history.Type{}}
	for _, name := range files {
		if err := r.read(name); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *recorded) read(name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if end := strings.LastIndexByte(string(content), '\n') + 1; end < len(content) {
		content = content[:end]
		if err := os.Truncate(name, int64(end)); err != nil {
			return err
		}
	}
	for e, err := range history.Read(strings.NewReader(string(content)), name) {
		if err != nil {
			return err
		}
		if e.Type != history.Invoke || r.outcomes[e.Tx] == 0 {
			r.outcomes[e.Tx] = e.Type
		}
		for _, op := range e.Value {
			if op.Kind == history.RangeScan {
				continue
			}
			partition := op.Key[:strings.LastIndexByte(op.Key, '/')]
			if r.keys[partition] == nil {
				r.keys[partition] = map[string]bool{}
			}
			r.keys[partition][op.Key] = true
		}
	}
	return nil
}
