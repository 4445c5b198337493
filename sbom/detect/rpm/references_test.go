package rpm_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/internal/rpmdb/rpmdbtest"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/rpm"
)

func TestReferences(t *testing.T) {
	data := rpmdbtest.SQLite(
		rpmdbtest.Package("a", "1", "1", "noarch", v(1020, "https://example.com/a"), v(5012, "https://bugs.example.com/a"), v(5034, "git:https://example.com/a.git")),
		rpmdbtest.Package("b", "1", "1", "noarch", v(1020, "(none)"), v(5012, "")))
	frag := detecttest.Detect(t, rpm.New(), sqlite, data)
	want := []sbom.Reference{{Type: "website", URL: "https://example.com/a"}, {Type: "issue-tracker", URL: "https://bugs.example.com/a"},
		{Type: "vcs", URL: "https://example.com/a.git"}}
	if diff := cmp.Diff(want, frag.Components[0].References); diff != "" || frag.Components[1].References != nil {
		t.Errorf("%s, and %v", diff, frag.Components[1].References)
	}
}

// TestRealReferences demands a home page of most packages of real databases: CentOS 5 states
// fewest, three of four.
func TestRealReferences(t *testing.T) {
	for _, path := range moduleDatabases(t) {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			frag := detectReal(t, path)
			n := 0
			for _, c := range frag.Components {
				if len(c.References) > 0 {
					n++
				}
			}
			if all := len(frag.Components); n < all*7/10 {
				t.Errorf("%d of %d packages have references", n, all)
			} else {
				t.Logf("%d of %d packages have references", n, all)
			}
		})
	}
}
