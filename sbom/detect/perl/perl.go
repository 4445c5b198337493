// Package perl finds distributions of CPAN.
//
// # What counts as what
//
//   - .meta/DISTRIBUTION-VERSION/install.json, which cpanm, cpm and Carton write: an
//     installed distribution, with the modules that it provides. MYMETA.json beside it
//     has the licence and what it depends on.
//   - auto/MODULE/.packlist: the files that installing a distribution added.
//   - cpanfile.snapshot declares distributions ([sbom.ScopeDeclared]), that need not be
//     there.
//
// What CPAN.pm alone installed has a .packlist, and an entry in perllocal.pod, which cpanm
// writes as well: it names a module, and not the distribution. Such entries are not told,
// since nothing in them says that they are told already. Modules that come with Perl, or
// from a distribution's packages, have no records of this kind.
//
// # Identity
//
// A distribution is pkg:cpan/AUTHOR/NAME, as the path on CPAN says. One that was not from
// CPAN has no author there, and no package URL: it needs one.
package perl

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits. The distribution with the most modules has about 1,500.
const (
	maxFile    = 16 << 20
	maxFiles   = 100_000
	maxModules = 5000
)

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "perl", Version: "1"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Perl (CPAN)",
		Reads:     []string{".meta/*/install.json", ".meta/*/MYMETA.json", "auto/**/.packlist", "cpanfile.snapshot"},
		PURLs:     []string{"cpan"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeFixture},
		Owns:      []sbom.Claim{sbom.ClaimRecorded, sbom.ClaimDirectory},
		Licenses:  true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && readerOf(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	return ospkg.ReadContentWith(f, maxFile, readerOf(f.Path))
}

// readerOf returns what reads a file; nil when it is none of ours.
func readerOf(file string) func(*detect.File, []byte) (*detect.Fragment, error) {
	switch dir, base := path.Split(file); base {
	case "cpanfile.snapshot":
		if !declared.Foreign(file) {
			return readSnapshot
		}
	case "install.json", "MYMETA.json":
		if path.Base(path.Dir(path.Clean(dir))) != ".meta" {
			return nil
		}
		if base == "MYMETA.json" {
			return readMeta
		}
		return readInstall
	case ".packlist":
		if _, _, ok := packlist(file); ok {
			return readPacklist
		}
	}
	return nil
}

// packlist returns the library that a .packlist is in, and the module that it is called
// after.
func packlist(file string) (library, module string, ok bool) {
	dir := "/" + path.Dir(file)
	i := strings.LastIndex(dir, "/auto/")
	if i < 0 {
		return "", "", false
	}
	return strings.TrimPrefix(dir[:i], "/"), strings.ReplaceAll(dir[i+len("/auto/"):], "/", "::"), true
}

// alias is the name by which records refer to the distribution that a module is from.
func alias(library, module string) string { return library + " module " + module }

// dist is a distribution by the path of its archive: A/AU/AUTHOR/NAME-VERSION.tar.gz.
type dist struct{ author, name, version string }

// parseDist splits the name of a distribution and the path of its archive, which may be
// empty. The version begins behind the last "-" before a digit, or a "v" and a digit.
func parseDist(full, pathname string) dist {
	var d dist
	for i := len(full) - 2; i > 0; i-- {
		rest := strings.TrimPrefix(full[i+1:], "v")
		if full[i] == '-' && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			d.name, d.version = full[:i], full[i+1:]
			break
		}
	}
	if segs := strings.Split(pathname, "/"); len(segs) >= 4 && len(segs[0]) == 1 && strings.HasPrefix(segs[2], segs[1]) && strings.HasPrefix(segs[1], segs[0]) {
		d.author = segs[2]
	}
	if !ospkg.ValidName(d.author) || d.author != strings.ToUpper(d.author) {
		d.author = ""
	}
	return d
}

// component describes the distribution. ok is false when it has no valid name and version.
func (d dist) component() (c sbom.Component, ok bool) {
	if !ospkg.ValidName(d.name) || !ospkg.ValidVersion(d.version) {
		return c, false
	}
	c = sbom.Component{Type: sbom.TypeLibrary, Group: d.author, Name: d.name, Version: d.version}
	if d.author != "" {
		c.PURL = sbom.NewPURL("cpan", d.author, d.name, d.version, nil)
	}
	return c, true
}

// readInstall reads the record of an installed distribution.
func readInstall(f *detect.File, b []byte) (*detect.Fragment, error) {
	var o statement.Object
	if err := json.Unmarshal(b, &o); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	d := parseDist(o.Text("dist"), o.Text("pathname"))
	c, ok := d.component()
	if !ok {
		return nil, fmt.Errorf("%w: %s is no distribution with a version", detect.ErrFormat, ospkg.Clip(o.Text("dist")))
	}
	home := path.Dir(f.Path)
	library := path.Dir(path.Dir(home))
	c.Evidence = statement.Manifest(1, d.name, d.version)
	modules := o.Object("provides")
	if modules == nil {
		modules = statement.Object{}
	}
	modules[o.Text("name")] = nil
	modules[strings.ReplaceAll(d.name, "-", "::")] = nil
	key := library + " " + d.name
	out := detect.Component{Component: c, Key: key, Aliases: []string{home}}
	full := false
	for _, m := range slices.Sorted(maps.Keys(modules)) {
		if full = len(out.Aliases) > maxModules; full {
			break
		}
		if validModule(m) {
			out.Aliases = append(out.Aliases, alias(library, m))
		}
	}
	frag := &detect.Fragment{Components: []detect.Component{out},
		Claims: []detect.Claim{{Key: key, Path: home, Ground: sbom.ClaimDirectory, Tree: true}}}
	if full || len(library)*len(out.Aliases) > 1<<19+16*len(b) {
		frag.Components[0].Aliases = out.Aliases[:1]
		return frag, &detect.LimitError{Path: f.Path, Limit: maxModules, What: "modules"}
	}
	return frag, nil
}

func validModule(s string) bool {
	return ospkg.ValidName(strings.ReplaceAll(s, "::", "_"))
}

// licenses are those of the specification of META files that have one meaning in SPDX.
var licenses = map[string]string{
	"perl_5": "Artistic-1.0-Perl OR GPL-1.0-or-later", "apache_1_1": "Apache-1.1", "apache_2_0": "Apache-2.0", "artistic_1": "Artistic-1.0",
	"artistic_2": "Artistic-2.0", "agpl_3": "AGPL-3.0-only", "bsd": "BSD-3-Clause", "freebsd": "BSD-2-Clause", "gfdl_1_2": "GFDL-1.2-only",
	"gfdl_1_3": "GFDL-1.3-only", "gpl_1": "GPL-1.0-only", "gpl_2": "GPL-2.0-only", "gpl_3": "GPL-3.0-only", "lgpl_2_1": "LGPL-2.1-only",
	"lgpl_3_0": "LGPL-3.0-only", "mit": "MIT", "mozilla_1_0": "MPL-1.0", "mozilla_1_1": "MPL-1.1", "openssl": "OpenSSL", "qpl_1_0": "QPL-1.0", "zlib": "Zlib",
}

// readMeta annotates a distribution with what its own metadata says (CPAN::Meta::Spec).
func readMeta(f *detect.File, b []byte) (*detect.Fragment, error) {
	var o statement.Object
	if err := json.Unmarshal(b, &o); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	home := path.Dir(f.Path)
	library := path.Dir(path.Dir(home))
	note := detect.Annotation{Key: home}
	for _, text := range o.Texts("license") {
		l := statement.License(text, f.Path)
		if expr, ok := licenses[text]; ok {
			l.Expression, l.Name = expr, text
		}
		if text != "unknown" && len(note.Licenses) < statement.MaxLicenses {
			note.Licenses = append(note.Licenses, l)
		}
	}
	note.Properties = statement.Property(note.Properties, "cpan:abstract", o.Text("abstract"))
	note.Properties = statement.Property(note.Properties, "cpan:author", strings.Join(o.Texts("author"), ", "))
	frag := &detect.Fragment{Annotations: []detect.Annotation{note}}
	var needs []string
	for module := range o.Object("prereqs").Object("runtime").Object("requires") {
		if module != "perl" && validModule(module) {
			needs = append(needs, alias(library, module))
		}
	}
	relations, all := ospkg.Relations(home, needs, maxModules)
	frag.Relations = relations
	if !all || len(library)*len(relations)*2 > 1<<19+16*len(b) {
		frag.Relations = nil
		return frag, &detect.LimitError{Path: f.Path, Limit: maxModules, What: "dependencies"}
	}
	return frag, nil
}

// readPacklist claims the files of a distribution: one path a line, with key=value behind
// a space in the second form of the format (ExtUtils::Packlist).
func readPacklist(f *detect.File, b []byte) (*detect.Fragment, error) {
	library, module, _ := packlist(f.Path)
	var gaps ospkg.Gaps
	claims := ospkg.NewClaims(f, "", maxFiles)
	var err error
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		for _, attribute := range []string{" type=", " from=", " mode="} {
			line, _, _ = strings.Cut(line, attribute)
		}
		if line == "" || err != nil {
			continue
		}
		if line[0] != '/' {
			gaps.Add(sbom.GapCorrupt, "the path %s is recorded, which is not absolute", ospkg.Clip(line))
			continue
		}
		c := detect.Claim{Key: alias(library, module), Optional: strings.Contains(line, "/man/")}
		err = claims.Add(c, line, &gaps)
	}
	frag := &detect.Fragment{Claims: claims.List(), Gaps: gaps.List()}
	return frag, err
}

// readSnapshot reads cpanfile.snapshot: under DISTRIBUTIONS, the name of each one, its
// sections by two spaces more, and what they list by two more again.
func readSnapshot(f *detect.File, b []byte) (*detect.Fragment, error) {
	text := string(b)
	head, _, _ := strings.Cut(text, "\n")
	if !strings.HasPrefix(head, "# carton snapshot format: version 1.") {
		return nil, fmt.Errorf("%w: it begins with %.60q", detect.ErrUnsupported, head)
	}
	l := declared.New(f)
	provider := make(map[string]string) // key of the distribution by module
	type edge struct{ from, module string }
	var needs []edge
	name, key, section := "", "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \r\n")
		word := strings.TrimLeft(line, " ")
		field, value, _ := strings.Cut(word, " ")
		switch indent := len(line) - len(word); {
		case word == "" || word[0] == '#' || l.Full():
		case indent == 2:
			name, key, section = word, "", ""
		case indent == 4 && field == "pathname:":
			c, ok := parseDist(name, strings.TrimSpace(value)).component()
			if !ok {
				l.Gaps.Add(sbom.GapIncomplete, "%s is locked without a valid name and version", ospkg.Clip(name))
				continue
			}
			key = l.Add(c)
		case indent == 4:
			section = strings.TrimSuffix(field, ":")
		case indent == 6 && section == "provides" && key != "":
			provider[field] = key
		case indent == 6 && section == "requirements" && key != "":
			needs = append(needs, edge{key, field})
		}
	}
	for _, e := range needs {
		l.Depend(e.from, provider[e.module])
	}
	return l.Fragment()
}
