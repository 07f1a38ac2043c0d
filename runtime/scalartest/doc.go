// Package scalartest is for the tests of programs that use generated code: a
// [scalar.DB] with all tables in memory, on which the real transaction engine
// runs, and with faults that a test asks for.
//
//	func TestReserveTwice(t *testing.T) {
//		db := scalartest.Open(t, order.Schema)
//
//		if err := reserve(t.Context(), db, "order-1", 3); err != nil {
//			t.Fatal(err)
//		}
//		if err := reserve(t.Context(), db, "order-1", 3); !errors.Is(err, ErrReserved) {
//			t.Fatalf("second reservation: %v, want ErrReserved", err)
//		}
//	}
//
// # Faults
//
// A [Fault] is given to [Open], or to [Inject] when the tables have been filled:
//
//	scalartest.Inject(db, scalartest.Conflicts(2))
//
// Each answers one question about a program:
//
//   - [Conflicts]: does it do its work once if the transaction runs three times?
//   - [Crash]: what do others see of a transaction whose process died?
//   - [UnknownStatus]: what does it do if it cannot know whether it has committed?
//   - [FailNext], [LoseReply], [LoseRequest], [Delay]: does it survive a database
//     that fails, or is slow?
//
// They strike the same way however a DB commits: in one phase, asynchronously, in
// groups ([scalar.OnePhaseCommit], [scalar.AsyncCommit], [scalar.GroupCommit], by
// [With]), or with many decisions in one request, of which each is an occasion of
// its own.
//
// # Time
//
// What a crashed transaction leaves behind becomes free after 15 seconds.
// [Advance] lets them pass. A DB whose times must be the same in every run
// gets a [Clock]. In a bubble of testing/synctest neither is needed: time.Sleep
// does it, and the pauses of the engine between its attempts cost no time.
//
// # What happened
//
// Transaction ids are tx-1, tx-2 and so on, with group commit behind a random id of
// the group and a $. [History] returns every call that
// reached the storage, for assertions such as "this needs one round trip"; when
// a test fails, the last calls are in its log.
package scalartest
