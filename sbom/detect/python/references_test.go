package python_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/python"
)

func TestReferences(t *testing.T) {
	for _, tt := range []struct {
		fields, supplier string
		want             []sbom.Reference
	}{
		{"Author-email: \"Ann\" <a@example.com>\nProject-URL: Repository, https://example.com/a.git\nProject-URL: issue-tracker, https://example.com/a/issues\n",
			"Ann <a@example.com>", []sbom.Reference{{Type: "vcs", URL: "https://example.com/a.git"}, {Type: "issue-tracker", URL: "https://example.com/a/issues"}}},
		{"Author: UNKNOWN\nAuthor-email: UNKNOWN\nMaintainer: Bob\nMaintainer-email: b@example.com\nDownload-URL: https://example.com/a.tar.gz\n",
			"Bob <b@example.com>", []sbom.Reference{{Type: "distribution", URL: "https://example.com/a.tar.gz"}}},
		{"Author: Ann, Bob\nAuthor-email: Ann <a@example.com>, Bob <b@example.com>\nHome-page: UNKNOWN\n", "Ann, Bob", nil},
		{"Author: Ann\nAuthor-email: a@example.com, b@example.com\nProject-URL: Repository\nProject-URL: Fund, https://example.com/\n", "Ann", nil},
	} {
		frag := detecttest.Detect(t, python.New(), "usr/lib/python3/dist-packages/a-1.dist-info/METADATA", []byte("Name: a\nVersion: 1\n"+tt.fields))
		c := frag.Components[0]
		if diff := cmp.Diff(tt.want, c.References); diff != "" || c.Supplier != tt.supplier {
			t.Errorf("%q: supplier %q, %s", tt.fields, c.Supplier, diff)
		}
	}
}
