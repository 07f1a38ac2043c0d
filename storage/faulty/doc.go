// Package faulty wraps a storage in a network that fails by script: it loses
// requests and replies, delays and repeats them, parks calls until a test lets
// them go, and lets scans lag behind. The storage below stays a real one, so
// what a test sees is what a user of a failing database would see.
//
//	s := faulty.Wrap(memory.New(), faulty.Rules(
//		faulty.On(faulty.Mutate).Table("coordinator", "state").Nth(3).Do(faulty.LoseReply),
//		faulty.On(faulty.Get).Do(faulty.Delay(time.Second)),
//	))
//
// A batch is one call, MutateBatch, and what happens to it happens to each of
// its groups; [Cut] lets it happen to some of them.
//
// A [Script] decides what happens to each call; [Rules] builds one from rules,
// but any function will do. [Storage.Calls] tells what was called and what
// became of it, so that tests can count round trips instead of timing them.
//
// All waiting is done with timers and channels and ends with the context, so
// the wrapper can run in a synctest bubble.
package faulty
