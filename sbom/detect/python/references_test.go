package python_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
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

// TestDirectURL: what PEP 610 says of where a package came from is a reference, and the
// digests of its archive are hashes.
func TestDirectURL(t *testing.T) {
	const sum = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	distribution := []sbom.Reference{{Type: "distribution", URL: "https://example.com/a.whl"}}
	for _, tt := range []struct {
		text string
		want detect.Annotation
	}{
		{`{"url": "https://user:secret@example.com/a.whl#sha256=1", "archive_info": {"hash": "sha256=` + sum + `", "hashes": {"sha256": "` + sum + `", "md5": "0"}}}`,
			detect.Annotation{References: distribution, Hashes: []sbom.Digest{"sha256:" + sum}}},
		{`{"url": "https://example.com/a.whl", "archive_info": {"hash": "sha256=` + sum + `"}, "subdirectory": "b"}`,
			detect.Annotation{References: distribution, Hashes: []sbom.Digest{"sha256:" + sum}, Properties: []sbom.Property{{Name: "python:subdirectory", Value: "b"}}}},
		{`{"url": "ssh://git@example.com/a.git", "vcs_info": {"vcs": "git", "commit_id": "01"}}`,
			detect.Annotation{References: []sbom.Reference{{Type: "vcs", URL: "ssh://git@example.com/a.git"}},
				Properties: []sbom.Property{{Name: "python:vcs.commit", Value: "01"}},
				Qualifiers: []sbom.Property{{Name: "vcs_url", Value: "git+ssh://git@example.com/a.git@01"}}}},
		{`{"url": "file:///src/a", "dir_info": {"editable": true}}`,
			detect.Annotation{Properties: []sbom.Property{{Name: "python:direct_url", Value: "file:///src/a"}, {Name: "python:editable", Value: "true"}}}},
	} {
		frag := detecttest.Detect(t, python.New(), "usr/lib/python3/dist-packages/a-1.dist-info/direct_url.json", []byte(tt.text))
		tt.want.Key = "usr/lib/python3/dist-packages/a-1.dist-info"
		if diff := cmp.Diff([]detect.Annotation{tt.want}, frag.Annotations); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.text, diff)
		}
	}
}
