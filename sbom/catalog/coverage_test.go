package catalog_test

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// The table in README.md stands between these.
const (
	readme      = "../../README.md"
	tableBegins = "<!-- ecosystems: go test ./sbom/catalog -run TestEcosystems -update -->\n"
	tableEnds   = "<!-- end of ecosystems -->\n"
)

// TestEcosystems holds the table of README.md to what the default detectors say that
// they cover. That they find it, and nothing else, is what package detecttest checks.
func TestEcosystems(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(text, []byte(tableBegins))
	old, after, ok2 := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !ok2 {
		t.Fatalf("%s has no lines %q and %q", readme, tableBegins, tableEnds)
	}
	table := ecosystems(t)
	if diff := cmp.Diff(table, string(old)); diff != "" {
		if !*update {
			t.Fatalf("the table of ecosystems is out of date (-update rewrites it) (-want +got):\n%s", diff)
		}
		text = slices.Concat(before, []byte(tableBegins+table+tableEnds), after)
		if err := os.WriteFile(readme, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// ecosystems returns the table, one line for each detector.
func ecosystems(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| ecosystem | read | purl | scopes | files are owned | checked by | licences | dependencies |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|\n")
	for _, d := range catalog.Detectors() {
		cd, ok := d.(detect.Covering)
		if !ok {
			t.Errorf("the detector %s does not say what it covers (detect.Covering)", d.ID())
			continue
		}
		c := cd.Coverage()
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s | %s | %s | %s | %s |\n", c.Ecosystem, directory(d), reads(c.Reads), list(c.PURLs, quoted),
			list(c.Scopes, scopeWord), list(c.Owns, groundWord), algorithms(c.Checks), mark(c.Licenses), mark(c.Dependencies))
	}
	return b.String()
}

// directory returns the directory of a detector's package, relative to README.md.
func directory(d detect.Detector) string {
	typ := reflect.TypeOf(d)
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	_, dir, _ := strings.Cut(typ.PkgPath(), "github.com/imagetrust/imagetrust/")
	return dir
}

// shownReads is how many files the table names; the rest stands in the packages'
// documentation.
const shownReads = 3

func reads(patterns []string) string {
	shown := list(patterns[:min(len(patterns), shownReads)], func(p string) string {
		if strings.Contains(p, " ") {
			return p // Words, and no pattern.
		}
		return quoted(strings.TrimPrefix(p, "**/"))
	})
	if n := len(patterns) - shownReads; n > 0 {
		shown += fmt.Sprintf(", %d more", n)
	}
	return shown
}

func list[T any](values []T, name func(T) string) string {
	if len(values) == 0 {
		return "–"
	}
	var words []string
	for _, v := range values {
		words = append(words, name(v))
	}
	return strings.Join(words, ", ")
}

func quoted(s string) string { return "`" + s + "`" }

func scopeWord(s sbom.Scope) string {
	if s == sbom.ScopeInstalled {
		return "installed"
	}
	return string(s)
}

var groundWords = map[sbom.Claim]string{
	sbom.ClaimRecorded: "as recorded", sbom.ClaimDirectory: "by directory", sbom.ClaimContent: "by content",
}

func groundWord(c sbom.Claim) string { return groundWords[c] }

// algorithms are the names of algorithms; all of SHA-2 are one.
func algorithms(names []string) string {
	long := strings.Join([]string{"SHA-224", "SHA-256", "SHA-384", "SHA-512"}, ", ")
	return strings.Replace(list(names, algorithmName), long, "SHA-2", 1)
}

// algorithmName writes "sha256" as SHA-256.
func algorithmName(s string) string {
	if bits, ok := strings.CutPrefix(s, "sha"); ok {
		return "SHA-" + bits
	}
	return strings.ToUpper(s)
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return "–"
}
