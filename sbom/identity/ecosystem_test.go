package identity_test

import (
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
)

func TestEcosystemOf(t *testing.T) {
	debian12 := &sbom.Distribution{ID: "debian", VersionID: "12", Codename: "bookworm"}
	for _, tt := range []struct {
		name string
		purl string
		d    *sbom.Distribution
		want identity.Ecosystem // empty: none
	}{
		{"python", "pkg:pypi/requests@2.0", nil, "PyPI"},
		{"upper-case type", "pkg:NPM/lodash@4", nil, "npm"},
		{"go", "pkg:golang/golang.org/x/net@v0.1.0", debian12, "Go"},
		{"cargo", "pkg:cargo/time@0.1", nil, "crates.io"},
		{"image release wins", "pkg:deb/debian/apt@2?distro=debian-11", debian12, "Debian:12"},
		{"namespace missing", "pkg:deb/apt@2", debian12, "Debian:12"},
		{"qualifier with a point release", "pkg:deb/debian/apt@2?distro=debian-11.4", nil, "Debian:11"},
		{"qualifier with a code name", "pkg:deb/debian/apt@2?distro=bookworm", nil, "Debian:12"},
		{"scout's qualifiers", "pkg:apk/alpine/musl@1?os_name=alpine&os_version=3.24", nil, "Alpine:v3.24"},
		{"testing has a code name only", "pkg:deb/debian/apt@2", &sbom.Distribution{ID: "debian", Codename: "trixie"}, "Debian:13"},
		{"no release", "pkg:deb/debian/apt@2", &sbom.Distribution{ID: "debian"}, ""},
		{"no distribution", "pkg:deb/debian/apt@2", nil, ""},
		{"another distribution's package", "pkg:deb/ubuntu/apt@2", debian12, ""},
		{"derivative without advisories", "pkg:deb/raspbian/apt@2", &sbom.Distribution{ID: "raspbian", VersionID: "12", IDLike: []string{"debian"}}, ""},
		{"ubuntu long-term", "pkg:deb/ubuntu/apt@2", &sbom.Distribution{ID: "ubuntu", VersionID: "22.04"}, "Ubuntu:22.04:LTS"},
		{"ubuntu interim", "pkg:deb/ubuntu/apt@2", &sbom.Distribution{ID: "ubuntu", VersionID: "23.10"}, "Ubuntu:23.10"},
		{"ubuntu odd April", "pkg:deb/ubuntu/apt@2", &sbom.Distribution{ID: "ubuntu", VersionID: "25.04"}, "Ubuntu:25.04"},
		{"old alpine type", "pkg:alpine/musl@1?distro=alpine-3.15.4", nil, "Alpine:v3.15"},
		{"trivy's bare release", "pkg:apk/alpine/musl@1?distro=3.15.4", nil, "Alpine:v3.15"},
		{"alpine edge", "pkg:apk/alpine/musl@1", &sbom.Distribution{ID: "alpine", VersionID: "3.21_alpha20240807"}, "Alpine:edge"},
		{"wolfi", "pkg:apk/wolfi/glibc@2.38-r1", &sbom.Distribution{ID: "wolfi", VersionID: "20230201"}, "Wolfi"},
		{"wolfi by qualifier", "pkg:apk/wolfi/glibc@2.38-r1?distro=wolfi-20230201", nil, "Wolfi"},
		{"alma", "pkg:rpm/almalinux/bash@5", &sbom.Distribution{ID: "almalinux", VersionID: "8.9"}, "AlmaLinux:8"},
		{"alma, as trivy says", "pkg:rpm/alma/bash@5", &sbom.Distribution{ID: "almalinux", VersionID: "8.9"}, "AlmaLinux:8"},
		{"rocky", "pkg:rpm/rocky/bash@5", &sbom.Distribution{ID: "rocky", VersionID: "9.3"}, "Rocky Linux:9"},
		{"red hat", "pkg:rpm/redhat/bash@5", &sbom.Distribution{ID: "rhel", VersionID: "8.6"}, "Red Hat:enterprise_linux:8"},
		{"oracle is not in OSV", "pkg:rpm/oracle/bash@5?distro=oracle-8.6", nil, ""},
		{"suse with a service pack", "pkg:rpm/suse/bash@5", &sbom.Distribution{ID: "sles", VersionID: "15.5"}, "SUSE:Linux Enterprise Server 15 SP5"},
		{"opensuse", "pkg:rpm/opensuse/bash@5", &sbom.Distribution{ID: "opensuse-leap", VersionID: "15.5"}, "openSUSE:Leap 15.5"},
		{"tumbleweed", "pkg:rpm/opensuse/bash@5", &sbom.Distribution{ID: "opensuse-tumbleweed", VersionID: "20240101"}, "openSUSE:Tumbleweed"},
		{"openEuler", "pkg:rpm/openeuler/bash@5", &sbom.Distribution{ID: "openEuler", VersionID: "22.03", Name: "openEuler 22.03 (LTS-SP1)"}, "openEuler:22.03-LTS-SP1"},
		{"a package of Bioconductor", "pkg:cran/Biobase@2.60.0?repository_url=https://bioconductor.org", nil, "Bioconductor"},
		{"a Hex package", "pkg:hex/phoenix@1", nil, "Hex"},
		{"one of an organization at Hex", "pkg:hex/acme/phoenix@1", nil, ""},
		{"arch is not in OSV", "pkg:alpm/arch/zlib@1", &sbom.Distribution{ID: "arch"}, ""},
		{"gentoo is not in OSV", "pkg:ebuild/sys-libs/zlib@1", &sbom.Distribution{ID: "gentoo"}, ""},
		{"generic", "pkg:generic/nginx@1", debian12, ""},
		{"no purl", "", debian12, ""},
		{"broken purl", "pkg:", debian12, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := identity.EcosystemOf(&sbom.Component{PURL: tt.purl}, tt.d)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("EcosystemOf(%q) = %q, %v, want %q", tt.purl, got, ok, tt.want)
			}
		})
	}
}

func TestLookupName(t *testing.T) {
	src := func(name, version string) *sbom.SourcePackage {
		return &sbom.SourcePackage{Name: name, Version: version}
	}
	for _, tt := range []struct {
		name          string
		c             sbom.Component
		eco           identity.Ecosystem
		want, version string
	}{
		{"source package", sbom.Component{PURL: "pkg:deb/debian/libssl3@3.0.11-1", Name: "libssl3", Version: "3.0.11-1", Source: src("openssl", "3.0.11-1")}, "Debian:12", "openssl", "3.0.11-1"},
		{"binary-only rebuild", sbom.Component{PURL: "pkg:deb/debian/coreutils@8.32-4%2Bb1", Version: "8.32-4+b1", Source: src("coreutils", "")}, "Debian:11", "coreutils", "8.32-4"},
		{"source of another version", sbom.Component{PURL: "pkg:deb/debian/bsdutils@1%3A2.38.1-5", Version: "1:2.38.1-5", Source: src("util-linux", "2.38.1-5")}, "Debian:12", "util-linux", "2.38.1-5"},
		{"its own source", sbom.Component{PURL: "pkg:deb/debian/adduser@3.134", Name: "adduser", Version: "3.134"}, "Debian:12", "adduser", "3.134"},
		{"a version like a rebuild", sbom.Component{PURL: "pkg:deb/debian/x@1%2Bbeta", Version: "1+beta", Source: src("x", "")}, "Debian:12", "x", "1+beta"},
		{"apk origin", sbom.Component{PURL: "pkg:apk/alpine/libcrypto3@3.1.4-r5", Name: "libcrypto3", Version: "3.1.4-r5", Source: src("openssl", "")}, "Alpine:v3.18", "openssl", "3.1.4-r5"},
		{"AlmaLinux names binaries", sbom.Component{PURL: "pkg:rpm/almalinux/openssl-libs@1.1.1k-9.el8?epoch=1", Name: "openssl-libs", Source: src("openssl", "1:1.1.1k-9.el8")}, "AlmaLinux:8", "openssl-libs", "1:1.1.1k-9.el8"},
		{"Rocky names sources", sbom.Component{PURL: "pkg:rpm/rocky/openssl-libs@1", Name: "openssl-libs", Version: "1:1", Source: src("openssl", "1:1")}, "Rocky Linux:8", "openssl", "1:1"},
		{"module path keeps its case", sbom.Component{PURL: "pkg:golang/github.com/azure/azure-sdk-for-go@v40.3.0%2Bincompatible", Name: "github.com/Azure/azure-sdk-for-go"}, "Go", "github.com/Azure/azure-sdk-for-go", "40.3.0"},
		{"subpath", sbom.Component{PURL: "pkg:golang/github.com/cncf/udpa@v0.0.1#go"}, "Go", "github.com/cncf/udpa/go", "0.0.1"},
		{"standard library", sbom.Component{PURL: "pkg:golang/stdlib@1.20.3", Name: "stdlib", Version: "go1.20.3"}, "Go", "stdlib", "1.20.3"},
		{"standard library as go", sbom.Component{PURL: "pkg:golang/go@v1.20.3", Name: "go", Version: "v1.20.3"}, "Go", "stdlib", "1.20.3"},
		{"no version", sbom.Component{PURL: "pkg:golang/example.com/m@%28devel%29", Version: "(devel)"}, "Go", "example.com/m", ""},
		{"pep 503", sbom.Component{PURL: "pkg:pypi/zope.interface@5", Name: "Zope._Interface"}, "PyPI", "zope-interface", "5"},
		{"maven", sbom.Component{PURL: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"}, "Maven", "org.apache.logging.log4j:log4j-core", "2.14.1"},
		{"npm scope", sbom.Component{PURL: "pkg:npm/%40angular/core@15.0.0"}, "npm", "@angular/core", "15.0.0"},
		{"composer", sbom.Component{PURL: "pkg:composer/Symfony/http-kernel@v6.0.1"}, "Packagist", "symfony/http-kernel", "v6.0.1"},
		{"gem keeps its case", sbom.Component{PURL: "pkg:gem/RedCloth@4.2"}, "RubyGems", "RedCloth", "4.2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name, version := identity.LookupName(&tt.c, tt.eco)
			if name != tt.want || version != tt.version {
				t.Errorf("LookupName = %q %q, want %q %q", name, version, tt.want, tt.version)
			}
		})
	}
}

func TestFamilyOf(t *testing.T) {
	for typ, want := range map[string]identity.Ecosystem{"deb": "Debian", "apk": "Alpine", "rpm": "Red Hat", "golang": "Go", "generic": ""} {
		if got, ok := identity.FamilyOf(typ); got != want || ok != (want != "") {
			t.Errorf("FamilyOf(%q) = %q, %v", typ, got, ok)
		}
	}
}
