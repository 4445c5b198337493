package wordpress

import (
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Limits of what is kept of a value, in bytes, and of dependencies.
const (
	maxText    = 512
	maxVersion = 64
	maxDepends = 64
)

// field returns the value of a field of a head: a line that, behind an opening tag and
// marks of a comment, begins with the name and a colon. The end of the comment is
// no part of the value.
func field(head, name string) string {
	for line := range strings.FieldsFuncSeq(head, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimPrefix(strings.TrimLeft(line, " \t"), "<?php")
		line = strings.TrimLeft(line, " \t/*#@")
		if len(line) <= len(name) || line[len(name)] != ':' || !strings.EqualFold(line[:len(name)], name) {
			continue
		}
		value := line[len(name)+1:]
		for _, end := range []string{"*/", "?>"} {
			value, _, _ = strings.Cut(value, end)
		}
		return strings.TrimSpace(value)
	}
	return ""
}

// readHead reads the head of a plugin's or theme's file; nil if it is none.
func (p *place) readHead(head string) *detect.Fragment {
	title, namespace, depends := field(head, "Plugin Name"), "plugin", field(head, "Requires Plugins")
	if p.kind == theme {
		title, namespace, depends = field(head, "Theme Name"), "theme", field(head, "Template")
	}
	name := oneline.Token(p.name, maxText)
	if title == "" || name == "" {
		return nil
	}
	frag := new(detect.Fragment)
	c := detect.Component{Key: p.path, Aliases: []string{p.home, p.alias(p.name)}}
	if p.home == p.path {
		c.Aliases = c.Aliases[1:]
	}
	stated := field(head, "Version")
	c.Version = oneline.Token(stated, maxVersion)
	if c.Version == "" {
		frag.Gaps = append(frag.Gaps, sbom.Gap{Kind: sbom.GapIncomplete, Component: c.Key,
			Message: fmt.Sprintf("WordPress %s %s states no version: %.80q", namespace, name, stated)})
	}
	c.Type = sbom.TypeLibrary
	c.Group = namespace
	c.Name = name
	c.PURL = sbom.NewPURL("wordpress", namespace, name, c.Version, nil)
	c.Supplier = oneline.Text(field(head, "Author"), maxText)
	c.Description = oneline.Text(title, maxText)
	c.Licenses = p.licenses(head)
	c.Evidence = []sbom.Evidence{
		{Field: "name", Technique: sbom.TechniqueFilename, Confidence: 0.9, Value: name},
		{Field: "version", Technique: sbom.TechniqueManifest, Confidence: 0.9, Value: oneline.Text(stated, maxText)},
	}
	frag.Components = []detect.Component{c}
	claim := detect.Claim{Key: c.Key, Path: p.home, Ground: sbom.ClaimDirectory, Tree: true}
	if p.home == p.path {
		claim.Ground, claim.Tree = sbom.ClaimContent, false
	}
	frag.Claims = []detect.Claim{claim}
	frag.Relations = p.requires(c.Key, depends)
	return frag
}

// alias returns the alias of a plugin or theme of that name beside p.
func (p *place) alias(name string) string { return path.Dir(p.home) + "//" + name }

// requires returns what a plugin or child theme needs: names, separated by commas.
func (p *place) requires(key, names string) []detect.Relation {
	var out []detect.Relation
	seen := make(map[string]bool)
	for name := range strings.SplitSeq(names, ",") {
		name = oneline.Token(name, maxText)
		if name == "" || name == p.name || seen[name] || len(out) == maxDepends {
			continue
		}
		seen[name] = true
		out = append(out, detect.Relation{From: key, To: p.alias(name), Type: sbom.DependsOn})
	}
	return out
}

// licenses returns the licence that a head or readme states.
func (p *place) licenses(head string) []sbom.License {
	statement := oneline.Text(field(head, "License"), maxText)
	if statement == "" {
		return nil
	}
	l := sbom.License{Location: p.path}
	if l.Expression = expression(statement); l.Expression != statement {
		l.Name = statement
	}
	return []sbom.License{l}
}

// expression returns the SPDX expression of a statement; empty when it is not certain.
// Authors follow the examples of the handbook in many spellings.
func expression(statement string) string {
	if expr, ok := spdxexpr.FromText(statement); ok {
		return expr
	}
	return spellings[meaningless.Replace(marks.Replace(strings.ToLower(statement)))]
}

// Building a replacer costs more than most replacements: there is one of each.
var (
	marks       = strings.NewReplacer(" ", "", ".", "", ",", "", "(", "", ")", "", "-", "")
	meaningless = strings.NewReplacer("gnu", "", "version", "", "license", "", "licence", "", "generalpublic", "gpl")
)

// spellings are statements without spaces, marks and the words that say nothing.
var spellings = map[string]string{
	"gplv2orlater": "GPL-2.0-or-later", "gpl2orlater": "GPL-2.0-or-later", "gpl20orlater": "GPL-2.0-or-later",
	"gplv2+": "GPL-2.0-or-later", "gpl2+": "GPL-2.0-or-later", "gpl20+": "GPL-2.0-or-later", "gplv20+": "GPL-2.0-or-later",
	"gplv20orlater": "GPL-2.0-or-later", "gplv2oranylater": "GPL-2.0-or-later", "gplv2orhigher": "GPL-2.0-or-later",
	"gplv3orlater": "GPL-3.0-or-later", "gpl3orlater": "GPL-3.0-or-later", "gpl30orlater": "GPL-3.0-or-later",
	"gplv3+": "GPL-3.0-or-later", "gpl3+": "GPL-3.0-or-later", "gpl30+": "GPL-3.0-or-later", "gplv30+": "GPL-3.0-or-later",
	"gplv30orlater": "GPL-3.0-or-later", "gplv2only": "GPL-2.0-only", "gplv3only": "GPL-3.0-only", "gpl30only": "GPL-3.0-only",
}

// readReadme annotates the plugin or theme of a readme.txt. Its "Stable tag" says what
// wordpress.org offers, and not what is installed.
func (p *place) readReadme(head string) *detect.Fragment {
	if !strings.Contains(head, "===") {
		return nil
	}
	licenses := p.licenses(head)
	if licenses == nil {
		return nil
	}
	return &detect.Fragment{Annotations: []detect.Annotation{{Key: p.home, Licenses: licenses}}}
}

// readVersion reads version.php.
func (p *place) readVersion(text string) (*detect.Fragment, error) {
	version, ok := assigned(text, "$wp_version")
	if !ok {
		return nil, fmt.Errorf("%s: %w: no version is assigned to $wp_version", p.path, detect.ErrFormat)
	}
	version = oneline.Token(version, maxVersion)
	if version == "" {
		return nil, fmt.Errorf("%s: %w: the value of $wp_version is no version", p.path, detect.ErrFormat)
	}
	c := detect.Component{Key: path.Join(p.home, "wp-includes")}
	c.Type = sbom.TypeApplication
	c.Name = "wordpress"
	c.Version = version
	c.PURL = sbom.NewPURL("generic", "", c.Name, version, nil)
	if cpe := strings.Trim(version, "0123456789."); cpe == "" {
		c.CPEs = []string{"cpe:2.3:a:wordpress:wordpress:" + version + ":*:*:*:*:*:*:*"}
	}
	c.Supplier = "WordPress"
	if locale, ok := assigned(text, "$wp_local_package"); ok {
		c.Properties = []sbom.Property{{Name: "wordpress:locale", Value: oneline.Text(locale, maxVersion)}}
	}
	c.Evidence = []sbom.Evidence{{Field: "version", Technique: sbom.TechniqueSource, Confidence: 0.95, Value: version}}
	frag := &detect.Fragment{Components: []detect.Component{c}}
	for _, dir := range []string{"wp-admin", "wp-includes"} {
		frag.Claims = append(frag.Claims, detect.Claim{Key: c.Key, Path: path.Join(p.home, dir), Ground: sbom.ClaimDirectory, Tree: true})
	}
	return frag, nil
}

// assigned returns the string that the first assignment to a variable at the beginning
// of a line has: $name = 'value'; and reports whether there is one.
func assigned(text, variable string) (string, bool) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), variable)
		if !ok {
			continue
		}
		rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "=")
		if rest = strings.TrimSpace(rest); !ok || len(rest) < 2 || rest[0] != '\'' && rest[0] != '"' {
			continue
		}
		if value, _, ok := strings.Cut(rest[1:], rest[:1]); ok && !strings.ContainsAny(value, `$\`) {
			return value, true
		}
	}
	return "", false
}
