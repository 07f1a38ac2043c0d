// Package sqlstore holds what adapters for SQL databases share: the text of
// statements, the names of indexes, the rows of ScalarDB's metadata table, the
// check of values before they are bound, and the reading of JDBC URLs. It knows
// no driver and runs nothing.
//
// The tables it describes are those of Java ScalarDB's JDBC storage (storage
// spec, section 3).
package sqlstore
