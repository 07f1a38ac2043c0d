package scalar

// IsAtLeastVersion0_1 is named by generated code. If it does not compile, the
// generated code needs a newer version of this module, or was written by a
// generator so old that this version no longer serves it: bring both to the
// same version and generate again.
const IsAtLeastVersion0_1 = true
