package dpkg_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/dpkg"
)

func TestReferences(t *testing.T) {
	for _, tt := range []struct {
		fields string
		want   []sbom.Reference
	}{
		{"Homepage: https://example.com/a\n", []sbom.Reference{{Type: "website", URL: "https://example.com/a"}}},
		{"Vcs-Browser: https://git.example.com/a\nVcs-Git: https://git.example.com/a.git -b main\nHomepage: UNKNOWN\n",
			[]sbom.Reference{{Type: "vcs", URL: "https://git.example.com/a.git"}}},
		{"Vcs-Browser: https://git.example.com/a\n", []sbom.Reference{{Type: "vcs", URL: "https://git.example.com/a"}}},
		{"", nil},
	} {
		status := "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n" + tt.fields
		frag := detecttest.Detect(t, dpkg.New(), "var/lib/dpkg/status", []byte(status))
		if diff := cmp.Diff(tt.want, frag.Components[0].References); diff != "" {
			t.Errorf("%q: %s", tt.fields, diff)
		}
	}
}

// TestHostReferences compares home pages with what dpkg itself says of the packages of the
// machine, by number and, where dpkg's have no query or fragment, by content.
func TestHostReferences(t *testing.T) {
	frag := detecttest.Detect(t, dpkg.New(), "var/lib/dpkg/status", hostFile(t, "/var/lib/dpkg/status"))
	stated := make(map[string]string)
	for _, row := range query(t, "-W", "-f", "${Package}:${Architecture} ${Homepage}\n") {
		if key, page, _ := strings.Cut(row, " "); strings.Contains(page, "://") {
			stated[key] = page
		}
	}
	size := 0
	for _, c := range frag.Components {
		for _, r := range c.References {
			size += len(r.URL)
			if page := stated[c.Key]; page != r.URL && !strings.ContainsAny(page, "?#") {
				t.Errorf("%s: %q, dpkg says %q", c.Key, r.URL, page)
			}
			delete(stated, c.Key)
		}
	}
	for key, page := range stated {
		t.Errorf("%s: the home page %q is lost", key, page)
	}
	t.Logf("%d packages, addresses of %d bytes", len(frag.Components), size)
}
