package ospkg

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

func holding(content string) *detect.File {
	return &detect.File{Entry: detect.Entry{Path: "a/b", Size: int64(len(content))}, ReaderAt: strings.NewReader(content)}
}

// TestReadWith: errors say which file, also of what was read before them.
func TestReadWith(t *testing.T) {
	part := new(detect.Fragment)
	read := func(_ *detect.File, text string) (*detect.Fragment, error) {
		if text != "good" {
			return part, detect.ErrFormat
		}
		return part, nil
	}
	if frag, err := ReadContentWith(holding("good"), 4, read); frag != part || err != nil {
		t.Errorf("good: %v, %v", frag, err)
	}
	frag, err := ReadContentWith(holding("bad"), 4, read)
	if frag != part || !errors.Is(err, detect.ErrFormat) || !strings.HasPrefix(err.Error(), "a/b: ") {
		t.Errorf("bad: %v, %v", frag, err)
	}
	if frag, err := ReadContentWith(holding("large"), 4, read); frag != nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("large: %v, %v", frag, err)
	}
	if frag, err := ReadContentWith[[]byte](holding("other"), 4, nil); frag != nil || err != nil {
		t.Errorf("other: %v, %v", frag, err)
	}
	if frag, err := ReadWith(holding("other"), nil); frag != nil || err != nil {
		t.Errorf("other: %v, %v", frag, err)
	}
}

func TestRecord(t *testing.T) {
	r := NewRecord(context.Background(), holding("x"), "root", 1)
	for i, want := range []bool{true, false} {
		if err := r.Claims.Add(detect.Claim{Key: "k"}, "/bin/a", &r.Gaps); (err == nil) != want {
			t.Errorf("claim %d: %v", i, err)
		}
	}
	r.Gaps.Add(sbom.GapCorrupt, "m")
	if frag := r.Fragment(); len(frag.Claims) != 1 || frag.Claims[0].Path != "root/bin/a" || len(frag.Gaps) != 1 {
		t.Errorf("%+v", frag)
	}
}

func TestCutLast(t *testing.T) {
	for in, want := range map[string][2]string{"a/b/c": {"a/b", "c"}, "a": {"", "a"}, "": {}, "a/": {"a", ""}} {
		if dir, base := CutLast(in); dir != want[0] || base != want[1] {
			t.Errorf("CutLast(%q) = %q, %q", in, dir, base)
		}
	}
}
