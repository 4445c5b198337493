// Package documenttest has inventories to test the readers and writers of
// documents with.
package documenttest

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// Golden returns a small inventory in which every field has a value somewhere.
func Golden() *sbom.Inventory {
	l0 := sbom.Layer{
		Index: 0, DiffID: digest("sha256", 1), Digest: digest("sha256", 2), Size: 29_000_000, UncompressedSize: 77_000_000,
		MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", CreatedBy: "/bin/sh -c #(nop) ADD file:1 in / ",
		Created: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
	}
	l1 := sbom.Layer{Index: 1, DiffID: digest("sha256", 3), Digest: digest("sha256", 4), Size: 512, UncompressedSize: 2048,
		MediaType: "application/vnd.oci.image.layer.v1.tar+zstd", CreatedBy: "RUN apt-get install -y openssl\n&& true"}
	inv := &sbom.Inventory{
		Subject: sbom.Subject{
			Name: "registry.example:5000/team/shop:1.4", Digest: digest("sha256", 5), Index: digest("sha256", 6), Config: digest("sha256", 7),
			MediaType: "application/vnd.oci.image.manifest.v1+json",
			Platform:  sbom.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"},
		},
		Distribution: &sbom.Distribution{ID: "debian", IDLike: []string{"unix"}, VersionID: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"},
		Layers:       []sbom.Layer{l0, l1},
		Components:   goldenComponents(l0.Ref(), l1.Ref()),
		Gaps: []sbom.Gap{
			{Kind: sbom.GapEncrypted, Path: "srv/secret.zip", Layer: l1.Ref(), Detector: "java@1", Message: "the archive is encrypted"},
			{Kind: sbom.GapLimit, Message: "more than 10 levels of nested archives"},
		},
		Tools:   []sbom.Tool{{Vendor: "imagetrust", Name: "imagetrust", Version: "0.1.0"}},
		Created: time.Date(2026, 3, 1, 12, 30, 15, 0, time.UTC),
	}
	for i := range inv.Components {
		inv.Components[i].ID = sbom.ComponentID(&inv.Components[i])
	}
	id := func(name string) string {
		for _, c := range inv.Components {
			if c.Name == name {
				return c.ID
			}
		}
		panic(name)
	}
	inv.Gaps[1].Component = id("shop")
	inv.Relationships = []sbom.Relationship{
		{From: id("openssl"), To: id("libssl3"), Type: sbom.DependsOn},
		{From: id("shop"), To: id("jackson-core"), Type: sbom.Contains},
		{From: id("openssl"), To: id("c_rehash"), Type: sbom.Owns},
	}
	inv.Files = []sbom.File{
		{Path: "usr/bin/openssl", Layer: l1.Ref(), Mode: 0o755, Size: 950_000, Digests: []sbom.Digest{digest("sha256", 8)},
			Kind: sbom.KindELF, Owner: id("openssl"), Claim: sbom.ClaimRecorded, Integrity: sbom.Modified, Recorded: digest("md5", 9)},
		{Path: "usr/bin/c_rehash", Mode: 0o755, Kind: sbom.KindScript, Owner: id("openssl"), Claim: sbom.ClaimRecorded,
			Integrity: sbom.Missing, Recorded: digest("md5", 10)},
		{Path: "usr/local/bin/.helper", Layer: l1.Ref(), Mode: 0o755 | fs.ModeSetuid, Capabilities: "cap_net_raw=ep", Size: 16_000,
			Digests: []sbom.Digest{digest("sha256", 11), digest("sha1", 12)}, Kind: sbom.KindELF},
	}
	inv.Sort()
	return inv
}

func goldenComponents(l0, l1 *sbom.LayerRef) []sbom.Component {
	status := func(value string, l *sbom.LayerRef) sbom.Evidence {
		return sbom.Evidence{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: value,
			Location: sbom.Location{Path: "var/lib/dpkg/status", Layer: l}, Detector: "dpkg@1"}
	}
	return []sbom.Component{
		{
			Type: sbom.TypeLibrary, PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=arm64&distro=debian-12&upstream=openssl",
			Name: "libssl3", Version: "3.0.11-1~deb12u2", Architecture: "arm64", Supplier: "Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>",
			Description: "Secure Sockets Layer toolkit - shared libraries",
			Licenses: []sbom.License{
				{Expression: "Apache-2.0", Location: "usr/share/doc/libssl3/copyright"},
				{Expression: "Artistic-1.0-Perl OR GPL-1.0-or-later", Name: "Artistic or GPL-1+", Location: "usr/share/doc/libssl3/copyright"},
				{Name: "see the authors' page"},
			},
			CPEs:        []string{"cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"},
			Source:      &sbom.SourcePackage{Name: "openssl", Version: "3.0.11-1~deb12u2"},
			Attribution: sbom.Attribution{Introduced: l0, Modified: l1, Visible: true},
			Files:       sbom.FileCounts{Owned: 9, Present: 8, Missing: 1, Modified: 1, Verified: 7},
			Evidence: []sbom.Evidence{status("libssl3", l1), {Field: "license", Technique: sbom.TechniqueManifest, Confidence: 0.8,
				Value: "Apache-2.0", Location: sbom.Location{Path: "usr/share/doc/libssl3/copyright", Layer: l0}, Detector: "dpkg@1"}},
		},
		{
			Type: sbom.TypeLibrary, PURL: "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=arm64&distro=debian-12", Name: "openssl", Version: "3.0.11-1~deb12u2",
			Architecture: "arm64", Attribution: sbom.Attribution{Introduced: l1, Visible: true}, Evidence: []sbom.Evidence{status("openssl", l1)},
		},
		{
			Type: sbom.TypeApplication, PURL: "pkg:golang/example.org/shop@v1.4.0", Name: "shop", Group: "", Version: "v1.4.0",
			Hashes: []sbom.Digest{digest("sha256", 13)}, Licenses: []sbom.License{{Expression: "MIT"}},
			Attribution: sbom.Attribution{Introduced: l1, Visible: true},
			Evidence: []sbom.Evidence{
				{Field: "purl", Technique: sbom.TechniqueBinary, Confidence: 0.95, Value: "example.org/shop", Location: sbom.Location{Path: "srv/shop", Layer: l1}, Detector: "golang@2"},
				{Field: "version", Technique: sbom.TechniqueFilename, Confidence: 0.25, Value: "v1.4.0", Location: sbom.Location{Path: "srv/shop", Layer: l1}, Detector: "golang@2"},
			},
			Properties: []sbom.Property{{Name: "go:vcs.revision", Value: "3f2a"}, {Name: "go:vcs.time", Value: "2026-02-01T00:00:00Z"}},
		},
		{
			Type: sbom.TypeLibrary, PURL: "pkg:maven/com.fasterxml.jackson.core/jackson-core@2.15.0", Group: "com.fasterxml.jackson.core",
			Name: "jackson-core", Version: "2.15.0", Scope: sbom.ScopeBundled, Attribution: sbom.Attribution{Introduced: l1, Visible: true},
			Licenses: []sbom.License{{Expression: "Apache-2.0 OR (MIT AND BSD-3-Clause)"}},
			Evidence: []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 0.9,
				Location: sbom.Location{Path: "srv/app.jar!/BOOT-INF/lib/jackson-core-2.15.0.jar", Layer: l1}, Detector: "java@1"}},
		},
		{
			Type: sbom.TypeLibrary, PURL: "pkg:npm/%40babel/core@7.18.2", Group: "@babel", Name: "core", Version: "7.18.2", Scope: sbom.ScopeDeclared,
			Attribution: sbom.Attribution{Introduced: l1, Visible: true},
			Evidence:    []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 0.3, Location: sbom.Location{Path: "srv/package-lock.json", Layer: l1}, Detector: "npm@1"}},
		},
		{
			Type: sbom.TypeLibrary, PURL: "pkg:npm/left-pad@1.1.3", Name: "left-pad", Version: "1.1.3",
			Attribution: sbom.Attribution{Introduced: l0, Removed: l1},
			Evidence:    []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Location: sbom.Location{Path: "srv/node_modules/left-pad/package.json", Layer: l0}, Detector: "npm@1"}},
		},
		{Type: sbom.TypeFile, Name: "c_rehash", Attribution: sbom.Attribution{Visible: true}, Hashes: []sbom.Digest{digest("sha224", 14), digest("sha512", 15)}},
	}
}

func digest(alg string, n int) sbom.Digest {
	length := map[string]int{"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}[alg]
	return sbom.Digest(fmt.Sprintf("%s:%0*x", alg, length, n))
}

// Large returns an inventory of n components as a distribution's image has them.
func Large(n int) *sbom.Inventory {
	inv := &sbom.Inventory{
		Subject:      sbom.Subject{Name: "example.org/large:1", Digest: digest("sha256", 1)},
		Distribution: &sbom.Distribution{ID: "debian", VersionID: "12"},
		Layers:       []sbom.Layer{{DiffID: digest("sha256", 2)}},
	}
	l := inv.Layers[0].Ref()
	for i := range n {
		name, version := fmt.Sprintf("lib%04d", i), fmt.Sprintf("1.%d-2+deb12u1", i)
		c := sbom.Component{
			Type: sbom.TypeLibrary, Name: name, Version: version, Architecture: "amd64", Supplier: "Maintainers <team@example.org>",
			PURL:        sbom.NewPURL("deb", "debian", name, version, map[string]string{"arch": "amd64", "distro": "debian-12"}),
			Licenses:    []sbom.License{{Expression: "GPL-2.0-or-later", Location: "usr/share/doc/" + name + "/copyright"}},
			Attribution: sbom.Attribution{Introduced: l, Visible: true}, Files: sbom.FileCounts{Owned: 12, Present: 12, Verified: 12},
			Evidence: []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: name,
				Location: sbom.Location{Path: "var/lib/dpkg/status", Layer: l}, Detector: "dpkg@1"}},
		}
		c.ID = sbom.ComponentID(&c)
		inv.Components = append(inv.Components, c)
		if i > 0 {
			inv.Relationships = append(inv.Relationships, sbom.Relationship{From: c.ID, To: inv.Components[i/2].ID, Type: sbom.DependsOn})
		}
	}
	inv.Sort()
	return inv
}

// Random returns a generated inventory. Names, references and texts are taken
// from a small stock of words, so that they collide; some words are hostile.
func Random(seed uint64) *sbom.Inventory {
	g := &generator{rand.New(rand.NewPCG(seed, 1))}
	inv := &sbom.Inventory{Subject: g.subject(), Created: g.time()}
	if g.often() {
		inv.Distribution = &sbom.Distribution{ID: g.word(), IDLike: g.words(), VersionID: g.word(), Codename: g.word(), Name: g.word()}
	}
	for range g.IntN(4) {
		inv.Layers = append(inv.Layers, sbom.Layer{Index: g.IntN(5) - 1, DiffID: g.digest(), Digest: g.digest(), Size: g.Int64(),
			UncompressedSize: -g.Int64(), MediaType: g.word(), CreatedBy: g.word(), Created: g.time()})
	}
	for range g.IntN(8) {
		inv.Components = append(inv.Components, g.component())
	}
	for range g.IntN(8) {
		types := []sbom.RelationshipType{sbom.DependsOn, sbom.Contains, sbom.Owns, sbom.RelationshipType(g.word())}
		inv.Relationships = append(inv.Relationships, sbom.Relationship{From: g.id(inv), To: g.id(inv), Type: types[g.IntN(len(types))]})
	}
	for range g.IntN(4) {
		inv.Files = append(inv.Files, sbom.File{Path: g.word(), Layer: g.layer(), Mode: fs.FileMode(g.Uint32()), Size: g.Int64(), Digests: g.digests(),
			Kind: sbom.FileKind(g.word()), Owner: g.id(inv), Claim: sbom.Claim(g.word()), Integrity: sbom.Integrity(g.word()), Recorded: g.digest()})
	}
	for range g.IntN(4) {
		inv.Gaps = append(inv.Gaps, sbom.Gap{Kind: sbom.GapKind(g.word()), Path: g.word(), Layer: g.layer(), Component: g.id(inv), Detector: g.word(), Message: g.word()})
	}
	for range g.IntN(3) {
		inv.Tools = append(inv.Tools, sbom.Tool{Vendor: g.word(), Name: g.word(), Version: g.word()})
	}
	inv.Sort()
	return inv
}

type generator struct{ *rand.Rand }

func (g *generator) often() bool { return g.IntN(4) != 0 }

// stock has what formats treat specially beside plain words.
var stock = []string{
	"", "", "a", "b", "openssl", "1.2.3-4+b1", "1:2.0~rc1", "libc6", "@babel", "usr/bin/a b", "/usr/lib/x", "MIT", "GPL-2.0-only OR MIT", "Apache-2.0 AND MIT",
	"(MIT)", "LicenseRef-x", "NOASSERTION", "NONE", "Organization: x", "Person: y", "a\nb", "\ttab", " lead", "trail ", "nul\x00", "bad\xff\xfe", "\u2028", "\ufffd", "\uffff",
	"<text>x</text>", "</text>", "<![CDATA[x]]>", "]]>", "&amp;&lt;", `"quoted"`, `"open`, `a"b\c`, "imagetrust:id", "imagetrust:evidence:0:path", "imagetrust:pointer",
	"syft:location:0:path", "syft:cpe23", "aquasecurity:trivy:SrcName", "aquasecurity:trivy:LayerDiffID", "subject", "distribution", "SPDXRef-DOCUMENT", "DOCUMENT",
	"pkg:deb/debian/a@1?arch=amd64&distro=debian-12&upstream=x%402", "pkg:npm/%40a/b@1", "pkg:", "pkg:deb/%zz", "library", "manifest-analysis", "purl", "name", "license",
	"cpe:2.3:a:a:b:1:*:*:*:*:*:*:*", "cpe:/a:b:c", "cpe:2.3:bad", "é", "日本", "urn:cdx:x", "name=value", "a: b", "Tool: x", "built package from: a 1", "excluded", "x-1.0", "elf",
	"acquired package info from DPKG DB: /a, /b", "operating-system", "file", "distribution=none", "#comment", "'", "a\rb", "\u00a0x", "\\", "12",
}

func (g *generator) word() string { return stock[g.IntN(len(stock))] }

func (g *generator) words() []string {
	var w []string
	for range g.IntN(3) {
		w = append(w, g.word())
	}
	return w
}

func (g *generator) digest() sbom.Digest {
	algs := []string{"md5", "sha1", "sha224", "sha256", "sha256", "sha384", "sha512"}
	if g.IntN(6) == 0 {
		return sbom.Digest(g.word())
	}
	return digest(algs[g.IntN(len(algs))], g.IntN(9))
}

func (g *generator) digests() []sbom.Digest {
	var d []sbom.Digest
	for range g.IntN(3) {
		d = append(d, g.digest())
	}
	return d
}

func (g *generator) layer() *sbom.LayerRef {
	if g.IntN(3) == 0 {
		return nil
	}
	return &sbom.LayerRef{Index: g.IntN(4) - 1, DiffID: g.digest()}
}

func (g *generator) time() time.Time {
	if g.IntN(3) == 0 {
		return time.Time{}
	}
	return time.Unix(g.Int64N(1<<34), g.Int64N(2)*g.Int64N(1e9)).UTC()
}

func (g *generator) id(inv *sbom.Inventory) string {
	if len(inv.Components) == 0 || g.IntN(5) == 0 {
		return g.word()
	}
	return inv.Components[g.IntN(len(inv.Components))].ID
}

func (g *generator) subject() sbom.Subject {
	if g.IntN(5) == 0 {
		return sbom.Subject{}
	}
	return sbom.Subject{Name: g.word(), Digest: g.digest(), Index: g.digest(), Config: g.digest(), MediaType: g.word(),
		Platform: sbom.Platform{OS: g.word(), Architecture: g.word(), Variant: g.word(), OSVersion: g.word()}}
}

func (g *generator) component() sbom.Component {
	types := []sbom.ComponentType{sbom.TypeLibrary, sbom.TypeApplication, sbom.TypeFramework, sbom.TypeOperatingSystem, sbom.TypeFile, sbom.TypeContainer, "firmware", sbom.ComponentType(g.word())}
	scopes := []sbom.Scope{"", "", sbom.ScopeDeclared, sbom.ScopeBundled, sbom.ScopeFixture, sbom.ScopeResidual, sbom.Scope(g.word())}
	c := sbom.Component{
		Type: types[g.IntN(len(types))], PURL: g.word(), Group: g.word(), Name: g.word(), Version: g.word(), Scope: scopes[g.IntN(len(scopes))],
		Architecture: g.word(), Supplier: g.word(), Description: g.word(), CPEs: g.words(), Hashes: g.digests(),
		Attribution: sbom.Attribution{Introduced: g.layer(), Modified: g.layer(), Removed: g.layer(), Visible: g.often()},
		Files:       sbom.FileCounts{Owned: g.IntN(3), Present: g.IntN(3), Missing: g.IntN(3), Modified: g.IntN(3), Verified: g.IntN(3)},
	}
	for range g.IntN(4) {
		c.Licenses = append(c.Licenses, sbom.License{Expression: g.word(), Name: g.word(), Location: g.word(), Acknowledgement: sbom.Acknowledgement(g.word())})
	}
	c.Copyright = g.word()
	for range g.IntN(3) {
		c.References = append(c.References, sbom.Reference{Type: g.word(), URL: g.word(), Comment: g.word(), Hashes: g.digests()})
	}
	if g.often() {
		c.Source = &sbom.SourcePackage{Name: g.word(), Version: g.word()}
	}
	for range g.IntN(4) {
		techniques := []sbom.Technique{sbom.TechniqueManifest, sbom.TechniqueBinary, sbom.TechniqueOther, sbom.Technique(g.word())}
		confidences := []float64{0, 1, 0.5, 0.9, 1.0 / 3, -1, 7}
		c.Evidence = append(c.Evidence, sbom.Evidence{Field: g.word(), Technique: techniques[g.IntN(len(techniques))], Confidence: confidences[g.IntN(len(confidences))],
			Value: g.word(), Location: sbom.Location{Path: g.word(), Layer: g.layer()}, Detector: g.word()})
	}
	for range g.IntN(4) {
		if name := g.word(); name != "imagetrust:pointer" {
			c.Properties = append(c.Properties, sbom.Property{Name: name, Value: g.word()})
		}
	}
	c.ID = sbom.ComponentID(&c)
	if !g.often() {
		c.ID = g.word()
	}
	return c
}

// Seeds is how many of n generated inventories a test looks at: a few in a short run, such as that
// of the race detector, which sees nothing new in the others.
func Seeds(n int) uint64 {
	if testing.Short() {
		n = min(n, 5)
	}
	return uint64(n)
}
