package sbom_test

import (
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestQualifyPURL(t *testing.T) {
	debian := &sbom.Distribution{ID: "debian", VersionID: "12"}
	for _, tt := range []struct {
		name string
		purl string
		d    *sbom.Distribution
		want string
	}{
		{"deb", "pkg:deb/bash@5.2.15-2?arch=amd64", debian, "pkg:deb/debian/bash@5.2.15-2?arch=amd64&distro=debian-12"},
		{"already qualified", "pkg:deb/ubuntu/bash@5?distro=ubuntu-22.04", debian, "pkg:deb/ubuntu/bash@5?distro=ubuntu-22.04"},
		{"namespace only", "pkg:deb/debian/bash@5", debian, "pkg:deb/debian/bash@5?distro=debian-12"},
		{"epoch and upstream keep their encoding", "pkg:deb/libc6@1:2.36-9%2Bdeb12u8?upstream=glibc", debian,
			"pkg:deb/debian/libc6@1:2.36-9%2Bdeb12u8?distro=debian-12&upstream=glibc"},
		{"no distribution", "pkg:deb/bash@5", nil, "pkg:deb/bash@5"},
		{"distribution without id", "pkg:deb/bash@5", &sbom.Distribution{Name: "x"}, "pkg:deb/bash@5"},
		{"rolling", "pkg:apk/musl@1.2.5-r0", &sbom.Distribution{ID: "wolfi"}, "pkg:apk/wolfi/musl@1.2.5-r0?distro=wolfi"},
		{"rhel", "pkg:rpm/bash@5.1.8-6.el9?arch=x86_64", &sbom.Distribution{ID: "rhel", VersionID: "9.2"},
			"pkg:rpm/redhat/bash@5.1.8-6.el9?arch=x86_64&distro=rhel-9.2"},
		{"opensuse", "pkg:rpm/bash@5", &sbom.Distribution{ID: "opensuse-leap", VersionID: "15.5"},
			"pkg:rpm/opensuse/bash@5?distro=opensuse-leap-15.5"},
		{"arch", "pkg:alpm/pacman@6.0.1-1?arch=x86_64", &sbom.Distribution{ID: "arch"}, "pkg:alpm/arch/pacman@6.0.1-1?arch=x86_64&distro=arch"},
		{"other ecosystem", "pkg:npm/left-pad@1.3.0", debian, "pkg:npm/left-pad@1.3.0"},
		{"not a package URL", "bash@5", debian, "bash@5"},
		{"empty", "", debian, ""},
		{"hostile id", "pkg:deb/bash@5", &sbom.Distribution{ID: "a?b#c", VersionID: "1&x=y"},
			"pkg:deb/a%3Fb%23c/bash@5?distro=a%3Fb%23c-1%26x%3Dy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := sbom.QualifyPURL(tt.purl, tt.d)
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if again := sbom.QualifyPURL(got, tt.d); again != got {
				t.Errorf("qualified again: %s", again)
			}
		})
	}
}

func ExampleQualifyPURL() {
	purl := sbom.NewPURL("deb", "", "bash", "5.2.15-2+b7", map[string]string{"arch": "amd64"})
	fmt.Println(sbom.QualifyPURL(purl, &sbom.Distribution{ID: "debian", VersionID: "12"}))
	// Output: pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12
}

// FuzzQualifyPURL checks that qualifying twice is qualifying once, and that the
// result is canonical.
func FuzzQualifyPURL(f *testing.F) {
	f.Add("pkg:deb/bash@5.2.15-2?arch=amd64", "debian", "12")
	f.Add("pkg:rpm/a/b@1:2?epoch=0&distro=#s", "opensuse-leap", "15.5&x=%")
	f.Add("pkg:apk//musl@1", "a/b", "")
	f.Fuzz(func(t *testing.T, purl, id, version string) {
		d := &sbom.Distribution{ID: id, VersionID: version}
		once := sbom.QualifyPURL(purl, d)
		if twice := sbom.QualifyPURL(once, d); twice != once {
			t.Fatalf("%q became %q, then %q", purl, once, twice)
		}
	})
}
