// Package schema reads ScalarDB's schema JSON: the file that names an
// application's tables, their columns, keys, indexes and storage options.
//
// [Parse] accepts what Java ScalarDB 3.19's Schema Loader accepts, with the
// same meaning, including what its JSON reader tolerates: comments (//, #,
// /* */), unquoted and single-quoted names, ";" between members, "=" after a
// name. It is stricter where Java silently loses what the author wrote: a
// third part of a table name, a duplicate member, a misspelt member, a word
// after a type, "transaction": "yes", a column listed twice in a key.
//
// Everything wrong in a run is reported at once, each as a [Diagnostic] with
// file, line and column. What Java accepts but one of the storages refuses
// later is a warning that names the storage; [Limits] tells the same facts,
// and the ones too common to warn about, for one table.
//
// Input is hostile until proven otherwise: nesting, file size and number of
// values are bounded, and work is linear in the input.
//
// The package does not talk to databases, does not know Go names, and does
// not read import files (a different format with a similar look).
package schema
