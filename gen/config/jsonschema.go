package config

import (
	_ "embed"
	"slices"
)

//go:embed scalargen.schema.json
var jsonSchema []byte

// JSONSchema returns the JSON Schema (draft 7) of scalargen.yaml, for editors.
// It accepts what [Load] accepts; of what Load refuses it misses what needs
// more than the shape of the file, such as a column required and not required.
func JSONSchema() []byte { return slices.Clone(jsonSchema) }
