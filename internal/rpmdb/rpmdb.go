// Package rpmdb reads the package headers in an RPM database: in SQLite, as rpm
// has them since 4.16, in ndb, as SUSE has them, and in Berkeley DB, as before.
//
// It reads what rpm writes and nothing more of the three formats. All reads are
// bounded: no part of a file is read twice for two packages, so that the work is
// proportional to the file's size whatever is in it. Nothing panics, no
// goroutines are started, and nothing is written.
//
// A damaged package is an error in its place among the others.
package rpmdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/imagetrust/imagetrust/internal/sqlite"
)

// Errors that those of this package wrap.
var (
	// ErrFormat: the data is no such database, or damaged.
	ErrFormat = errors.New("malformed RPM database")
	// ErrUnsupported: a feature of the file format that rpm does not use.
	ErrUnsupported = errors.New("unsupported RPM database")
	// ErrLimit: a header is larger than MaxHeader, or has too many parts.
	ErrLimit = errors.New("RPM header over the limit")
)

// MaxHeader is the length in bytes of the longest header that is read. The
// headers of the largest packages, with some 100,000 files, have about 10 MB.
const MaxHeader = 32 << 20

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...))
}

// Headers iterates over the headers of all packages in a database of size bytes,
// in the order of the file. A header is valid until the next. An error concerns
// one package, or a part of the file whose packages are then missing.
func Headers(r io.ReaderAt, size int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var head [32]byte
		if n, err := r.ReadAt(head[:], 0); n < len(head) {
			yield(nil, malformed("too short: %v", err))
			return
		}
		switch {
		case bytes.HasPrefix(head[:], []byte(sqlite.Magic)):
			sqliteHeaders(r, size, yield)
		case bytes.HasPrefix(head[:], []byte("RpmP")):
			ndbHeaders(r, size, yield)
		default:
			bdbHeaders(r, size, yield)
		}
	}
}

// sqliteHeaders reads the headers in the table Packages(hnum INTEGER PRIMARY KEY, blob
// BLOB).
func sqliteHeaders(r io.ReaderAt, size int64, yield func([]byte, error) bool) {
	for row, err := range sqlite.Rows(r, size, "Packages", MaxHeader) {
		var blob []byte
		switch {
		case err == nil:
			var ok bool
			if blob, ok = row.Blob(1); !ok {
				err = malformed("a row of Packages has no blob")
			}
		case errors.Is(err, sqlite.ErrLimit):
			err = fmt.Errorf("%w: %w", ErrLimit, err)
		case errors.Is(err, sqlite.ErrUnsupported):
			err = fmt.Errorf("%w: %w", ErrUnsupported, err)
		default:
			err = fmt.Errorf("%w: %w", ErrFormat, err)
		}
		if !yield(blob, err) {
			return
		}
	}
}
