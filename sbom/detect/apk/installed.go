package apk

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// database is an installed database while it is read.
type database struct {
	ctx    context.Context
	path   string
	root   string
	frag   detect.Fragment
	gaps   ospkg.Gaps
	budget int64          // bytes that paths may have together
	paths  int64          // bytes that paths may still have
	seen   map[string]int // place of each key in frag.Components
	all    []record
	// shortened counts the packages whose digests are of a form that is not compared.
	shortened int
}

// record is one package as the database has it: parts of the database's text.
type record struct {
	line                        int
	name, version, arch, origin string
	maintainer, description     string
	homepage                    string
	license, checksum, commit   string
	depends, provides, broken   string
	key                         string
	dir                         string
	file                        int // place of the last file in frag.Claims, from 1; 0 for none
	empty                       bool
	firstClaim                  int
}

// knownFields are the fields of apk-tools 2 and 3; those that say nothing for an
// inventory are listed so that unknown ones stand out.
const knownFields = "CPVTULADSIBFMRZ" + "omtcpikrqsfga"

// read reads the records of the database.
func (db *database) read(text string) error {
	r := record{empty: true}
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if n++; n&0xfff == 0 && db.ctx.Err() != nil {
			return db.ctx.Err()
		}
		line = strings.TrimSuffix(line, "\r")
		if line != "" {
			if r.empty {
				r = record{line: n, firstClaim: len(db.frag.Claims)}
			}
			if err := db.field(&r, line, n); err != nil {
				_ = db.end(&r) // What was read of the package is kept.
				return err
			}
			continue
		}
		if err := db.end(&r); err != nil {
			return err
		}
	}
	return db.end(&r)
}

// field reads one line of a record.
func (db *database) field(r *record, line string, n int) error {
	if len(line) < 2 || line[1] != ':' {
		db.gaps.Add(sbom.GapCorrupt, "line %d is no field: %s", n, ospkg.Clip(line))
		return nil
	}
	value := line[2:]
	switch line[0] {
	case 'P':
		r.name = value
	case 'V':
		r.version = value
	case 'A':
		r.arch = value
	case 'o':
		r.origin = value
	case 'm':
		r.maintainer = value
	case 'T':
		r.description = value
	case 'U':
		r.homepage = value
	case 'L':
		r.license = value
	case 'C':
		r.checksum = value
	case 'c':
		r.commit = value
	case 'D':
		r.depends = value
	case 'p':
		r.provides = value
	case 'f':
		r.broken = value
	case 'F':
		r.dir, r.file = value, 0
	case 'R':
		return db.file(r, value, n)
	case 'a':
		db.mode(r, value)
	case 'Z':
		db.digest(r, value, n)
	default:
		if strings.IndexByte(knownFields, line[0]) < 0 {
			db.gaps.Add(sbom.GapUnsupported, "line %d has the unknown field %q", n, line[0])
		}
	}
	return nil
}

// file claims a file. The owner's key is set when the record ends.
func (db *database) file(r *record, name string, n int) error {
	r.file = 0
	if len(db.frag.Claims) == maxClaims {
		return &detect.LimitError{Path: db.path, Limit: maxClaims, What: "files"}
	}
	p, ok := ospkg.Path(db.root, r.dir+"/"+name)
	if !ok || p == "" || name == "" {
		db.gaps.Add(sbom.GapCorrupt, "line %d records the impossible path %s", n, ospkg.Clip(r.dir+"/"+name))
		return nil
	}
	if db.paths -= int64(len(p)); db.paths < 0 {
		return &detect.LimitError{Path: db.path, Limit: db.budget, What: "bytes of paths"}
	}
	inRoot := strings.TrimPrefix(p, ospkg.Join(db.root, ""))
	db.frag.Claims = append(db.frag.Claims, detect.Claim{Path: p, Config: protected(inRoot), Optional: ospkg.Optional(inRoot)})
	r.file = len(db.frag.Claims)
	return nil
}

// protected reports whether apk keeps a changed file on upgrades (apk-tools,
// default protected paths).
func protected(p string) bool {
	return strings.HasPrefix(p, "etc/") && !strings.HasPrefix(p, "etc/apk/") && !strings.HasPrefix(p, "etc/init.d/")
}

// linkMode is the permission that archives give to symbolic links. The mark
// keeps a digest off the claim, whichever line comes first.
const linkMode = "777"

// mode reads "uid:gid:mode[:xattrs]" of the last file.
func (db *database) mode(r *record, value string) {
	fields := strings.SplitN(value, ":", 4)
	if r.file > 0 && len(fields) > 2 && fields[2] == linkMode {
		db.frag.Claims[r.file-1].Digest = ""
		r.file = 0
	}
}

// digest reads the checksum of the last file.
func (db *database) digest(r *record, value string, n int) {
	if r.shortened() {
		return
	}
	d, ok := parseChecksum(value)
	if !ok {
		db.gaps.Add(sbom.GapCorrupt, "line %d has the malformed checksum %s", n, ospkg.Clip(value))
		return
	}
	if r.file > 0 {
		db.frag.Claims[r.file-1].Digest = d
	}
}

// shortened reports whether the digests of the package's files are the first 160 bits
// of a SHA-256, as apk-tools 3 records them for packages of its own format. They look
// like a sha1 and must not be taken for one.
func (r *record) shortened() bool { return strings.Contains(r.broken, "S") }

// parseChecksum reads a checksum: "Q1" and base64 of a sha1, "Q2" and base64 of a
// sha256, "X1" and hexadecimal of a sha1. Some versions write "Q1" before a sha256, too,
// whose length tells.
func parseChecksum(s string) (sbom.Digest, bool) {
	if len(s) < 2 {
		return "", false
	}
	kind, text := s[:2], s[2:]
	alg := "sha1:"
	switch kind {
	case "X1":
		d, err := sbom.ParseDigest(alg + text)
		return d, err == nil
	case "Q1":
	case "Q2":
		alg = "sha256:"
	default:
		return "", false
	}
	if len(text) > 64 {
		return "", false
	}
	sum, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	if kind == "Q1" && len(sum) == sha256.Size {
		alg = "sha256:"
	}
	d, err := sbom.ParseDigest(alg + hex.EncodeToString(sum))
	return d, err == nil
}

// end adds the component of a record and begins the next.
func (db *database) end(r *record) error {
	if r.empty {
		return nil
	}
	defer func() { *r = record{empty: true} }()
	if !ospkg.ValidName(r.name) {
		db.gaps.Add(sbom.GapCorrupt, "the record at line %d has no valid name: %s", r.line, ospkg.Clip(r.name))
		db.frag.Claims = db.frag.Claims[:r.firstClaim]
		return nil
	}
	if len(db.frag.Components) == maxPackages {
		db.frag.Claims = db.frag.Claims[:r.firstClaim]
		return &detect.LimitError{Path: db.path, Limit: maxPackages, What: "packages"}
	}
	c := db.component(r)
	r.key = c.Key
	for i := range db.frag.Claims[r.firstClaim:] {
		db.frag.Claims[r.firstClaim+i].Key = c.Key
	}
	if i, dup := db.seen[c.Key]; dup {
		db.gaps.Add(sbom.GapCorrupt, "package %s is recorded twice, with version %q before %q; the last one counts",
			c.Name, db.frag.Components[i].Version, c.Version)
		db.frag.Components[i] = c
	} else {
		db.seen[c.Key] = len(db.frag.Components)
		db.frag.Components = append(db.frag.Components, c)
	}
	db.all = append(db.all, *r)
	return nil
}

// component builds the component of a record with a valid name.
func (db *database) component(r *record) detect.Component {
	name := strings.Clone(r.name)
	version := db.checked(r, "version", r.version, ospkg.ValidVersion)
	arch := db.checked(r, "architecture", r.arch, ospkg.ValidName)
	source, upstream := name, ""
	if r.origin != "" && r.origin != name {
		if ospkg.ValidName(r.origin) {
			source = strings.Clone(r.origin)
			upstream = source
		} else {
			db.gaps.Add(sbom.GapCorrupt, "package %s has the malformed origin %s", name, ospkg.Clip(r.origin))
		}
	}
	if broken := strings.ReplaceAll(r.broken, "S", ""); broken != "" {
		db.gaps.Add(sbom.GapIncomplete, "apk marks package %s as broken (%s): part of its files may be missing or of another version",
			name, ospkg.Clip(broken))
	}
	if r.shortened() {
		db.shortened++
	}
	c := detect.Component{Key: ospkg.Join(db.root, name)}
	c.Type = sbom.TypeLibrary
	c.Name = name
	c.Version = version
	c.Architecture = arch
	c.PURL = sbom.NewPURL("apk", "", name, version, map[string]string{"arch": arch, "upstream": upstream})
	c.Source = &sbom.SourcePackage{Name: source, Version: version}
	c.Supplier = ospkg.Text(r.maintainer)
	c.Description = ospkg.Text(r.description)
	c.Licenses = licenses(r.license, db.path)
	c.References = origin.Refer(nil, origin.Website, r.homepage)
	c.Properties = properties(r)
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.PURL}}
	return c
}

// checked returns a field that must be there and valid; what is not is a gap,
// and empty.
func (db *database) checked(r *record, what, v string, valid func(string) bool) string {
	switch {
	case v == "":
		db.gaps.Add(sbom.GapIncomplete, "package %s has no %s", r.name, what)
		return ""
	case !valid(v):
		db.gaps.Add(sbom.GapCorrupt, "package %s has the malformed %s %s", r.name, what, ospkg.Clip(v))
		return ""
	}
	return strings.Clone(v)
}

// licenses returns the statement of an L field: an SPDX expression in packages
// built since 2018, and words of its own kind before.
func licenses(statement, location string) []sbom.License {
	statement = ospkg.Text(statement)
	if statement == "" {
		return nil
	}
	expr, _ := ospkg.Expression(statement, licenseNames)
	lic := sbom.License{Expression: expr, Location: location}
	if expr != statement {
		lic.Name = statement
	}
	return []sbom.License{lic}
}

// licenseNames are the names of older packages, in lower case.
var licenseNames = map[string]string{
	"gpl2": "GPL-2.0-only", "gpl2+": "GPL-2.0-or-later",
	"gpl3": "GPL-3.0-only", "gpl3+": "GPL-3.0-or-later",
	"lgpl2.1": "LGPL-2.1-only", "lgpl2.1+": "LGPL-2.1-or-later",
	"lgpl3": "LGPL-3.0-only", "lgpl3+": "LGPL-3.0-or-later",
	"mpl2.0": "MPL-2.0", "apache2.0": "Apache-2.0",
}

// properties returns the facts that have no place in sbom.Component: the checksum
// that apk identifies the package by, the commit of its build recipe, and whether
// it is a package at all: "apk add --virtual" makes packages without content.
func properties(r *record) []sbom.Property {
	var props []sbom.Property
	add := func(name, value string) {
		if value != "" {
			props = append(props, sbom.Property{Name: name, Value: ospkg.Text(value)})
		}
	}
	add("apk:checksum", r.checksum)
	add("apk:commit", r.commit)
	if strings.HasPrefix(r.name, ".") {
		add("apk:virtual", "true")
	}
	return props
}
