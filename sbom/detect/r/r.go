// Package r finds packages of R.
//
// # What counts as what
//
//   - LIBRARY/NAME/DESCRIPTION with the field Built, which installing a package adds: an
//     installed package. Without the field it is that of a source, and nothing.
//   - renv.lock declares packages ([sbom.ScopeDeclared]), that need not be there.
//
// # Identity
//
// A package is pkg:cran. One of Bioconductor, or of another repository that is named by its
// address, has a repository_url, and one from a source repository a vcs_url. Packages
// that are part of R itself (Priority: base) are on no repository and have no package URL.
//
// # What is owned
//
// The directory of a package. Digests of its files are recorded only on other systems
// than Linux.
package r

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits. The largest lock file known has 500 KB.
const (
	maxFile    = 16 << 20
	maxText    = 512
	maxVersion = 64
	maxDepends = 1000
)

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "r", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "R (CRAN, Bioconductor)",
		Reads:     []string{"*/DESCRIPTION", "renv.lock"},
		PURLs:     []string{"cran"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeFixture},
		Owns:      []sbom.Claim{sbom.ClaimDirectory},
		Licenses:  true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	switch dir, base := path.Split(e.Path); base {
	case "DESCRIPTION":
		return e.Size > 0 && dir != ""
	case "renv.lock":
		return e.Size > 0 && !declared.Foreign(e.Path)
	}
	return false
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	read := readDescription
	if path.Base(f.Path) == "renv.lock" {
		read = readLock
	}
	return ospkg.ReadContentWith(f, maxFile, read)
}

// source is where a package is from, in the fields of its description.
type source struct {
	repository, biocViews              string
	remoteType, user, repo, sha, gitAt string
}

// purl returns the package URL.
func (s *source) purl(name, version string) string {
	q := map[string]string{}
	switch {
	case s.gitAt != "":
		q["vcs_url"] = origin.Repository(s.gitAt, s.sha)
	case s.user != "" && s.repo != "" && s.sha != "":
		host := map[string]string{"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}[s.remoteType]
		if host != "" {
			q["vcs_url"] = origin.Repository("https://"+host+"/"+s.user+"/"+s.repo, s.sha)
		}
	case s.biocViews != "" || strings.HasPrefix(s.repository, "Bioc"):
		q["repository_url"] = "https://bioconductor.org"
	case origin.Remote(s.repository):
		if u := origin.Address(s.repository); !strings.Contains(u, "cran.r-project.org") && !strings.Contains(u, "cran.rstudio.com") {
			q["repository_url"] = u
		}
	}
	return sbom.NewPURL("cran", "", name, version, q)
}

// readDescription reads the description of an installed package (Writing R Extensions,
// 1.1.1).
func readDescription(f *detect.File, b []byte) (*detect.Fragment, error) {
	var d deb822.Stanza
	for s := range deb822.Stanzas(string(b)) {
		d = *s
		break
	}
	name, built := d.Get("Package"), d.Get("Built")
	if name == "" || built == "" {
		return nil, nil // Other things have files of that name.
	}
	home := path.Dir(f.Path)
	if !ospkg.ValidName(name) {
		return nil, fmt.Errorf("%w: no valid name", detect.ErrFormat)
	}
	if path.Base(home) != name {
		return nil, nil // Only installed where it cannot be loaded from.
	}
	version := oneline.Token(d.Get("Version"), maxVersion)
	if version == "" {
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", "the R package "+name+" states no version")}}, nil
	}
	c := sbom.Component{
		Type: sbom.TypeLibrary, Name: name, Version: version, Evidence: statement.Manifest(1, name, version),
		Supplier: oneline.Text(d.Get("Maintainer"), maxText), Description: oneline.Text(d.Get("Title"), maxText),
		Licenses: licenses(d.Get("License"), f.Path),
	}
	if d.Get("Priority") == "base" {
		c.Properties = statement.Property(c.Properties, "r:priority", "base")
	} else {
		c.PURL = (&source{repository: d.Get("Repository"), biocViews: d.Get("biocViews"), remoteType: d.Get("RemoteType"),
			user: d.Get("RemoteUsername"), repo: d.Get("RemoteRepo"), sha: d.Get("RemoteSha"), gitAt: remoteGit(d.Get("RemoteType"), d.Get("RemoteUrl"))}).purl(name, version)
	}
	c.Properties = statement.Property(c.Properties, "r:built", built)
	for u := range strings.FieldsFuncSeq(d.Get("URL"), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
		c.References = origin.Refer(c.References, origin.Website, u)
	}
	frag := &detect.Fragment{Components: []detect.Component{{Component: c, Key: home, Aliases: []string{alias(name)}}}}
	if fixture.Path(below(home)) {
		frag.Components[0].Scope, frag.Components[0].Aliases = sbom.ScopeFixture, nil
		return frag, nil
	}
	frag.Claims = []detect.Claim{{Key: home, Path: home, Ground: sbom.ClaimDirectory, Tree: true}}
	var needs []string
	for _, field := range []string{"Depends", "Imports", "LinkingTo"} {
		needs = append(needs, depends(d.Get(field))...)
	}
	relations, all := ospkg.Relations(home, needs, maxDepends)
	frag.Relations = relations
	if !all {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxDepends, What: "dependencies"}
	}
	return frag, nil
}

func remoteGit(kind, address string) string {
	if kind == "git" || kind == "git2r" || kind == "xgit" {
		return address
	}
	return ""
}

// alias is the name by which packages refer to each other, which are found in any library
// of R, the first of which wins.
func alias(name string) string { return "package " + name }

// below returns what of a path is inside a package in a library of R.
func below(dir string) string {
	for _, library := range []string{"library/", "site-library/"} {
		if i := strings.LastIndex("/"+dir, "/"+library); i >= 0 {
			_, rest, _ := strings.Cut(("/" + dir)[i+1+len(library):], "/")
			return rest
		}
	}
	return ""
}

// depends returns the aliases of the packages in a list of dependencies: NAME, or NAME
// with a condition in parentheses. R itself is none.
func depends(field string) []string {
	var out []string
	for item := range strings.SplitSeq(field, ",") {
		name, _, _ := strings.Cut(item, "(")
		if name = strings.TrimSpace(name); ospkg.ValidName(name) && name != "R" {
			out = append(out, alias(name))
		}
	}
	return out
}

// readLock reads renv.lock: an object Packages of name to fields like those of a
// description.
func readLock(f *detect.File, b []byte) (*detect.Fragment, error) {
	var lock struct {
		Packages map[string]statement.Object
	}
	if err := json.Unmarshal(b, &lock); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	l := declared.New(f)
	keys := make(map[string]string, len(lock.Packages))
	names := slices.Sorted(maps.Keys(lock.Packages))
	for _, key := range names {
		p := lock.Packages[key]
		name, version := p.Text("Package"), oneline.Token(p.Text("Version"), maxVersion)
		if !ospkg.ValidName(name) || version == "" {
			l.Gaps.Add(sbom.GapIncomplete, "%s is locked without a valid name and version", ospkg.Clip(key))
			continue
		}
		s := source{repository: p.Text("Repository"), remoteType: p.Text("RemoteType"), user: p.Text("RemoteUsername"), repo: p.Text("RemoteRepo"),
			sha: p.Text("RemoteSha"), gitAt: remoteGit(p.Text("RemoteType"), p.Text("RemoteUrl"))}
		if p.Text("Source") == "Bioconductor" {
			s.biocViews = "true"
		}
		keys[name] = l.Add(sbom.Component{Name: name, Version: version, PURL: s.purl(name, version)})
	}
	for _, key := range names {
		p := lock.Packages[key]
		for _, to := range p.Texts("Requirements") {
			l.Depend(keys[p.Text("Package")], keys[to])
		}
	}
	return l.Fragment()
}
