package rules

import (
	"strings"
	"testing"
)

// TestNear finds a version that stands alone by the strings beside it.
func TestNear(t *testing.T) {
	table, err := Read(strings.NewReader(`[[product]]
name = "a"
near = ["need dictionary"]
examples = [{ text = "1.2.13\u0000need dictionary", version = "1.2.13" }, { text = "so we need dictionary\u0000v1.2.13", version = "1.2.13" }]
never = ["1.2.13\u0000you need dictionary", "1.2.13", "x1.2.13\u0000need dictionary", "1.2.13 of\u0000need dictionary", "1.2.13\u0000a\u0000need dictionary"]
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Check(); err != nil {
		t.Error(err)
	}
}

// TestSigns needs one of the signs, or all anchors, and a version of one of the shapes.
func TestSigns(t *testing.T) {
	table, err := Read(strings.NewReader(`[[product]]
name = "a"
signs = ["Unspecified error code", "Frame descriptor", "hex:01 02 61 62 63 64 65 66"]
bare = "1.4.#|1.5.0-9"
examples = [{ text = "1.4.9\u0000Unspecified error code", version = "1.4.9" }, { text = "Frame descriptor\u00001.5.0", version = "1.5.0" }, { text = "\u0001\u0002abcdef\u00001.5.0", version = "1.5.0" }]
never = ["1.4.9", "1.5.10\u0000Unspecified error code", "1.6.0\u0000Unspecified error code", "1.4\u0000Unspecified error code"]
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Check(); err != nil {
		t.Error(err)
	}
}

// TestReleases finds versions that are not written as such.
func TestReleases(t *testing.T) {
	table, err := Read(strings.NewReader(`[[product]]
name = "a"
text = ["^curses {m}"]
releases = [{ text = "\u000020914\u0000  ", version = "2.9.14" }]
examples = [{ text = "x\u000020914\u0000  \u0000", version = "2.9.14" }, { text = "curses 6.4.20221231", version = "6.4" }, { text = "curses 6.5", version = "6.5" }]
never = ["20914", "120914\u0000  "]
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Check(); err != nil {
		t.Error(err)
	}
}
