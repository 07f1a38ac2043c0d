// Package config reads scalargen.yaml: what the schema JSON cannot say about
// the Go code that is generated from it.
//
// Everything in the file is optional; an empty file means the defaults. This
// one has every member:
//
//	# yaml-language-server: $schema=https://raw.githubusercontent.com/scalargen/scalargen/main/gen/config/scalargen.schema.json
//	schema: [schema.json, billing/*.json] # relative to this file; default schema.json
//	out: internal/db                      # relative to this file; default .
//	interfaces: true                      # an interface beside every repository
//	storages: [sqlite, cassandra]         # warn about and describe these only
//	legacy-transaction-default: true      # as before ScalarDB 3.7; see below
//
//	packages:                             # by namespace
//	  customer: customerdb                # the Go package, or
//	  order:
//	    name: orderdb
//	    dir: store/orderdb                # below out; default the package's name
//	    doc: Orders and their statements.
//	  archive: {skip: true}               # generate nothing for the namespace
//
//	tables:                               # by namespace.table
//	  order.statements:
//	    record: Statement                 # Go name of one record
//	    repository: Statements            # Go name of the table value
//	    doc: One line of an order.
//	    interface: false                  # overrides interfaces
//	    required: [count]                 # columns that are never NULL: int32, not scalar.Null[int32]
//	    columns:
//	      order_id:
//	        name: Order                   # Go name of the field
//	        doc: The order that the line belongs to.
//	        type:                         # a Go type with conversions
//	          import: github.com/google/uuid
//	          name: UUID
//	          to: String                  # method, or pkg.Func(UUID) string
//	          from: uuid.Parse            # func(string) (UUID, error)
//	      item_id: {type: ItemID}         # a type over int32, declared by scalargen
//	      price: {type: example.com/money.Cents, required: true} # a type over the natural one, declared elsewhere
//	      status:
//	        enum:                         # or the values alone
//	          name: Status                # default StatementStatus
//	          values:                     # as stored, in the order of the constants
//	            - PENDING
//	            - {value: SHIPPED, name: OnItsWay, doc: Handed to the carrier.}
//	  order.audit: {skip: true}
//
// legacy-transaction-default makes a table without the member "transaction" a
// plain storage table, for schema files written for ScalarDB up to 3.6.
//
// [Load] checks the file alone: shapes, words, Go identifiers, paths. [Check]
// compares it with the schema: whatever is named must exist. Names that clash
// in the generated package, and enums that do not fit their column, are found
// by gen.NewPlan, which decides all names and types. All three report
// everything at once as [schema.Diagnostics], with file, line and column.
//
// [JSONSchema] is the file's JSON Schema, for editors.
package config
