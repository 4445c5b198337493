package golden

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Compare compares text with that of a golden file, which -update writes first.
func Compare(t *testing.T, text []byte, golden string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, text) {
		t.Errorf("facts changed (-update rewrites %s; -want +got):\n%s", golden, cmp.Diff(string(want), string(text)))
	}
}
