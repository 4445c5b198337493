package osrelease_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/osrelease"
)

func TestReferences(t *testing.T) {
	frag := detecttest.Detect(t, osrelease.New(), "etc/os-release", []byte(`ID=fedora
VERSION_ID=40
CPE_NAME="cpe:/o:fedoraproject:fedora:40"
VENDOR_NAME="Fedora Project"
HOME_URL="https://fedoraproject.org/"
SUPPORT_URL="https://ask.fedoraproject.org/"
BUG_REPORT_URL="https://bugzilla.redhat.com/"
`))
	want := []sbom.Reference{{Type: "website", URL: "https://fedoraproject.org/"}, {Type: "support", URL: "https://ask.fedoraproject.org/"},
		{Type: "issue-tracker", URL: "https://bugzilla.redhat.com/"}}
	c := frag.Components[0]
	if diff := cmp.Diff(want, c.References); diff != "" || c.Supplier != "Fedora Project" || len(c.CPEs) != 1 {
		t.Errorf("%q, %v: %s", c.Supplier, c.CPEs, diff)
	}
}
