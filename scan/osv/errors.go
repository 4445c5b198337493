package osv

import (
	"errors"
	"fmt"
)

// Errors of opening and reading an index.
var (
	// ErrFormat: the file is no index, or one of another format version.
	ErrFormat = errors.New("osv: not an index of this format")
	// ErrCorrupt: the file does not hold what its header commits to, or its
	// structure is broken.
	ErrCorrupt = errors.New("osv: corrupt index")
)

// Errors of building and scanning.
var (
	// ErrRecord: a record does not follow the OSV schema.
	ErrRecord = errors.New("osv: malformed record")
	// ErrLimit: an input is larger than the limit.
	ErrLimit = errors.New("osv: over the limit")
	// ErrNoRecords: the sources hold not one usable record.
	ErrNoRecords = errors.New("osv: no records")
)

// RecordError says which record was not understood. It is an item of
// [BuildStats.Failures].
type RecordError struct {
	// Name is the record's file in its source, such as "PyPI/PYSEC-2023-1.json".
	Name string
	// Err wraps ErrRecord, ErrLimit or the error of reading.
	Err error
}

// Error implements error.
func (e *RecordError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

// Unwrap returns e.Err.
func (e *RecordError) Unwrap() error { return e.Err }
