package rpm

import (
	"slices"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/rpmdb"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// publicKey is the name of the packages that hold the keys rpm trusts.
const publicKey = "gpg-pubkey"

// readHeader adds the package of a header.
func (db *database) readHeader(blob []byte) error {
	p, err := rpmdb.Parse(blob)
	if err != nil {
		return err
	}
	if p.Name == publicKey {
		return nil
	}
	if !ospkg.ValidName(p.Name) {
		db.gaps.Add(sbom.GapCorrupt, "a package has no valid name: %s", ospkg.Clip(p.Name))
		return nil
	}
	if p.Err != nil {
		db.gaps.Add(gapKind(p.Err), "package %s: %v", p.Name, p.Err)
	}
	if len(db.frag.Components) == maxPackages {
		return db.limit(maxPackages, "packages")
	}
	db.add(db.component(p), record{
		claims:   len(db.frag.Claims),
		provides: db.wordsOf(p.Provides),
		requires: db.wordsOf(p.Requires),
	})
	return db.readFiles(p)
}

func (db *database) add(c detect.Component, r record) {
	db.frag.Components = append(db.frag.Components, c)
	db.all = append(db.all, r)
}

// component builds the component of a package with a valid name. Its key is set
// by finish.
func (db *database) component(p *rpmdb.Package) detect.Component {
	name := strings.Clone(p.Name)
	arch := db.checked(p.Name, "architecture", p.Arch, ospkg.ValidName)
	version := db.checked(p.Name, "version", p.Version, ospkg.ValidVersion)
	if version != "" {
		if db.checked(p.Name, "release", p.Release, ospkg.ValidVersion) != "" {
			version += "-" + p.Release
		}
	}
	epoch := ""
	if p.Epoch > 0 {
		epoch = strconv.FormatInt(p.Epoch, 10)
	}
	label := strings.Clone(p.ModularityLabel)
	if label != "" && !ospkg.ValidVersion(label) {
		db.gaps.Add(sbom.GapCorrupt, "package %s has the malformed module label %s", p.Name, ospkg.Clip(label))
		label = ""
	}
	src, srpm := db.source(p, epoch, version)

	var c detect.Component
	c.Type = sbom.TypeLibrary
	c.Name = name
	c.Version = withEpoch(epoch, version)
	c.Architecture = arch
	c.PURL = sbom.NewPURL("rpm", "", name, version,
		map[string]string{"arch": arch, "epoch": epoch, "upstream": srpm, "modularitylabel": label})
	c.Source = src
	c.Supplier = stated(p.Vendor)
	if c.Supplier == "" {
		c.Supplier = stated(p.Packager)
	}
	c.Description = ospkg.Text(p.Summary)
	c.Licenses = licenses(p.License, db.path)
	c.References = origin.Refer(nil, origin.Website, p.URL)
	c.References = origin.Refer(c.References, origin.IssueTracker, p.BugURL)
	c.References = origin.Refer(c.References, origin.VCS, p.VCS)
	if label != "" {
		c.Properties = []sbom.Property{{Name: "rpm:modularitylabel", Value: label}}
	}
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.PURL}}
	return c
}

func withEpoch(epoch, version string) string {
	if epoch == "" || version == "" {
		return version
	}
	return epoch + ":" + version
}

// stated returns a value as text for people; empty for rpm's word for none.
func stated(s string) string {
	if s == "(none)" {
		return ""
	}
	return ospkg.Text(s)
}

// checked returns a value that must be there and valid; what is not is a gap, and
// empty.
func (db *database) checked(name, what, v string, valid func(string) bool) string {
	switch {
	case v == "":
		db.gaps.Add(sbom.GapIncomplete, "package %s has no %s", name, what)
		return ""
	case !valid(v):
		db.gaps.Add(sbom.GapCorrupt, "package %s has the malformed %s %s", name, what, ospkg.Clip(v))
		return ""
	}
	return strings.Clone(v)
}

// source returns the source package, from the name of its archive,
// "name-version-release.src.rpm", and that name. It states no epoch: the source
// has the package's when it has its version and release too, as nearly all do.
func (db *database) source(p *rpmdb.Package, epoch, version string) (*sbom.SourcePackage, string) {
	file := stated(p.SourceRPM)
	if file == "" {
		return nil, ""
	}
	stem, ok := strings.CutSuffix(file, ".src.rpm")
	if !ok {
		stem, ok = strings.CutSuffix(file, ".nosrc.rpm")
	}
	release := strings.LastIndexByte(stem, '-')
	dash := strings.LastIndexByte(stem[:max(release, 0)], '-')
	if !ok || dash <= 0 || !ospkg.ValidName(stem[:dash]) || !ospkg.ValidVersion(stem[dash+1:]) {
		db.gaps.Add(sbom.GapCorrupt, "package %s has the malformed source %s", p.Name, ospkg.Clip(file))
		return nil, ""
	}
	src := &sbom.SourcePackage{Name: stem[:dash], Version: stem[dash+1:]}
	if src.Version == version {
		src.Version = withEpoch(epoch, version)
	}
	return src, file
}

// licenses returns the statement of a package: an SPDX expression in newer
// distributions, and words of Fedora's or SUSE's own lists in others.
func licenses(statement, location string) []sbom.License {
	statement = stated(statement)
	if statement == "" {
		return nil
	}
	expr, _ := ospkg.Expression(strings.ReplaceAll(statement, "ASL 2.0", "Apache-2.0"), licenseNames)
	lic := sbom.License{Expression: expr, Location: location}
	if expr != statement {
		lic.Name = statement
	}
	return []sbom.License{lic}
}

// licenseNames are the short names of Fedora's list before SPDX that mean one
// licence, in lower case. "LGPLv2+" (2.0 or 2.1), "BSD" and "Python" do not.
var licenseNames = map[string]string{
	"agplv3": "AGPL-3.0-only", "agplv3+": "AGPL-3.0-or-later",
	"gpl+":  "GPL-1.0-or-later",
	"gplv2": "GPL-2.0-only", "gplv2+": "GPL-2.0-or-later",
	"gplv3": "GPL-3.0-only", "gplv3+": "GPL-3.0-or-later",
	"lgplv3": "LGPL-3.0-only", "lgplv3+": "LGPL-3.0-or-later",
	"mplv1.1": "MPL-1.1", "mplv2.0": "MPL-2.0",
	"cc0": "CC0-1.0", "boost": "BSL-1.0", "ofl": "OFL-1.1",
}

// algorithms are the digests by their number in OpenPGP (RFC 4880, 9.4).
var algorithms = map[uint32]string{1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}

// readFiles claims the files of a package. The owner is set by finish.
func (db *database) readFiles(p *rpmdb.Package) error {
	algorithm := algorithms[p.DigestAlgorithm]
	if algorithm == "" && len(p.Files) > 0 {
		db.gaps.Add(sbom.GapUnsupported, "the digests of package %s have the unknown algorithm %d", p.Name, p.DigestAlgorithm)
	}
	db.frag.Claims = slices.Grow(db.frag.Claims, len(p.Files))
	for i := range p.Files {
		f := &p.Files[i]
		if f.Directory() || f.State == rpmdb.StateReplaced || f.State == rpmdb.StateWrongColor {
			continue
		}
		if len(db.frag.Claims) == maxClaims {
			return db.limit(maxClaims, "files")
		}
		path, ok := ospkg.Path(db.root, f.Dir+f.Base)
		if !ok || path == "" {
			db.gaps.Add(sbom.GapCorrupt, "package %s records the impossible path %s", p.Name, ospkg.Clip(f.Dir+f.Base))
			continue
		}
		if db.paths -= int64(len(path)); db.paths < 0 {
			return db.limit(db.budget, "bytes of paths")
		}
		c := detect.Claim{Path: strings.Clone(path)}
		c.Config = f.Flags&rpmdb.FlagConfig != 0 || f.Verify&rpmdb.VerifyDigest == 0
		c.Optional = optional(f) || ospkg.Optional(strings.TrimPrefix(path, ospkg.Join(db.root, "")))
		if algorithm != "" && f.Digest != "" && f.Regular() && f.Flags&rpmdb.FlagGhost == 0 {
			c.Digest = db.digest(algorithm, f.Digest, p.Name, path)
		}
		db.frag.Claims = append(db.frag.Claims, c)
	}
	return nil
}

// optional reports whether a file need not be there.
func optional(f *rpmdb.File) bool {
	const flags = rpmdb.FlagDoc | rpmdb.FlagLicense | rpmdb.FlagReadme | rpmdb.FlagGhost | rpmdb.FlagMissingOK
	return f.Flags&flags != 0 || f.State == rpmdb.StateNotInstalled || f.State == rpmdb.StateNetShared
}

func (db *database) digest(algorithm, hash, name, path string) sbom.Digest {
	d, err := sbom.ParseDigest(algorithm + ":" + hash)
	if err != nil {
		db.gaps.Add(sbom.GapCorrupt, "package %s has the malformed digest %s of %s", name, ospkg.Clip(hash), path)
	}
	return d
}
