package detect

import "fmt"

// LimitError is the error of a file or of a part of one that is too large.
type LimitError struct {
	Path  string
	Limit int64  // in bytes, or in the items that What names
	Size  int64  // what was met; 0 when only known to be more than Limit
	What  string // what was counted; bytes if empty
}

// Error says what was too large.
func (e *LimitError) Error() string {
	what := e.What
	if what == "" {
		what = "bytes"
	}
	if e.Size > 0 {
		return fmt.Sprintf("%s: %d %s, limit %d", e.Path, e.Size, what, e.Limit)
	}
	return fmt.Sprintf("%s: more than %d %s", e.Path, e.Limit, what)
}

// Is reports that a LimitError is an ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }
