package dpkg

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// readStatus reads a status file, or with a file name that file of status.d.
func (db *database) readStatus(file string) error {
	res := newResolver(db)
	for s := range deb822.Stanzas(db.text) {
		if err := db.ctx.Err(); err != nil {
			return stopped(db.path, err)
		}
		if len(db.frag.Components) == maxPackages {
			return &detect.LimitError{Path: db.path, Limit: maxPackages, What: "packages"}
		}
		for _, p := range s.Problems {
			db.gaps.Add(sbom.GapCorrupt, "%s %s", stanzaName(s), p)
		}
		if err := db.readStanza(s, file, res); err != nil {
			return err
		}
	}
	return res.relations()
}

// readStanza adds the package of one stanza. Without a Package field it is no
// package, and a gap.
func (db *database) readStanza(s *deb822.Stanza, file string, res *resolver) error {
	name := s.Get("Package")
	if !ospkg.ValidName(name) {
		if !onlyMalformed(s) {
			db.gaps.Add(sbom.GapCorrupt, "stanza at line %d has no valid Package field: %s", s.Line, ospkg.Clip(name))
		}
		return nil
	}
	state := db.state(s, file != "")
	if state == "not-installed" {
		return nil
	}
	c := db.component(s, state)
	if file != "" {
		c.Aliases = append(c.Aliases, statusDAlias(db.root, file))
	}
	if i, dup := res.seen[c.Key]; dup {
		// As for dpkg itself, the last stanza counts.
		db.gaps.Add(sbom.GapCorrupt, "package %s is listed twice, with version %q before %q; the last one counts",
			c.Key, db.frag.Components[i].Version, c.Version)
		db.frag.Components[i] = c
	} else {
		res.seen[c.Key] = len(db.frag.Components)
		db.frag.Components = append(db.frag.Components, c)
	}
	if c.Scope == sbom.ScopeInstalled {
		res.add(s, c.Key)
	}
	return db.readConffiles(s, c.Key)
}

// onlyMalformed reports whether nothing of the stanza was understood, which its
// problems say already.
func onlyMalformed(s *deb822.Stanza) bool { return len(s.Fields) == 0 && len(s.Problems) > 0 }

func stanzaName(s *deb822.Stanza) string {
	if name := s.Get("Package"); name != "" {
		return "package " + ospkg.Clip(name) + ":"
	}
	return "stanza without Package:"
}

// state returns the third word of the Status field (dpkg(1), "Package states").
// A file of status.d needs no Status: it was extracted, not installed.
func (db *database) state(s *deb822.Stanza, extracted bool) string {
	v, ok := s.Lookup("Status")
	words := strings.Fields(v)
	switch {
	case !ok && extracted:
		return "installed"
	case !ok:
		db.gaps.Add(sbom.GapIncomplete, "package %s has no Status field; it counts as installed", s.Get("Package"))
		return "installed"
	case len(words) != 3:
		db.gaps.Add(sbom.GapCorrupt, "package %s has status %s; it counts as installed", s.Get("Package"), ospkg.Clip(v))
		return "installed"
	}
	switch state := words[2]; state {
	case "installed", "not-installed", "config-files", "triggers-pending", "triggers-awaited":
		return state
	case "unpacked", "half-configured":
		// All files are there.
		return state
	case "half-installed":
		db.gaps.Add(sbom.GapIncomplete, "package %s is half-installed: part of its files may be missing or of another version", s.Get("Package"))
		return state
	}
	db.gaps.Add(sbom.GapCorrupt, "package %s has the unknown state %s; it counts as installed", s.Get("Package"), ospkg.Clip(words[2]))
	return "installed"
}

// component builds the component of a stanza with a valid name.
func (db *database) component(s *deb822.Stanza, state string) detect.Component {
	name := strings.Clone(s.Get("Package"))
	arch := db.checked(s, "Architecture", ospkg.ValidName)
	version := db.checked(s, "Version", ospkg.ValidVersion)
	source, upstream := db.source(s, name, version)

	c := detect.Component{Key: db.key(name)}
	if arch != "" {
		c.Key = db.key(name + ":" + arch)
		c.Aliases = []string{db.key(name)}
	}
	c.Type = sbom.TypeLibrary
	c.Name = name
	c.Version = version
	c.Architecture = arch
	c.PURL = sbom.NewPURL("deb", "", name, version, map[string]string{"arch": arch, "upstream": upstream})
	c.Source = source
	c.Supplier = ospkg.Text(s.Get("Maintainer"))
	description, _, _ := strings.Cut(s.Get("Description"), "\n")
	c.Description = ospkg.Text(description)
	c.References = addresses(s)
	c.Properties = properties(s, state)
	if state == "config-files" {
		c.Scope = sbom.ScopeResidual
	}
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.PURL}}
	return c
}

// checked returns a field that must be there and valid; what is not is a gap,
// and empty.
func (db *database) checked(s *deb822.Stanza, field string, valid func(string) bool) string {
	v := s.Get(field)
	switch {
	case v == "":
		db.gaps.Add(sbom.GapIncomplete, "package %s has no %s", s.Get("Package"), field)
		return ""
	case !valid(v):
		db.gaps.Add(sbom.GapCorrupt, "package %s has the malformed %s %s", s.Get("Package"), field, ospkg.Clip(v))
		return ""
	}
	return strings.Clone(v)
}

// source returns the source package, which is the package itself when it names
// none, and the purl qualifier upstream: empty when it names none.
func (db *database) source(s *deb822.Stanza, name, version string) (*sbom.SourcePackage, string) {
	field := s.Get("Source")
	if field == "" {
		return &sbom.SourcePackage{Name: name, Version: version}, ""
	}
	src, rest, _ := strings.Cut(field, " ")
	srcVersion := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(rest), "("), ")")
	if !ospkg.ValidName(src) || srcVersion != "" && !ospkg.ValidVersion(srcVersion) {
		db.gaps.Add(sbom.GapCorrupt, "package %s has the malformed Source %s", name, ospkg.Clip(field))
		return nil, ""
	}
	src, srcVersion = strings.Clone(src), strings.Clone(srcVersion)
	if srcVersion == "" {
		return &sbom.SourcePackage{Name: src, Version: version}, src
	}
	return &sbom.SourcePackage{Name: src, Version: srcVersion}, src + "@" + srcVersion
}

// addresses returns the home page, and the first source repository that is stated. Few
// but source packages state one.
func addresses(s *deb822.Stanza) []sbom.Reference {
	refs := origin.Refer(nil, origin.Website, s.Get("Homepage"))
	for _, field := range []string{"Vcs-Git", "Vcs-Hg", "Vcs-Svn", "Vcs-Bzr", "Vcs-Browser"} {
		if repository := s.Get(field); repository != "" {
			return origin.Refer(refs, origin.VCS, repository)
		}
	}
	return refs
}

// properties returns the fields that have no place in sbom.Component and that
// decide something: how finished the installation is, which architectures share
// files, and whose source was compiled in.
func properties(s *deb822.Stanza, state string) []sbom.Property {
	var props []sbom.Property
	add := func(name, value string) {
		if value != "" {
			props = append(props, sbom.Property{Name: name, Value: ospkg.Text(value)})
		}
	}
	add("dpkg:built-using", s.Get("Built-Using"))
	add("dpkg:multi-arch", s.Get("Multi-Arch"))
	add("dpkg:static-built-using", s.Get("Static-Built-Using"))
	if state != "installed" {
		add("dpkg:state", state)
	}
	return props
}

// readConffiles claims the configuration files: " /etc/x MD5 [obsolete]"
// (dpkg-query(1), Conffiles). An obsolete one belongs to an older version and
// need not be there.
func (db *database) readConffiles(s *deb822.Stanza, key string) error {
	for line := range deb822.Lines(s.Get("Conffiles")) {
		obsolete := false
		for {
			if rest, ok := strings.CutSuffix(line, " obsolete"); ok {
				line, obsolete = rest, true
			} else if rest, ok := strings.CutSuffix(line, " remove-on-upgrade"); ok {
				line, obsolete = rest, true
			} else {
				break
			}
		}
		recorded, hash := line, ""
		if i := strings.LastIndexByte(line, ' '); i >= 0 {
			recorded, hash = line[:i], line[i+1:]
		}
		c := detect.Claim{Key: key, Config: true, Optional: obsolete}
		if hash != "newconffile" {
			c.Digest = db.digest(hash, recorded)
		}
		if err := db.claim(c, strings.Clone(recorded)); err != nil {
			return err
		}
	}
	return nil
}
