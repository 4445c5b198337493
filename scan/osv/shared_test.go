package osv

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// sharedOSV is the directory of public records beside the repository.
const sharedOSV = "../../../shared/osv"

var sharedIndex = sync.OnceValues(func() ([]byte, error) {
	var buf bytes.Buffer
	_, err := Build(context.Background(), &buf, Dir(sharedOSV))
	return buf.Bytes(), err
})

// openShared opens an index of all public records; it skips where there are none.
func openShared(t testing.TB) *DB {
	t.Helper()
	if _, err := os.Stat(filepath.Join(sharedOSV, "Debian", "all.zip")); err != nil {
		t.Skipf("no public records: %v", err)
	}
	b, err := sharedIndex()
	if err != nil {
		t.Fatal(err)
	}
	db, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return db
}
