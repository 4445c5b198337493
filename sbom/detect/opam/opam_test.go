package opam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

func Example() {
	const content = "license: \"MIT\"\n"
	f := &detect.File{Entry: detect.Entry{Path: "root/.opam/sw/.opam-switch/packages/lwt.5.6.1/opam", Size: int64(len(content))}, ReaderAt: strings.NewReader(content)}
	d := New()
	if !d.Wants(&f.Entry) {
		return
	}
	frag, err := d.Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL, frag.Components[0].Licenses[0].Expression)
	// Output: pkg:opam/lwt@5.6.1 MIT
}

func tree(t testing.TB) []detecttest.File { return golden.Files(t, "testdata/tree.txtar") }

func TestTree(t *testing.T) { golden.Check(t, New(), tree(t), "testdata/tree.golden") }

func TestConformance(t *testing.T) { detecttest.Run(t, New(), tree(t)...) }

func TestWants(t *testing.T) {
	for path, want := range map[string]bool{
		".opam-switch/packages/a.1/opam": true, "a/.opam-switch/packages/a.1/opam": true, "x.opam-switch/packages/a.1/opam": false, "a.1/opam": false,
		".opam-switch/install/a.changes": true, "a.changes": false, "usr/bin/opam": false,
		"usr/lib/ocaml/a/META": true, "usr/lib/ocaml/META": false, "usr/lib/ocaml/METAS/META.a": true, "usr/lib/a/META": false,
		"root/.opam/sw/lib/ocaml/a/META": false, "srv/_opam/lib/ocaml/a/META": false,
	} {
		if got := New().Wants(&detect.Entry{Path: path, Size: 2}); got != want {
			t.Errorf("Wants(%s) = %t", path, got)
		}
	}
	if New().Wants(&detect.Entry{Path: "root/.opam/sw/.opam-switch/packages/lwt.5.6.1/opam"}) {
		t.Error("wants an empty file")
	}
}

// TestTooLarge has a file of each kind that is larger than any that is read.
func TestTooLarge(t *testing.T) {
	for _, file := range tree(t) {
		f := &detect.File{Entry: detect.Entry{Path: file.Path, Size: maxFile + 1}, ReaderAt: strings.NewReader("")}
		if frag, err := New().Detect(context.Background(), f); frag != nil || !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%s: %v, %v", file.Path, frag, err)
		}
	}
}

// FuzzDetect checks the contract, and that nothing is without a version or is claimed
// by what is not there.
func FuzzDetect(f *testing.F) {
	files := tree(f)
	for i, file := range files {
		f.Add(uint8(i), file.Data)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		in := detecttest.File{Path: files[int(which)%len(files)].Path, Data: data}
		if err := detecttest.Check(New(), in); err != nil {
			t.Fatal(err)
		}
		frag, _ := New().Detect(context.Background(), &detect.File{Entry: in.Entry(), ReaderAt: bytes.NewReader(data)})
		if frag == nil {
			return
		}
		keys := make(map[string]bool)
		for _, c := range frag.Components {
			keys[c.Key] = true
			if c.Version == "" || strings.ContainsAny(c.Version, " \t\n") {
				t.Errorf("component %+v", c)
			}
		}
		for _, c := range frag.Claims {
			// What opam recorded is told apart from the package.
			if !keys[c.Key] && c.Key != "root/.opam/sw/opam acme" {
				t.Errorf("claim %+v of nobody", c)
			}
		}
	})
}
