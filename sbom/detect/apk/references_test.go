package apk_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/apk"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

func TestReferences(t *testing.T) {
	frag := detecttest.Detect(t, apk.New(), "lib/apk/db/installed", []byte("P:a\nV:1\nA:x\nU:https://example.com/a?x=y\n\nP:b\nV:1\nA:x\nU:none\n\n"))
	want := []sbom.Reference{{Type: "website", URL: "https://example.com/a"}}
	if diff := cmp.Diff(want, frag.Components[0].References); diff != "" || frag.Components[1].References != nil {
		t.Errorf("%s, and %v", diff, frag.Components[1].References)
	}
}

// TestSharedReferences compares home pages with the lines of real databases that state
// one.
func TestSharedReferences(t *testing.T) {
	paths, _ := filepath.Glob("../../../../shared/pkgdb/alpine-*.installed")
	if len(paths) == 0 {
		t.Skip("the collection of package databases is not here")
	}
	line := regexp.MustCompile(`(?m)^U:(https?://[^?#\n]+)$`)
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, m := range line.FindAllSubmatch(data, -1) {
			want = append(want, string(m[1]))
		}
		for _, c := range detecttest.Detect(t, apk.New(), "lib/apk/db/installed", data).Components {
			for _, r := range c.References {
				got = append(got, r.URL)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
			t.Errorf("%s: %d home pages: %s", p, len(got), diff)
		}
	}
}
