package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	codes "modernc.org/sqlite/lib"

	"github.com/scalargen/scalargen/storage"
)

// lockSlice is how long SQLite itself waits for a lock at a time. Between two
// slices the context is looked at. Were the context given to the driver
// instead, a write that is cancelled as it ends could not be told from one that
// never began.
const lockSlice = 50 * time.Millisecond

// lockWait repeats a statement that found the database locked. SQLite has
// undone the statement completely by then, so running it again is the first
// time that it runs.
type lockWait struct {
	since time.Time
}

// again reports whether to run the statement that failed with err once more;
// otherwise it returns the error to report.
func (w *lockWait) again(ctx context.Context, s *Storage, err error) (bool, error) {
	if !isBusy(err) {
		return false, err
	}
	if w.since.IsZero() {
		w.since = time.Now().Add(-s.lockSlice())
	}
	if time.Since(w.since) >= s.config.busyTimeout {
		return false, fmt.Errorf("another process held the lock on the database for %v: %w", s.config.busyTimeout, err)
	}
	// SQLite does not wait at all where it sees a deadlock.
	pause := time.NewTimer(time.Millisecond)
	defer pause.Stop()
	select {
	case <-pause.C:
		return true, nil
	case <-s.closed:
		return false, storage.ErrClosed
	case <-ctx.Done():
		return false, fmt.Errorf("waiting for another process to release the lock on the database: %w", ctx.Err())
	}
}

func (s *Storage) lockSlice() time.Duration { return min(lockSlice, s.config.busyTimeout) }

func isBusy(err error) bool {
	return resultCode(err)&primaryCode == codes.SQLITE_BUSY
}

// primaryCode masks the primary part of an extended result code.
const primaryCode = 0xff

// resultCode returns the extended SQLite result code of err, 0 if it has none.
func resultCode(err error) int {
	var e interface{ Code() int } // the driver's Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}
