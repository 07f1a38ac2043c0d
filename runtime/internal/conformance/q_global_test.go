package conformance

var _ = items(
	item{ID: "Q01", Title: "Begin and enlist: ids given, made or used twice, participants that join, fail to, or do so twice", Verdict: pending, Reason: servicePending},
	item{ID: "Q02", Title: "The order of steps over two participants, and the steps that one without writes, or without reads to validate, is spared", Verdict: pending, Reason: servicePending},
	item{ID: "Q03", Title: "No decision where nobody wrote; a failed validation rolls all back", Verdict: pending, Reason: servicePending},
	item{ID: "Q04", Title: "A participant that cannot prepare, or is not there, aborts all", Verdict: pending, Reason: servicePending},
	item{ID: "Q05", Title: "A decision that conflicts rolls the writers back; an unknown one rolls nobody back", Verdict: pending, Reason: servicePending},
	item{ID: "Q06", Title: "An abort with an unknown outcome is reported, and nobody is rolled back", Verdict: pending, Reason: servicePending},
	item{ID: "Q07", Title: "A participant that cannot complete its records does not stop the others", Verdict: pending, Reason: servicePending},
	item{ID: "Q08", Title: "The write set has a part for each participant, with its name", Verdict: pending, Reason: servicePending},
	item{ID: "Q09", Title: "After the end every call finds no transaction, and rollback does nothing", Verdict: pending, Reason: servicePending},
	item{ID: "Q10", Title: "The life of a participant: calls in a wrong order, scans that are open, release", Verdict: pending, Reason: servicePending},
	item{ID: "Q11", Title: "Transactions that are idle, or too many, are released, but not while a participant holds them", Verdict: pending, Reason: servicePending},
	item{ID: "Q12", Title: "A global transaction over two branches is atomic", Verdict: pending, Reason: servicePending},
	item{ID: "Q13", Title: "The items of A to D and O hold on a global transaction of one branch", Verdict: pending, Reason: servicePending},
)
