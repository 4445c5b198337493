package opkg

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// readStatus adds the packages.
func (db *database) readStatus(text string) error {
	seen := make(map[string]int)
	for s := range deb822.Stanzas(text) {
		if err := db.Ctx.Err(); err != nil {
			return err
		}
		for _, p := range s.Problems {
			db.Gaps.Add(sbom.GapCorrupt, "package %s: %s", ospkg.Clip(s.Get("Package")), p)
		}
		name := s.Get("Package")
		switch state := db.state(s); {
		case !ospkg.ValidName(name):
			db.Gaps.Add(sbom.GapCorrupt, "stanza at line %d has no valid Package field: %s", s.Line, ospkg.Clip(name))
		case state == "not-installed":
		case len(db.Frag.Components) == maxPackages:
			return &detect.LimitError{Path: db.path, Limit: maxPackages, What: "packages"}
		default:
			if err := db.readStanza(s, strings.Clone(name), state, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// readStanza adds one package. A repeated one replaces the first, as for opkg.
func (db *database) readStanza(s *deb822.Stanza, name, state string, seen map[string]int) error {
	c, err := db.component(s, name, state)
	if err != nil {
		return err
	}
	if i, dup := seen[c.Key]; dup {
		db.Gaps.Add(sbom.GapCorrupt, "package %s is listed twice, with version %q before %q; the last one counts",
			name, db.Frag.Components[i].Version, c.Version)
		db.Frag.Components[i] = c
	} else {
		seen[c.Key] = len(db.Frag.Components)
		db.Frag.Components = append(db.Frag.Components, c)
	}
	if c.Scope == sbom.ScopeInstalled {
		depends, err := db.names(s.Get("Depends") + "," + s.Get("Pre-Depends"))
		if err != nil {
			return err
		}
		rels, _ := ospkg.Relations(c.Key, depends, maxDepends)
		db.Frag.Relations = append(db.Frag.Relations, rels...)
	}
	return db.readConffiles(s, c.Key)
}

// state returns the third word of the Status field: want, flags, state.
func (db *database) state(s *deb822.Stanza) string {
	words := strings.Fields(s.Get("Status"))
	if len(words) != 3 {
		return "unknown"
	}
	return strings.Clone(words[2])
}

// component builds the component of a stanza with a valid name.
func (db *database) component(s *deb822.Stanza, name, state string) (detect.Component, error) {
	version := db.Gaps.Checked(name, "version", s.Get("Version"), ospkg.ValidVersion)
	arch := db.Gaps.Checked(name, "architecture", s.Get("Architecture"), ospkg.ValidName)
	c := detect.Component{Key: db.key(name)}
	provides, err := db.names(s.Get("Provides"))
	if err != nil {
		return c, err
	}
	for _, p := range provides {
		if p != c.Key {
			c.Aliases = append(c.Aliases, p)
		}
	}
	c.Type = sbom.TypeLibrary
	c.Name = name
	c.Version = version
	c.Architecture = arch
	c.PURL = sbom.NewPURL("opkg", "", name, version, map[string]string{"arch": arch})
	c.Supplier = ospkg.Text(s.Get("Maintainer"))
	description, _, _ := strings.Cut(s.Get("Description"), "\n")
	c.Description = ospkg.Text(description)
	c.Licenses = ospkg.Licenses(s.Get("License"), db.path, licenseNames)
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.PURL}}
	db.applyState(&c, state)
	return c, nil
}

// applyState says how finished the installation is.
func (db *database) applyState(c *detect.Component, state string) {
	switch state {
	case "installed":
		return
	case "config-files":
		c.Scope = sbom.ScopeResidual
	case "unpacked", "half-configured", "post-inst-failed":
		// All files are there.
	case "half-installed", "removal-failed":
		db.Gaps.Add(sbom.GapIncomplete, "package %s is %s: part of its files may be missing or of another version", c.Name, state)
	default:
		db.Gaps.Add(sbom.GapCorrupt, "package %s has the unknown state %s; it counts as installed", c.Name, ospkg.Clip(state))
	}
	c.Properties = []sbom.Property{{Name: "opkg:state", Value: ospkg.Text(state[:min(len(state), 64)])}}
}

// names returns the keys in a list of dependencies or provisions. Of alternatives,
// all are named: the fold drops what is not there.
func (db *database) names(field string) ([]string, error) {
	var out []string
	for clause := range strings.FieldsFuncSeq(field, func(r rune) bool { return r == ',' || r == '|' }) {
		name := strings.TrimSpace(clause)
		if i := strings.IndexAny(name, " (\t\n=<>"); i >= 0 {
			name = name[:i]
		}
		switch {
		case name == "":
			continue
		case !ospkg.ValidName(name):
			db.Gaps.Add(sbom.GapCorrupt, "%s is no name of a package", ospkg.Clip(clause))
			continue
		case len(out) == maxDepends:
			return nil, &detect.LimitError{Path: db.path, Limit: maxDepends, What: "dependencies"}
		}
		out = append(out, db.key(strings.Clone(name)))
	}
	return out, nil
}

// readConffiles claims the configuration files: "/etc/x DIGEST".
func (db *database) readConffiles(s *deb822.Stanza, key string) error {
	for line := range deb822.Lines(s.Get("Conffiles")) {
		recorded, hash := line, ""
		if i := strings.LastIndexByte(line, ' '); i >= 0 {
			recorded, hash = line[:i], line[i+1:]
		}
		c := detect.Claim{Key: key, Config: true, Digest: db.digest(hash, recorded)}
		if err := db.Claims.Add(c, recorded, &db.Gaps); err != nil {
			return err
		}
	}
	return nil
}

// digest returns a digest of the algorithm that its length tells: md5 or sha256.
func (db *database) digest(hash, of string) sbom.Digest {
	algorithm := map[int]string{32: "md5:", 64: "sha256:"}[len(hash)]
	d, err := sbom.ParseDigest(algorithm + hash)
	if err != nil && hash != "" {
		db.Gaps.Add(sbom.GapCorrupt, "the digest of %s is malformed: %s", ospkg.Clip(of), ospkg.Clip(hash))
	}
	return d
}

// licenseNames are spellings of OpenWrt's and Yocto's older packages that differ from
// SPDX, in lower case.
var licenseNames = map[string]string{
	"gplv2": "GPL-2.0-only", "gplv2+": "GPL-2.0-or-later", "gplv3": "GPL-3.0-only", "gplv3+": "GPL-3.0-or-later",
	"lgplv2.1": "LGPL-2.1-only", "lgplv2.1+": "LGPL-2.1-or-later", "lgplv3": "LGPL-3.0-only", "lgplv3+": "LGPL-3.0-or-later",
	"apachev2": "Apache-2.0", "&": "AND", "|": "OR",
}
