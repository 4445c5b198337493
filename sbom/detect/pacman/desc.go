package pacman

import (
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// sections are the lines of each section, by its name without the percent signs.
type sections map[string][]string

func (s sections) first(name string) string {
	if v := s[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// readSections reads desc or files.
func (db *database) readSections(text string) error {
	s := db.parse(text)
	if db.base == "desc" {
		return db.readDesc(s)
	}
	return db.readFiles(s)
}

// parse splits text into sections, which an empty line ends.
func (db *database) parse(text string) sections {
	s := make(sections)
	name, seen := "", false
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case line == "":
			name = ""
		case name == "" && len(line) > 2 && line[0] == '%' && line[len(line)-1] == '%':
			name = line[1 : len(line)-1]
			if _, seen = s[name]; seen {
				db.Gaps.Add(sbom.GapCorrupt, "section %s is there twice; the first counts", ospkg.Clip(line))
				name = "repeated" // No section has small letters.
			}
			s[name] = nil
		case name == "":
			db.Gaps.Add(sbom.GapCorrupt, "line %s is in no section", ospkg.Clip(line))
		case name != "repeated":
			s[name] = append(s[name], line)
		}
	}
	return s
}

// readDesc adds the package.
func (db *database) readDesc(s sections) error {
	name, version := s.first("NAME"), s.first("VERSION")
	dirName, dirVersion := names(db.dir)
	if !validName(name) {
		db.Gaps.Add(sbom.GapCorrupt, "the package in %s has no valid name: %s", ospkg.Clip(db.dir), ospkg.Clip(name))
		return nil
	}
	if name != dirName || version != dirVersion && ospkg.ValidVersion(version) {
		db.Gaps.Add(sbom.GapCorrupt, "package %s, version %s, is in the directory of another: %s",
			name, ospkg.Clip(version), ospkg.Clip(db.dir))
	}
	c := db.component(s, strings.Clone(name))
	provides, err := db.names(s["PROVIDES"])
	if err != nil {
		return err
	}
	c.Aliases = []string{db.alias()}
	for _, p := range provides {
		if p != c.Key && !slices.Contains(c.Aliases, p) {
			c.Aliases = append(c.Aliases, p)
		}
	}
	db.Frag.Components = []detect.Component{c}
	depends, err := db.names(s["DEPENDS"])
	if err != nil {
		return err
	}
	db.Frag.Relations, _ = ospkg.Relations(c.Key, depends, maxNames)
	return nil
}

// validName reports whether s can be the name of a package: beside what others
// allow, "@" (PKGBUILD(5)).
func validName(s string) bool { return ospkg.ValidName(strings.ReplaceAll(s, "@", "-")) }

// component builds the component of a package.
func (db *database) component(s sections, name string) detect.Component {
	version := db.Gaps.Checked(name, "version", s.first("VERSION"), ospkg.ValidVersion)
	arch := db.Gaps.Checked(name, "architecture", s.first("ARCH"), ospkg.ValidName)
	base, upstream := s.first("BASE"), ""
	switch {
	case base == "":
		base = name
	case !validName(base):
		db.Gaps.Add(sbom.GapCorrupt, "package %s has the malformed base %s", name, ospkg.Clip(base))
		base = ""
	case base != name:
		base = strings.Clone(base)
		upstream = base
	}
	c := detect.Component{Key: db.key(name)}
	c.Type = sbom.TypeLibrary
	c.Name = name
	c.Version = version
	c.Architecture = arch
	c.PURL = sbom.NewPURL("alpm", "", name, version, map[string]string{"arch": arch, "upstream": upstream})
	if base != "" {
		c.Source = &sbom.SourcePackage{Name: base, Version: version}
	}
	if packager := s.first("PACKAGER"); packager != "Unknown Packager" {
		c.Supplier = ospkg.Text(packager)
	}
	c.Description = ospkg.Text(s.first("DESC"))
	c.Licenses = db.licenses(s["LICENSE"])
	c.Properties = properties(s)
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.PURL}}
	return c
}

// licenses returns the statements of a package. Several without a word between
// them may mean any or all of them: they stay apart.
func (db *database) licenses(statements []string) []sbom.License {
	var out []sbom.License
	for _, s := range statements[:min(len(statements), maxNames)] {
		list := ospkg.Licenses(strings.TrimPrefix(s, "custom:"), db.path, licenseNames)
		if len(list) > 0 && list[0].Expression != s {
			list[0].Name = ospkg.Text(s)
		}
		out = append(out, list...)
	}
	return out
}

// licenseNames are the names of Arch Linux's package licenses before SPDX that mean one
// licence, in lower case: a "GPL3" was "or later" by the distribution's definition,
// and a "GPL2" was not. "LGPL" and "BSD" say too little.
var licenseNames = map[string]string{
	"gpl": "GPL-2.0-or-later", "gpl2": "GPL-2.0-only", "gpl3": "GPL-3.0-or-later", "lgpl3": "LGPL-3.0-or-later",
	"agpl3": "AGPL-3.0-or-later", "apache": "Apache-2.0", "boost": "BSL-1.0", "mpl2": "MPL-2.0", "perlartistic": "Artistic-1.0-Perl",
}

// properties returns the facts that have no place in sbom.Component: how the package
// was verified on installation, and what it is if not an ordinary one.
func properties(s sections) []sbom.Property {
	props := map[string]string{"pacman:validation": strings.Join(s["VALIDATION"][:min(len(s["VALIDATION"]), 8)], " ")}
	for _, line := range s["XDATA"][:min(len(s["XDATA"]), 64)] {
		if kind, ok := strings.CutPrefix(line, "pkgtype="); ok && kind != "pkg" && kind != "split" {
			props["pacman:pkgtype"] = kind
		}
	}
	var out []sbom.Property
	for _, name := range slices.Sorted(maps.Keys(props)) {
		if value := ospkg.Text(props[name]); value != "" {
			out = append(out, sbom.Property{Name: name, Value: value})
		}
	}
	return out
}

// names returns the keys of dependencies or provisions.
func (db *database) names(list []string) ([]string, error) {
	if len(list) > maxNames {
		return nil, &detect.LimitError{Path: db.path, Limit: maxNames, Size: int64(len(list)), What: "dependencies"}
	}
	var out []string
	for _, dep := range list {
		if name := capability(dep); validName(strings.NewReplacer("=", "-", ":", "-").Replace(name)) {
			out = append(out, db.key(strings.Clone(name)))
		} else {
			db.Gaps.Add(sbom.GapCorrupt, "%s is no name of a package", ospkg.Clip(dep))
		}
	}
	return out, nil
}

// capability returns the name in "name>=1.0" or "name=1.0". The version of a shared
// library, "libz.so=1-64", is its interface, and part of the name.
func capability(dep string) string {
	i := strings.IndexAny(dep, "<>=")
	if i < 0 || strings.HasSuffix(dep[:i], ".so") && dep[i] == '=' {
		return dep
	}
	return dep[:i]
}

// readFiles claims the files. Those that are backed up are configuration, and their md5
// is that of the package's own version. The packages of one PKGBUILD all list what
// one of them backs up: what is not theirs is left out.
func (db *database) readFiles(s sections) error {
	backup := db.backup(s["BACKUP"])
	for i, f := range s["FILES"] {
		if i&0xfff == 0 && db.Ctx.Err() != nil {
			return db.Ctx.Err()
		}
		if strings.HasSuffix(f, "/") {
			continue // a directory
		}
		digest, config := backup[f]
		if err := db.Claims.Add(detect.Claim{Key: db.alias(), Digest: digest, Config: config}, f, &db.Gaps); err != nil {
			return err
		}
	}
	return nil
}

// backup returns the digests of the files that are backed up, by path: each line has
// the path, a tab and the md5, or "(null)".
func (db *database) backup(lines []string) map[string]sbom.Digest {
	m := make(map[string]sbom.Digest)
	for _, line := range lines {
		recorded, md5, _ := strings.Cut(line, "\t")
		m[recorded] = ""
		if md5 != "" && md5 != "(null)" {
			m[recorded] = db.digest("md5:"+md5, recorded)
		}
	}
	return m
}
