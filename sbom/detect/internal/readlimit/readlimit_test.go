package readlimit

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

func TestReaderAt(t *testing.T) {
	r := New(strings.NewReader("0123456789"), "a/b", 8)
	p := make([]byte, 4)
	for i := range 2 {
		if n, err := r.ReadAt(p, 2); n != 4 || err != nil || string(p) != "2345" {
			t.Fatalf("read %d: %d, %q, %v", i, n, p, err)
		}
	}
	if r.Err() != nil {
		t.Fatal("exceeded within the budget")
	}
	for range 2 {
		if n, err := r.ReadAt(p, 2); n != 0 || !errors.Is(err, detect.ErrLimit) {
			t.Fatalf("read beyond the budget: %d, %v", n, err)
		}
	}
	if !r.Exceeded() || !errors.Is(r.Err(), detect.ErrLimit) {
		t.Fatal("not exceeded beyond the budget")
	}
}

func TestLift(t *testing.T) {
	r := New(strings.NewReader("0123456789"), "a/b", 1)
	r.Lift()
	if n, err := r.ReadAt(make([]byte, 9), 0); n != 9 || err != nil {
		t.Fatalf("after Lift: %d, %v", n, err)
	}
}
