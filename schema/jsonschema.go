package schema

import (
	_ "embed"
	"slices"
)

//go:embed schema.schema.json
var jsonSchema []byte

// JSONSchema returns a JSON Schema (draft 2020-12) of schema files, for
// editors. It describes the same language as [Parse] as far as JSON Schema
// can: not that keys name declared columns, and not how near a misspelt member
// is to a known one.
func JSONSchema() []byte { return slices.Clone(jsonSchema) }
