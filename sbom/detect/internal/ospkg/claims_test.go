package ospkg

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

func file(text string, size int64) *detect.File {
	return &detect.File{Entry: detect.Entry{Path: "db", Size: size}, ReaderAt: strings.NewReader(text)}
}

func TestRead(t *testing.T) {
	if text, err := Read(file("abc", 3), 3); text != "abc" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := Read(file("abc", 3), 2); !errors.Is(err, detect.ErrLimit) || errors.Is(err, detect.ErrFormat) {
		t.Errorf("too long: %v", err)
	}
	if _, err := Read(file("abc", 4), 9); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("cut off: %v", err)
	}
}

func TestClaims(t *testing.T) {
	var gaps Gaps
	s := NewClaims(file("", 0), "opt/r", 3)
	for _, recorded := range []string{"/usr/bin/ls", "./usr/share/doc/x", "/", "a\x00", "../../etc/passwd"} {
		if err := s.Add(detect.Claim{Key: "k"}, recorded, &gaps); err != nil {
			t.Fatal(err)
		}
	}
	want := []detect.Claim{{Key: "k", Path: "opt/r/usr/bin/ls"}, {Key: "k", Path: "opt/r/usr/share/doc/x", Optional: true},
		{Key: "k", Path: "opt/r/etc/passwd"}}
	if !reflect.DeepEqual(s.List(), want) || len(gaps.List()) != 2 {
		t.Errorf("%+v, gaps %v", s.List(), gaps.List())
	}
	var limit *detect.LimitError
	if err := s.Add(detect.Claim{Key: "k"}, "x", &gaps); !errors.As(err, &limit) || limit.What != "files" {
		t.Errorf("one more: %v", err)
	}
	s = NewClaims(file("", 0), "", 1<<20)
	for err := error(nil); err == nil; {
		err = s.Add(detect.Claim{Key: "k"}, strings.Repeat("a", 4000), &gaps)
		if len(s.List()) > 1<<20/4000 {
			t.Fatal("a budget of 1 MiB is not kept")
		}
		if err != nil && !errors.Is(err, detect.ErrLimit) {
			t.Error(err)
		}
	}
}

func TestLicenses(t *testing.T) {
	if got := Licenses(" ", "f", nil); got != nil {
		t.Errorf("%v", got)
	}
	if got := Licenses("mit", "f", nil); !reflect.DeepEqual(got, []sbom.License{{Expression: "MIT", Name: "mit", Location: "f"}}) {
		t.Errorf("%v", got)
	}
	if got := Licenses("MIT", "f", nil); !reflect.DeepEqual(got, []sbom.License{{Expression: "MIT", Location: "f"}}) {
		t.Errorf("%v", got)
	}
}

func TestRelations(t *testing.T) {
	got, ok := Relations("a", []string{"c", "", "a", "b", "c"}, 2)
	want := []detect.Relation{{From: "a", To: "b", Type: sbom.DependsOn}, {From: "a", To: "c", Type: sbom.DependsOn}}
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, ok)
	}
	if got, ok := Relations("a", []string{"b", "c"}, 1); ok || len(got) != 1 {
		t.Errorf("%v, %v", got, ok)
	}
}

func TestChecked(t *testing.T) {
	var g Gaps
	for v, want := range map[string]string{"1.0": "1.0", "1 0": "", "": ""} {
		if got := g.Checked("p", "version", v, ValidVersion); got != want {
			t.Errorf("%q: %q", v, got)
		}
	}
	if len(g.List()) != 2 {
		t.Errorf("gaps %v", g.List())
	}
}
