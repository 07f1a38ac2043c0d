package main

// commitBugs are the bugs of Consensus Commit that ScalarDB has fixed, as far as
// the engine could have them. Two of its list have no counterpart: the cap of the
// reaper is that of package scalar, and a get is no scan of an index here.
var commitBugs = []bug{
	{"group-recovery-by-full-id", "lazy recovery aborts a member by its full id while the group commits the parent (#2135)", []patch{
		in("coordinator.forceAbort", "if isFullID(id) {", "if false && isFullID(id) {"),
	}},
	{"group-abort-by-id-lost", "the abort by id of a member in flight was lost (#3619)", []patch{
		in("Engine.Abort", "won, err := e.coordinator.forceAbort(ctx, id)", "err := e.coordinator.abort(ctx, id, nil)\n\twon := err == nil"),
	}},
	{"group-status-of-parent", "the status of a member was looked up by its full id only (#3619)", []patch{
		in("coordinator.read", "if isFullID(id) {", "if false && isFullID(id) {"),
	}},
	{"group-one-phase-slot", "a member that commits in one phase kept its slot (#2832)", []patch{
		in("Tx.commitOnePhase", "tx.releaseSlot()", ""),
		in("Tx.end", "tx.releaseSlot()", "if len(tx.writes) == 0 || !tx.engine.options.OnePhase {\n\t\ttx.releaseSlot()\n\t}"),
	}},
	{"group-read-only-decided", "a read-only member that writes a decision had no slot to write it in (#3614)", []patch{
		in("Tx.commitReads", "if !tx.engine.options.AlwaysDecide {\n\t\ttx.releaseSlot()\n\t}", "tx.releaseSlot()"),
	}},
	{"before-image-before-abort", "recovery returned the before image while the writer could still commit (#3621)", []patch{
		in("Tx.recoverLatest", "won, err := e.coordinator.forceAbort(ctx, owner)", "won, err := true, error(nil)"),
		in("Tx.recoverLatest", "return e.rollBack(ctx, t, key, observed)",
			"if won, err := e.coordinator.forceAbort(ctx, owner); err != nil || !won {\n\t\t\t\treturn err\n\t\t\t}\n\t\t\treturn e.rollBack(ctx, t, key, observed)"),
	}},
	{"absent-decision-not-read-again", "an absent coordinator row was taken for no commit, though it may have been cleaned up: no second look before the abort (#3650)", []patch{
		in("Tx.recoverLatest", "again, err = e.readRecord(ctx, t, key)", "again, err = row, nil").behind("!t.expired("),
	}},
	{"aborted-record-not-read-again", "the same, no second look after the abort (#3650)", []patch{
		in("Tx.recoverLatest", "again, err = e.readRecord(ctx, t, key)", "again, err = row, nil").behind("e.coordinator.forceAbort("),
	}},
	{"aba-before-the-abort", "another transaction prepared the record meanwhile, and was taken for the first: before the abort (#3650)", []patch{
		in("Tx.recoverLatest", "if t.idOf(again) != owner {", "if false && t.idOf(again) != owner {").behind("!t.expired("),
	}},
	{"aba-after-the-abort", "the same, after the abort (#3650)", []patch{
		in("Tx.recoverLatest", "if t.idOf(again) != owner {", "if false && t.idOf(again) != owner {").behind("e.coordinator.forceAbort("),
	}},
	{"aba-in-the-background", "the same, in a recovery that nobody waits for (#3650)", []patch{
		in("Engine.completeIfDecided", "again == nil || t.isCommitted(again) || t.idOf(again) != owner", "again == nil"),
	}},
	{"hook-of-a-read-only", "a hook that failed for a transaction without writes left an ABORTED row (#3614)", []patch{
		in("Tx.commit", "return tx.commitReads(ctx)", "if _, err := tx.announce(ctx); err != nil {\n\t\t\treturn tx.abandon(ctx, err)\n\t\t}\n\t\treturn tx.commitReads(ctx)"),
	}},
	{"read-twice", "a second read of a record replaced the first in the read set: lost update (#2797)", []patch{
		in("record.noteRead", "if !r.read {", "{"),
	}},
	{"one-phase-error-of-a-commit", "a failure was reported of a transaction that was committed in one phase (#2826)", []patch{
		in("Tx.commitOnePhase", "case storage.NotApplied(err):", "case true:"),
	}},
	{"one-phase-not-looked-up", "the same, when the reply was lost (#2826)", []patch{
		in("Tx.commitOnePhase", "case tx.foundCommitted(ctx):\n\t\treturn nil\n", ""),
	}},
	{"mutations-merged-wrongly", "of several mutations of a record only the last one counted (#2340)", []patch{
		in("Tx.put", "r.columns, r.values = slices.Clone(r.columns), slices.Clone(r.values)", "r.columns, r.values = nil, nil"),
	}},
	{"update-of-a-column-twice", "of two updates of a column the first one counted (#2340)", []patch{
		in("Tx.put", "r.values[at] = changes.Values[i]", "_ = at"),
	}},
	{"scan-over-own-writes", "a scan did not see what the transaction had written or deleted (#2610)", []patch{
		in("Tx.Scan", "mergeOwn(&scan, stored, own)", "mergeOwn(&scan, stored, ownRows{})"),
	}},
	{"put-after-delete", "a put after a delete kept the columns that it does not name (#3319)", []patch{
		in("Tx.put", "r.replace = true\n", "\n"),
	}},
	{"filter-on-the-after-image", "scans missed records whose before image matched (#2786)", []patch{
		in("Scan.widened", "if len(s.Where) == 0 {\n\t\treturn nil\n\t}", "if true {\n\t\treturn s.Where\n\t}"),
	}},
	{"limit-and-insert", "a scan with a limit failed for ever once a record was inserted behind what it returned (#2621)", []patch{
		in("Tx.validateOrdered", "return !s.complete && compare != nil && s.scan.order(row, s.last, compare) > 0", "return false && s.scan.order(row, s.last, compare) > 0"),
	}},
	{"validated-in-another-order", "validation repeated a backward scan forward (#3113)", []patch{
		in("Scan.repetition", "return s.prepared()", "again := s.prepared()\n\t\tagain.Backward = false\n\t\treturn again"),
	}},
	{"validated-without-before-images", "validation repeated a read with another filter (#3113)", []patch{
		in("Scan.repetition", "return s.prepared()", "again := s.prepared()\n\t\tagain.Where = s.Where\n\t\treturn again"),
	}},
	{"index-scan-validated-by-index", "a scan by an index was repeated by the index alone (#2808)", []patch{
		in("Scan.repetition", "if s.Kind != storage.IndexScan {", "if true {"),
	}},
	{"serializable-by-unsafe-index", "index reads were not serializable and yet allowed (#3133)", []patch{
		in("Tx.admitIndex", "tx.isolation != Serializable || ", "true || tx.isolation != Serializable || "),
	}},
	{"before-image-index-not-read", "index reads missed records that a transaction in flight moved away (#3419, #3463)", []patch{
		in("Engine.checksBeforeIndex", "return scan.Kind == storage.IndexScan && ", "return false && scan.Kind == storage.IndexScan && "),
	}},
	{"before-image-index-of-a-key", "an index on a key column was held to need a before-image index (#3487)", []patch{
		in("Table.safeIndex", "return t.meta.InPrimaryKey(column) || ", "return "),
	}},
	{"index-value-after-rollback", "an index read returned a row whose value is another one after the rollback (#3488)", []patch{
		in("Scan.selects", "if s.Kind == storage.IndexScan && ", "if false && s.Kind == storage.IndexScan && "),
	}},
	{"index-row-twice", "an index read saw a record twice (#3607)", []patch{
		in("Tx.stream", "if seen[id] {", "if false && seen[id] {"),
	}},
	{"validated-without-need", "reads were validated although the isolation level does not ask for it (#3311)", []patch{
		in("Tx.validationNeeded", "tx.isolation == Serializable && ", ""),
	}},
	{"before-image-after-commit", "before images stayed after the commit (#2787)", []patch{
		in("Table.commitMutation", "if hasBefore {", "if false && hasBefore {"),
	}},
	{"before-image-after-rollback", "before images stayed after the rollback (#2787)", []patch{
		in("Table.rollbackMutation", "m.Columns = append(m.Columns, t.before...)\n\tm.Values = append(m.Values, t.nulls...)\n", ""),
	}},
	{"row-for-reads", "a transaction without writes left a coordinator row (#2765)", []patch{
		in("Tx.commitReads", "if !tx.engine.options.AlwaysDecide {\n\t\treturn nil\n\t}\n", ""),
	}},
	{"recovery-not-awaited", "a transaction did not wait for the recoveries under what it writes or validates (#2798)", []patch{
		in("Tx.ready", "return tx.waitForRecoveries(ctx)", "return nil"),
	}},
	{"one-phase-without-validation", "one-phase commit skipped the reads of SERIALIZABLE (#3295)", []patch{
		in("Tx.onePhaseGroup", "if tx.validationNeeded() {", "if false && tx.validationNeeded() {"),
	}},
	{"one-phase-without-scans", "one-phase commit skipped the scans of SERIALIZABLE (#3295)", []patch{
		in("Tx.withChecks", " || len(tx.scans) > 0", ""),
	}},
	{"expired-in-use", "the reaper rolled back a transaction in use (#3673)", []patch{
		in("Tx.Expire", "if _, err := tx.claim(over, active); err != nil {", "if !tx.stage.CompareAndSwap(active, over) {"),
		in("Tx.Expire", "defer tx.leaveAlone()", ""),
	}},
	{"write-skew-on-absence", "reads that found nothing were not validated (#65)", []patch{
		in("Tx.validate", "absent = append(absent, r)", "_ = absent"),
	}},
}
