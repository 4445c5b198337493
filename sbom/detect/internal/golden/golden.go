// Package golden holds what the tests of all detectors do alike: [Check] compares what a
// detector says of a set of small files with a golden file, and other functions check which
// files it wants, what it says of hostile ones ([Fuzz]), and what it costs. It registers the
// flag -update of tests.
package golden

import (
	"bytes"
	"flag"
	"fmt"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Files returns the files of a txtar archive.
func Files(t testing.TB, archive string) []detecttest.File {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	var files []detecttest.File
	for _, f := range a.Files {
		files = append(files, detecttest.File{Path: f.Name, Data: f.Data})
	}
	return files
}

// Check gives each file to d, which must want it, and compares what it says with
// the golden file.
func Check(t *testing.T, d detect.Detector, files []detecttest.File, golden string) {
	t.Helper()
	var got txtar.Archive
	for _, f := range files {
		frag, err := detecttest.DetectFile(t, d, f)
		text := Text(frag)
		if err != nil {
			text = fmt.Appendf(text, "error %v\n", err)
		}
		got.Files = append(got.Files, txtar.File{Name: f.Path, Data: text})
	}
	Compare(t, txtar.Format(&got), golden)
}

// Text writes a fragment for people, one fact a line; nil for a nil fragment.
func Text(frag *detect.Fragment) []byte {
	if frag == nil {
		return nil
	}
	var b bytes.Buffer
	for i := range frag.Components {
		component(&b, &frag.Components[i])
	}
	for i := range frag.Claims {
		claim(&b, &frag.Claims[i])
	}
	for _, a := range frag.Annotations {
		fmt.Fprintf(&b, "annotation %s %v\n", a.Key, a.Properties)
		if len(a.Hashes) > 0 {
			fmt.Fprintf(&b, "  hashes %v\n", a.Hashes)
		}
		references(&b, a.References)
		for _, l := range a.Licenses {
			fmt.Fprintf(&b, "  license %q %q\n", l.Expression, l.Name)
		}
	}
	for _, r := range frag.Relations {
		fmt.Fprintf(&b, "%s %s %s\n", r.From, r.Type, r.To)
	}
	for _, g := range frag.Gaps {
		fmt.Fprintf(&b, "gap %s %s\n", g.Kind, g.Message)
	}
	return b.Bytes()
}

func references(b *bytes.Buffer, list []sbom.Reference) {
	for _, r := range list {
		fmt.Fprintf(b, "  %s %s %q %v\n", r.Type, r.URL, r.Comment, r.Hashes)
	}
}

func component(b *bytes.Buffer, c *detect.Component) {
	fmt.Fprintf(b, "%s %s %v\n  %s %s %s\n", c.Type, c.Key, c.Aliases, c.Name, c.Version, c.PURL)
	fmt.Fprintf(b, "  arch %q scope %q supplier %q description %q properties %v hashes %v cpes %v\n",
		c.Architecture, c.Scope, c.Supplier, c.Description, c.Properties, c.Hashes, c.CPEs)
	if c.Source != nil {
		fmt.Fprintf(b, "  source %s %s\n", c.Source.Name, c.Source.Version)
	}
	references(b, c.References)
	for _, l := range c.Licenses {
		fmt.Fprintf(b, "  license %q %q\n", l.Expression, l.Name)
	}
}

func claim(b *bytes.Buffer, c *detect.Claim) {
	fmt.Fprintf(b, "claim %s %q", c.Key, c.Path)
	if c.Digest != "" {
		fmt.Fprintf(b, " %s", c.Digest)
	}
	if c.Ground != "" {
		fmt.Fprintf(b, " %s", c.Ground)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{c.Tree, "tree"}, {c.Config, "config"}, {c.Optional, "optional"}} {
		if flag.set {
			fmt.Fprintf(b, " %s", flag.name)
		}
	}
	b.WriteString("\n")
}
