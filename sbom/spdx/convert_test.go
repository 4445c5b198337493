package spdx

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestConversionKeepsFields reads documents of other tools, writes them again, and looks
// in the fields of SPDX, without our annotations, for every fact of a package or a
// file: whoever converts a document wants it in its place.
func TestConversionKeepsFields(t *testing.T) {
	for _, file := range otherDocuments(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before := parseRaw(t, text)
		if before.version3 {
			continue // other fields; TestNothingIsLostSilently counts what is read
		}
		inv, err := Decode(bytes.NewReader(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		after := parseRaw(t, encode(t, inv, &Options{Format: JSON23}))
		kept, total, moved := before.keptIn(after)
		t.Logf("%s: %d of %d facts in fields of SPDX 2.3 again; not those of %v", filepath.Base(file), kept, total, moved)
		if kept*100 < total*93 {
			t.Errorf("%s: %d of %d facts", file, kept, total)
		}
		if theirs, ok := syftConvert(t, file); ok {
			n, _, lost := before.keptIn(theirs)
			t.Logf("%s: syft convert keeps %d of %d; not those of %v", filepath.Base(file), n, total, lost)
			if n > kept {
				t.Errorf("%s: %d facts kept, syft convert keeps %d", file, kept, n)
			}
		}
	}
}

// keptIn counts the facts about packages and files that another document states too.
func (d *rawDocument) keptIn(after *rawDocument) (kept, total int, moved []string) {
	for _, e := range d.elements {
		fields := after.named(e.facts)
		for _, f := range e.facts {
			total++
			if slices.Contains(fields, f.value) || slices.Contains(fields, strings.ToUpper(strings.ReplaceAll(f.value, "-", "_"))) {
				kept++
			} else if !slices.Contains(moved, f.field) {
				moved = append(moved, f.field)
			}
		}
	}
	return kept, total, moved
}

// syftConvert returns the document as syft converts it. It reports false where there
// is no syft, or where it refuses the document.
func syftConvert(t *testing.T, file string) (*rawDocument, bool) {
	t.Helper()
	syft, err := exec.LookPath("syft")
	if err != nil {
		return nil, false
	}
	out := filepath.Join(t.TempDir(), "converted.json")
	cmd := exec.Command(syft, "convert", "-q", file, "-o", "spdx-json@2.3="+out)
	cmd.Env = append(os.Environ(), "SYFT_CHECK_FOR_APP_UPDATE=false")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Logf("syft convert %s: %v %.200s", filepath.Base(file), err, msg)
		return nil, false
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return parseRaw(t, text), true
}

// named returns the values of all elements that share the first fact, the name.
func (d *rawDocument) named(facts []rawFact) []string {
	name := ""
	for _, f := range facts {
		if f.field == "name" || f.field == "fileName" {
			name = f.value
		}
	}
	var values []string
	for _, e := range d.elements {
		if slices.ContainsFunc(e.facts, func(f rawFact) bool { return f.value == name && (f.field == "name" || f.field == "fileName") }) {
			for _, f := range e.facts {
				if !strings.HasPrefix(f.value, heading) {
					values = append(values, f.value)
				}
			}
		}
	}
	return values
}
