package osv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/scan"
)

// forms are package URLs as the detectors of this module write them, completed with the
// distribution as the catalog does.
var forms = []struct {
	purl string
	// distribution and release are those of the image.
	distribution, release string
	// ecosystem and name are those of a record that must be found. Without an
	// ecosystem, unassessed is how the reason begins.
	ecosystem, name string
	unassessed      string
}{
	{purl: "pkg:deb/debian/zlib1g@1%3A1.2.13-1?arch=amd64&distro=debian-12", distribution: "debian", release: "12", ecosystem: "Debian:12", name: "zlib1g"},
	{purl: "pkg:deb/ubuntu/zlib1g@1%3A1.2.13-1?arch=amd64&distro=ubuntu-24.04", distribution: "ubuntu", release: "24.04", ecosystem: "Ubuntu:24.04:LTS", name: "zlib1g"},
	{purl: "pkg:apk/alpine/musl@1.2.4-r1?arch=x86_64&distro=alpine-3.20.1", distribution: "alpine", release: "3.20.1", ecosystem: "Alpine:v3.20", name: "musl"},
	{purl: "pkg:apk/wolfi/glibc@2.40-r1?arch=x86_64&distro=wolfi-20230201", distribution: "wolfi", release: "20230201", ecosystem: "Wolfi", name: "glibc"},
	{purl: "pkg:rpm/almalinux/bash@5.1.8-6.el9?arch=x86_64&distro=almalinux-9.4", distribution: "almalinux", release: "9.4", ecosystem: "AlmaLinux:9", name: "bash"},
	{purl: "pkg:rpm/rocky/bash@5.1.8-6.el9?arch=x86_64&epoch=1&distro=rocky-9.4", distribution: "rocky", release: "9.4", ecosystem: "Rocky Linux:9", name: "bash"},
	{purl: "pkg:rpm/redhat/bash@5.1.8-6.el9?arch=x86_64&distro=rhel-9.4", distribution: "rhel", release: "9.4", ecosystem: "Red Hat:enterprise_linux:9::baseos", name: "bash"},
	{purl: "pkg:rpm/opensuse/bash@5.1.8-6?arch=x86_64&distro=opensuse-leap-15.6", distribution: "opensuse-leap", release: "15.6", ecosystem: "openSUSE:Leap 15.6", name: "bash"},
	{purl: "pkg:npm/%40babel/core@7.1.0", ecosystem: "npm", name: "@babel/core"},
	{purl: "pkg:pypi/zope-interface@5.0", ecosystem: "PyPI", name: "zope.interface"},
	{purl: "pkg:golang/golang.org/x/net@v0.1.0", ecosystem: "Go", name: "golang.org/x/net"},
	{purl: "pkg:golang/stdlib@1.22.3", ecosystem: "Go", name: "stdlib"},
	{purl: "pkg:maven/org.slf4j/slf4j-api@1.7.36", ecosystem: "Maven", name: "org.slf4j:slf4j-api"},
	{purl: "pkg:gem/nokogiri@1.15.0?platform=x86_64-linux", ecosystem: "RubyGems", name: "nokogiri"},
	{purl: "pkg:composer/symfony/http-kernel@v6.3.0", ecosystem: "Packagist", name: "symfony/http-kernel"},
	{purl: "pkg:cargo/openssl@0.8.0", ecosystem: "crates.io", name: "openssl"},
	{purl: "pkg:nuget/Newtonsoft.Json@12.0.1", ecosystem: "NuGet", name: "Newtonsoft.Json"},
	{purl: "pkg:hex/phoenix@1.7.0", ecosystem: "Hex", name: "phoenix"},
	{purl: "pkg:pub/http@0.13.0", ecosystem: "Pub", name: "http"},
	{purl: "pkg:swift/github.com/apple/swift-nio@2.40.0", ecosystem: "SwiftURL", name: "github.com/apple/swift-nio"},
	{purl: "pkg:cran/readxl@1.0.0", ecosystem: "CRAN", name: "readxl"},
	{purl: "pkg:cran/limma@3.56.0?repository_url=https://bioconductor.org", ecosystem: "Bioconductor", name: "limma"},
	{purl: "pkg:bioconductor/Biobase@2.60.0", ecosystem: "Bioconductor", name: "Biobase"},
	{purl: "pkg:hackage/aeson@1.5.6.0", ecosystem: "Hackage", name: "aeson"},
	{purl: "pkg:julia/HTTP@1.9.0?uuid=cd3eb016-35fb-5094-929b-558a96fad6f3", ecosystem: "Julia", name: "HTTP"},
	{purl: "pkg:opam/cohttp@5.0.0", ecosystem: "opam", name: "cohttp"},

	{purl: "pkg:hex/acme/phoenix@1.7.0", unassessed: `it is private to the organization "acme" of Hex`},
	{purl: "pkg:swift/github.com/apple/swift-nio@0123456789abcdef0123456789abcdef01234567", unassessed: "its version cannot be ordered"},
	{purl: "pkg:rpm/fedora/bash@5.1.8-6?arch=x86_64&distro=fedora-40", distribution: "fedora", release: "40", unassessed: "there are no advisories for rpm packages of distribution"},
	{purl: "pkg:alpm/arch/zlib@1%3A1.3-1?arch=x86_64&distro=arch", distribution: "arch", unassessed: "there are no advisories"},
	{purl: "pkg:ebuild/sys-libs/zlib@1.3", unassessed: "there are no advisories"},
	{purl: "pkg:opkg/zlib@1.3-1?arch=x86_64", unassessed: "there are no advisories"},
	{purl: "pkg:nix/zlib@1.3?output=out", unassessed: "there are no advisories"},
	{purl: "pkg:brew/homebrew/core/zlib@1.3", unassessed: "there are no advisories"},
	{purl: "pkg:conda/zlib@1.3?build=h_0&channel=conda-forge&subdir=linux-64", unassessed: "there are no advisories"},
	{purl: "pkg:otp/kernel@9.2", unassessed: "there are no advisories"},
	{purl: "pkg:generic/linux-kernel@6.1.0", unassessed: "there are no advisories"},
	{purl: "pkg:github/libuv/libuv@1.51.0", unassessed: "there are no advisories"},
	{purl: "pkg:wordpress/plugin/akismet@5.0", unassessed: "there are no advisories"},
	{purl: "pkg:luarocks/luasocket@3.1.0-1", unassessed: "there are no advisories"},
	{purl: "pkg:cpan/ETHER/Moose@2.2207", unassessed: "there are no advisories"},
	{purl: "pkg:helm/nginx@15.0.0", unassessed: "there are no advisories"},
	{purl: "pkg:docker/library/nginx@1.25", unassessed: "there are no advisories"},
	{purl: "pkg:oci/nginx@sha256%3A0123", unassessed: "there are no advisories"},
}

// TestForms finds a record of each ecosystem by the package URLs that the detectors write.
// For what no advisories are about, the reason says so.
func TestForms(t *testing.T) {
	records := map[string]string{}
	for i, f := range forms {
		if f.ecosystem != "" {
			id := fmt.Sprintf("TEST-%d", i)
			records[id+".json"] = record(id, "2024-01-01T00:00:00Z", f.ecosystem, f.name, "99:99")
			if !strings.HasPrefix(f.purl, "pkg:deb") && !strings.HasPrefix(f.purl, "pkg:rpm") {
				records[id+".json"] = record(id, "2024-01-01T00:00:00Z", f.ecosystem, f.name, "99.0.0")
			}
		}
	}
	records["OTHER.json"] = record("OTHER", "2024-01-01T00:00:00Z", "SwiftURL", "github.com/apple/other", "1.0.0")
	b, stats := build(t, FS(mapFS(records)))
	db, err := OpenBytes(b)
	if err != nil || stats.Rejected > 0 {
		t.Fatal(err, stats.Failures)
	}
	for i, f := range forms {
		rep := scanForm(t, db, f.purl, f.distribution, f.release)
		switch {
		case f.unassessed != "":
			if len(rep.Unassessed) != 1 || !strings.HasPrefix(rep.Unassessed[0].Reason, f.unassessed) || len(rep.Findings) > 0 {
				t.Errorf("%s: findings %v, unassessed %+v", f.purl, rep.Findings, rep.Unassessed)
			}
		case len(rep.Findings) != 1 || rep.Findings[0].ID != fmt.Sprintf("TEST-%d", i) || len(rep.Unassessed) > 0:
			t.Errorf("%s: findings %v, unassessed %+v", f.purl, rep.Findings, rep.Unassessed)
		}
	}
}

// TestEveryTypeHasAForm: no detector gives package URLs that TestForms does not try.
func TestEveryTypeHasAForm(t *testing.T) {
	tried := map[string]bool{}
	for _, f := range forms {
		typ, _, _ := strings.Cut(strings.TrimPrefix(f.purl, "pkg:"), "/")
		tried[typ] = true
	}
	for _, d := range catalog.Detectors() {
		if cd, ok := d.(detect.Covering); ok {
			for _, typ := range cd.Coverage().PURLs {
				if !tried[typ] {
					t.Errorf("the detector %s gives package URLs of type %q, which are not tried", d.ID(), typ)
				}
			}
		}
	}
}

// TestPublicRecords finds public records of each ecosystem that there are some of.
func TestPublicRecords(t *testing.T) {
	db := openShared(t)
	for _, tt := range []struct{ purl, distribution, release, id string }{
		{"pkg:cargo/openssl@0.8.0", "", "", "RUSTSEC-2016-0001"},
		{"pkg:gem/actionmailer@3.2.14", "", "", "RUBYSEC-ACTIONMAILER-CVE-2013-4389"},
		{"pkg:composer/3f/pygmentize@1.1", "", "", "PHPSEC-3f-pygmentize-2017-05-15"},
		{"pkg:cran/readxl@1.0.0", "", "", "RSEC-2023-0"},
		{"pkg:hackage/aeson@1.5.6.0", "", "", "HSEC-2023-0001"},
		{"pkg:julia/Gettext_jll@0.20.1%2B0?uuid=78b55507-aeef-58d4-861c-77aaff3498b1", "", "", "JLSEC-2025-174"},
		{"pkg:rpm/almalinux/koan@2.0.7-1?arch=noarch", "almalinux", "8.9", "ALBA-2019:0986"},
		{"pkg:apk/alpine/musl@1.1.15-r3?arch=x86_64", "alpine", "3.11.2", "ALPINE-CVE-2016-8859"},
	} {
		if rep := scanForm(t, db, tt.purl, tt.distribution, tt.release); !found(rep, tt.id) {
			t.Errorf("%s: no finding %s: %v, unassessed %+v", tt.purl, tt.id, rep.Findings, rep.Unassessed)
		}
	}
	// The next build of a Julia package has the fix.
	if rep := scanForm(t, db, "pkg:julia/Gettext_jll@0.20.1%2B1?uuid=78b55507-aeef-58d4-861c-77aaff3498b1", "", ""); found(rep, "JLSEC-2025-174") || len(rep.Unassessed) > 0 {
		t.Errorf("the fixed build has findings %v, unassessed %+v", rep.Findings, rep.Unassessed)
	}
}

func found(rep *scan.Report, id string) bool {
	for i := range rep.Findings {
		for _, have := range rep.Findings[i].IDs() {
			if have == id {
				return true
			}
		}
	}
	return false
}

// scanForm scans an inventory of one component.
func scanForm(t *testing.T, db *DB, purl, distribution, release string) *scan.Report {
	t.Helper()
	c := sbom.Component{ID: "c", Type: sbom.TypeLibrary, PURL: purl}
	p, err := c.ParsePURL()
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.Version = p.Name, p.Version
	inv := &sbom.Inventory{Components: []sbom.Component{c}}
	if distribution != "" {
		inv.Distribution = &sbom.Distribution{ID: distribution, VersionID: release}
	}
	rep, err := NewScanner(db, nil).Scan(t.Context(), inv)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}
