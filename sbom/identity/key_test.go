package identity_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/identity"
)

var debian = &sbom.Distribution{ID: "debian", VersionID: "12"}

// Two spellings, and the lowest level at which they are one component. Pairs
// with LevelNone are near-misses that must stay apart.
var pairs = []struct {
	name string
	a, b string
	want identity.Level
	rule identity.Rule // of b's rewrites at that level
}{
	{"same bytes", "pkg:npm/lodash@4.17.21", "pkg:npm/lodash@4.17.21", identity.LevelBytes, ""},
	{"encoding", "pkg:npm/%40angular/core@15", "pkg:npm/@angular/core@15", identity.LevelPURL, identity.RuleCanonicalPURL},
	{"case of the type", "pkg:pypi/six@1", "pkg:PyPI/six@1", identity.LevelPURL, identity.RuleCanonicalPURL},
	{"order of qualifiers", "pkg:deb/debian/apt@2?arch=all&distro=x", "pkg:deb/debian/apt@2?distro=x&arch=all", identity.LevelPURL, identity.RuleCanonicalPURL},
	{"distro qualifier", "pkg:deb/debian/apt@2?arch=amd64&distro=debian-11", "pkg:deb/debian/apt@2?distro=debian-11.4", identity.LevelEcosystem, identity.RuleQualifiers},
	{"namespace missing", "pkg:deb/debian/apt@2", "pkg:deb/apt@2", identity.LevelEcosystem, identity.RuleNamespace},
	{"namespace by another name", "pkg:rpm/ol/bash@5", "pkg:rpm/oracle/bash@5", identity.LevelEcosystem, identity.RuleNamespace},
	{"alpine type", "pkg:apk/alpine/musl@1.2?distro=3.15.4", "pkg:alpine/musl@1.2?distro=alpine-3.15.4", identity.LevelEcosystem, identity.RuleTypeAlias},
	{"pep 503", "pkg:pypi/ruamel.yaml@1", "pkg:pypi/ruamel-yaml@1", identity.LevelEcosystem, ""},
	{"maven coordinates", "pkg:maven/org.slf4j/slf4j-api@1", "pkg:maven/org.slf4j:slf4j-api@1", identity.LevelEcosystem, identity.RuleMavenName},
	{"go stdlib", "pkg:golang/stdlib@1.20", "pkg:golang/go@1.20", identity.LevelEcosystem, identity.RuleGoStdlib},
	{"go subpath", "pkg:golang/github.com/cncf/udpa/go@v0.1.0", "pkg:golang/github.com/cncf/udpa@v0.1.0#go", identity.LevelEcosystem, identity.RuleSubpath},
	{"doubled go module", "pkg:golang/go.opencensus.io@v0.23.0", "pkg:golang/go.opencensus.io/go.opencensus.io@v0.23.0", identity.LevelEcosystem, identity.RuleDoubled},
	{"rpm epoch", "pkg:rpm/rhel/bash@1%3A5-1", "pkg:rpm/rhel/bash@5-1?epoch=1", identity.LevelEcosystem, identity.RuleEpoch},
	{"npm scope without at", "pkg:npm/%40types/node@1", "pkg:npm/types/node@1", identity.LevelEcosystem, identity.RuleScope},
	{"go v", "pkg:golang/k8s.io/api@v0.22.7", "pkg:golang/k8s.io/api@0.22.7", identity.LevelVersion, ""},
	{"go incompatible", "pkg:golang/a.b/c@40.3.0", "pkg:golang/a.b/c@v40.3.0%2Bincompatible", identity.LevelVersion, identity.RuleIncompatible},
	{"go toolchain", "pkg:golang/stdlib@1.20.3", "pkg:golang/stdlib@go1.20.3", identity.LevelVersion, identity.RuleVersionPrefix},
	{"epoch zero", "pkg:deb/debian/apt@2", "pkg:deb/debian/apt@0:2", identity.LevelVersion, identity.RuleEpochZero},
	{"pacman epoch zero", "pkg:alpm/arch/zlib@1.3-1", "pkg:alpm/arch/zlib@0%3A1.3-1", identity.LevelVersion, identity.RuleEpochZero},
	{"pacman qualifiers", "pkg:alpm/arch/zlib@1.3-1?arch=x86_64&distro=arch", "pkg:alpm/arch/zlib@1.3-1", identity.LevelEcosystem, ""},
	{"pacman namespace", "pkg:alpm/arch/zlib@1.3-1", "pkg:alpm/zlib@1.3-1?os_name=arch", identity.LevelEcosystem, identity.RuleNamespace},
	{"pacman epoch left out", "pkg:alpm/arch/zlib@1.3-1", "pkg:alpm/arch/zlib@1%3A1.3-1", identity.LevelLoose, identity.RuleEpochDropped},
	{"hex names are lowered", "pkg:hex/phoenix@1", "pkg:hex/Phoenix@1", identity.LevelEcosystem, identity.RuleCase},
	{"rock names are lowered", "pkg:luarocks/luafilesystem@1", "pkg:luarocks/LuaFileSystem@1", identity.LevelEcosystem, identity.RuleCase},
	{"nix outputs", "pkg:nix/zlib@1.3?output=dev", "pkg:nix/zlib@1.3", identity.LevelEcosystem, ""},
	{"epoch left out", "pkg:deb/debian/bsdutils@2.36.1", "pkg:deb/debian/bsdutils@1%3A2.36.1", identity.LevelLoose, identity.RuleEpochDropped},
	{"binary-only rebuild", "pkg:deb/debian/coreutils@8.32-4", "pkg:deb/debian/coreutils@8.32-4%2Bb1", identity.LevelLoose, identity.RuleRebuild},

	{"libssl1.1 is not libssl3", "pkg:deb/debian/libssl1.1@3.0", "pkg:deb/debian/libssl3@3.0", identity.LevelNone, ""},
	{"python3-requests is not requests", "pkg:deb/debian/python3-requests@2.28", "pkg:pypi/requests@2.28", identity.LevelNone, ""},
	{"lodash-es is not lodash", "pkg:npm/lodash@4.17.21", "pkg:npm/lodash-es@4.17.21", identity.LevelNone, ""},
	{"scope is identity", "pkg:npm/core@1", "pkg:npm/%40angular/core@1", identity.LevelNone, ""},
	{"group is identity", "pkg:maven/a/core@1", "pkg:maven/b/core@1", identity.LevelNone, ""},
	{"ecosystem is identity", "pkg:npm/six@1", "pkg:pypi/six@1", identity.LevelNone, ""},
	{"major version module", "pkg:golang/a.b/c@v2.0.0", "pkg:golang/a.b/c/v2@v2.0.0", identity.LevelNone, ""},
	{"version is identity", "pkg:npm/a@1.0.0", "pkg:npm/a@1.0.1", identity.LevelNone, ""},
	{"revision is identity", "pkg:deb/debian/a@1-1", "pkg:deb/debian/a@1-2", identity.LevelNone, ""},
	{"distribution is identity", "pkg:deb/debian/a@1", "pkg:deb/ubuntu/a@1", identity.LevelNone, ""},
	{"categories are identity", "pkg:ebuild/app-editors/vim@9", "pkg:ebuild/app-misc/vim@9", identity.LevelNone, ""},
	{"an organization's package", "pkg:hex/acme/phoenix@1", "pkg:hex/phoenix@1", identity.LevelNone, ""},
	{"haskell names have case", "pkg:hackage/Cabal@3", "pkg:hackage/cabal@3", identity.LevelNone, ""},
	{"gem names have case", "pkg:gem/RedCloth@1", "pkg:gem/redcloth@1", identity.LevelNone, ""},
}

func TestLevelOf(t *testing.T) {
	for _, tt := range pairs {
		t.Run(tt.name, func(t *testing.T) {
			a := identity.Canonical(&sbom.Component{PURL: tt.a}, debian)
			b := identity.Canonical(&sbom.Component{PURL: tt.b}, debian)
			if a.Err != nil || b.Err != nil {
				t.Fatal(a.Err, b.Err)
			}
			if got := identity.LevelOf(a, b); got != tt.want {
				t.Fatalf("LevelOf = %v, want %v:\n%q\n%q", got, tt.want, a.Key(identity.LevelLoose), b.Key(identity.LevelLoose))
			}
			named := func(r identity.Rewrite) bool { return r.Rule == tt.rule && r.Level == tt.want }
			if tt.rule != "" && !slices.ContainsFunc(b.RewritesTo(tt.want), named) {
				t.Errorf("no rewrite %s at %v in %v", tt.rule, tt.want, b.Rewrites)
			}
		})
	}
}

func TestCanonicalWithoutPURL(t *testing.T) {
	osA := identity.Canonical(&sbom.Component{Type: sbom.TypeOperatingSystem, Name: "debian", Version: "12.15"}, nil)
	osB := identity.Canonical(&sbom.Component{Type: sbom.TypeOperatingSystem, Name: "debian", Version: "12"}, nil)
	if got := identity.LevelOf(osA, osB); got != identity.LevelEcosystem {
		t.Errorf("operating systems are one at %v", got)
	}
	none := identity.Canonical(&sbom.Component{Name: "mystery", Version: "1"}, nil)
	if !errors.Is(none.Err, identity.ErrPURL) || identity.LevelOf(none, none) != identity.LevelNone {
		t.Errorf("a component without a purl has an identity: %+v", none)
	}
	bad := identity.Canonical(&sbom.Component{PURL: "pkg:npm/"}, nil)
	if !errors.Is(bad.Err, identity.ErrPURL) {
		t.Errorf("bad purl: %v", bad.Err)
	}
}

func TestSourceIdentity(t *testing.T) {
	id := identity.Canonical(&sbom.Component{PURL: "pkg:deb/debian/libssl3@3.0.11-1%2Bb1", Source: &sbom.SourcePackage{Name: "openssl"}}, nil)
	if id.Source != "pkg:deb/debian/openssl" || id.SourceVersion != "3.0.11-1" {
		t.Errorf("source %q %q", id.Source, id.SourceVersion)
	}
}

func TestFileKeys(t *testing.T) {
	digest := sbom.Digest("sha256:" + strings.Repeat("ab", 32))
	a := &sbom.Component{PURL: "pkg:maven/libintl/libintl@0.21", Name: "libintl", Version: "0.21", Hashes: []sbom.Digest{digest, "md5:x"},
		Evidence: []sbom.Evidence{{Location: sbom.Location{Path: "usr/share/java/libintl.jar"}}}}
	b := &sbom.Component{PURL: "pkg:maven/org.gnu.gettext/libintl@0.21", Name: "libintl", Version: "0.21",
		Evidence: []sbom.Evidence{{Location: sbom.Location{Path: "/usr/share/java/libintl.jar"}}}}
	ka := identity.FileKeys(a, identity.Canonical(a, nil))
	kb := identity.FileKeys(b, identity.Canonical(b, nil))
	if len(ka) != 2 || len(kb) != 1 || ka[1] != kb[0] {
		t.Errorf("keys %q and %q", ka, kb)
	}
}

func TestLevelText(t *testing.T) {
	for l := identity.LevelNone; l <= identity.LevelFile; l++ {
		var back identity.Level
		text, _ := l.MarshalText()
		if err := back.UnmarshalText(text); err != nil || back != l {
			t.Errorf("%v: %v %v", l, back, err)
		}
	}
	if err := new(identity.Level).UnmarshalText([]byte("x")); err == nil {
		t.Error("no error for an unknown level")
	}
}

// A key is the canonical spelling: canonicalising it changes nothing.
func FuzzCanonical(f *testing.F) {
	for _, tt := range pairs {
		f.Add(tt.a, "1")
		f.Add(tt.b, "")
	}
	for _, s := range []string{"", "pkg:", "pkg:a/b@c?d=%00#..", "pkg:npm/%2540a%252Fb@1", "pkg:golang/a//b@v v1", "pkg:maven/:a@1", "pkg:swift/a/b@1"} {
		f.Add(s, "v0:1")
	}
	f.Fuzz(func(t *testing.T, purl, version string) {
		id := identity.Canonical(&sbom.Component{PURL: purl, Name: "n", Version: version}, nil)
		if id.Err != nil {
			if !errors.Is(id.Err, identity.ErrPURL) || id.Key(identity.LevelBytes) != "" {
				t.Fatalf("%q: %v", purl, id.Err)
			}
			return
		}
		for l := identity.LevelEcosystem; l <= identity.LevelLoose; l++ {
			key := id.Key(l)
			again := identity.Canonical(&sbom.Component{PURL: string(key)}, nil)
			if again.Err != nil || again.Key(l) != key {
				t.Fatalf("%q has the key %q at %v, which has %q (%v)", purl, key, l, again.Key(l), again.Err)
			}
		}
		canonical, err := identity.CanonicalPURL(purl)
		if again, err2 := identity.CanonicalPURL(canonical); err != nil || err2 != nil || again != canonical {
			t.Fatalf("%q, canonically %q, then %q: %v %v", purl, canonical, again, err, err2)
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	c := &sbom.Component{PURL: "pkg:deb/debian/bsdutils@1%3A2.38.1-5%2Bb1?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1-5"}
	for b.Loop() {
		identity.Canonical(c, debian)
	}
}

func ExampleCanonical() {
	syft := &sbom.Component{PURL: "pkg:alpine/busybox@1.34.1-r5?arch=x86_64&distro=alpine-3.15.4"}
	trivy := &sbom.Component{PURL: "pkg:apk/alpine/busybox@1.34.1-r5?distro=3.15.4"}
	a, b := identity.Canonical(syft, nil), identity.Canonical(trivy, nil)
	level := identity.LevelOf(a, b)
	fmt.Println("one component at level", level)
	for _, r := range a.RewritesTo(level) {
		fmt.Println(r)
	}
	// Output:
	// one component at level ecosystem
	// type-alias: "alpine" -> "apk"
	// qualifiers: "arch=x86_64&distro=alpine-3.15.4" -> ""
	// namespace: "" -> "alpine"
}

func ExampleEcosystemOf() {
	c := &sbom.Component{PURL: "pkg:deb/debian/libssl3@3.0.11-1", Name: "libssl3", Version: "3.0.11-1",
		Source: &sbom.SourcePackage{Name: "openssl"}}
	eco, ok := identity.EcosystemOf(c, &sbom.Distribution{ID: "debian", VersionID: "12"})
	name, version := identity.LookupName(c, eco)
	fmt.Println(eco, ok, name, version)
	// Output: Debian:12 true openssl 3.0.11-1
}

func ExampleCompare() {
	n, err := identity.Compare("Debian:12", "3.0.11-1~deb12u2", "3.0.11-1")
	fmt.Println(n, err)
	// Output: -1 <nil>
}
