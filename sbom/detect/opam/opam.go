// Package opam finds packages of OCaml.
//
// # What counts as what
//
//   - .opam-switch/packages/NAME.VERSION/opam: a package that opam installed in the switch.
//   - .opam-switch/install/NAME.changes: the files that installing it added.
//   - lib/ocaml/**/NAME/META and lib/ocaml/METAS/META.NAME: a library that is installed for
//     findlib by something else than opam, such as a distribution.
//
// # Identity
//
// A package of opam is pkg:opam. A library of findlib has no package URL: its name need not
// be that of the package that it is from. In a switch of opam, META files are files of
// packages, and no components of their own.
//
// # What is owned
//
// The files that opam recorded, with an MD5 where it took one, which is not the rule;
// and the directory of a library.
package opam

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits.
const (
	maxFile    = 8 << 20
	maxText    = 512
	maxFiles   = 200_000
	maxDepends = 1000
)

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "opam", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "OCaml (opam, findlib)",
		Reads: []string{".opam-switch/packages/*/opam", ".opam-switch/install/*.changes",
			"lib/ocaml/**/META", "lib/ocaml/**/META.*"},
		PURLs:    []string{"opam"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled},
		Owns:     []sbom.Claim{sbom.ClaimRecorded, sbom.ClaimDirectory},
		Checks:   []string{"md5"},
		Licenses: true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && readerOf(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	return ospkg.ReadContentWith(f, maxFile, readerOf(f.Path))
}

// readerOf returns what reads a file; nil when it is none of ours.
func readerOf(file string) func(*detect.File, string) (*detect.Fragment, error) {
	dir, base := path.Split(file)
	dir = strings.TrimSuffix(dir, "/")
	switch {
	case base == "opam":
		if _, ok := ospkg.Root(path.Dir(dir), ".opam-switch/packages"); ok {
			return readPackage
		}
	case strings.HasSuffix(base, ".changes"):
		if _, ok := ospkg.Root(dir, ".opam-switch/install"); ok {
			return readChanges
		}
	case base == "META", strings.HasPrefix(base, "META."):
		if name, _ := library(file); name != "" {
			return readMeta
		}
	}
	return nil
}

// readPackage reads the description of an installed package (opam manual, "opam"). Its name
// and version are those of the directory, which opam knows it by.
func readPackage(f *detect.File, text string) (*detect.Fragment, error) {
	dir := path.Dir(f.Path)
	root, _ := ospkg.Root(path.Dir(dir), ".opam-switch/packages")
	name, version, ok := strings.Cut(path.Base(dir), ".")
	if !ok || !ospkg.ValidName(name) || !ospkg.ValidVersion(version) {
		return nil, fmt.Errorf("%w: the directory %s has no name and version", detect.ErrFormat, ospkg.Clip(path.Base(dir)))
	}
	fields, err := parse(text)
	if err != nil {
		return nil, err
	}
	if stated := first(fields["name"]); stated != "" && stated != name {
		return nil, fmt.Errorf("%w: the description is of %s", detect.ErrFormat, ospkg.Clip(stated))
	}
	c := sbom.Component{
		Type: sbom.TypeLibrary, Name: name, Version: version, PURL: sbom.NewPURL("opam", "", name, version, nil),
		Supplier: oneline.Text(strings.Join(texts(fields["maintainer"]), ", "), maxText), Description: oneline.Text(first(fields["synopsis"]), maxText),
		Licenses: statement.Licenses(texts(fields["license"]), f.Path), Evidence: statement.Manifest(1, name, version),
	}
	for _, ref := range []struct{ kind, field string }{{origin.Website, "homepage"}, {origin.VCS, "dev-repo"}, {origin.IssueTracker, "bug-reports"}, {origin.Distribution, "url.src"}} {
		c.References = origin.Refer(c.References, ref.kind, first(fields[ref.field]))
	}
	for _, sum := range texts(fields["url.checksum"]) {
		if d, err := sbom.ParseDigest(strings.Replace(sum, "=", ":", 1)); err == nil && len(c.Hashes) < 8 {
			c.Hashes = append(c.Hashes, d)
		}
	}
	frag := &detect.Fragment{Components: []detect.Component{{Component: c, Key: key(root, name)}}}
	var needs []string
	for _, field := range []string{"depends", "depopts"} {
		for _, v := range fields[field] {
			if ospkg.ValidName(v.text) && !v.forDevelopment() {
				needs = append(needs, key(root, v.text))
			}
		}
	}
	relations, all := ospkg.Relations(key(root, name), needs, maxDepends)
	frag.Relations = relations
	if !all {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxDepends, What: "dependencies"}
	}
	return frag, nil
}

// key is that of a package in the switch at root.
func key(root, name string) string { return ospkg.Join(root, "opam") + " " + name }

// forDevelopment reports whether a condition keeps a dependency to the package's tests,
// documentation or developers.
func (v value) forDevelopment() bool {
	for _, variable := range []string{"with-test", "with-doc", "with-dev-setup"} {
		if slices.Contains(v.filter, variable) && !slices.Contains(v.filter, "|") {
			return true
		}
	}
	return false
}

func first(list []value) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].text
}

func texts(list []value) []string {
	var out []string
	for _, v := range list {
		out = append(out, v.text)
	}
	return out
}

// readChanges claims the files that were added: PATH {"D"} is a directory, "L:TARGET" a
// link, "F:MD5" a file, and "F:SxTy" one by size and time.
func readChanges(f *detect.File, text string) (*detect.Fragment, error) {
	root, _ := ospkg.Root(path.Dir(f.Path), ".opam-switch/install")
	name := strings.TrimSuffix(path.Base(f.Path), ".changes")
	if !ospkg.ValidName(name) {
		return nil, fmt.Errorf("%w: no valid name", detect.ErrFormat)
	}
	fields, err := parse(text)
	if err != nil {
		return nil, err
	}
	var gaps ospkg.Gaps
	claims := ospkg.NewClaims(f, root, maxFiles)
	for _, field := range []string{"added", "contents-changed", "kind-changed"} {
		for _, v := range fields[field] {
			what := ""
			if len(v.filter) > 0 {
				what = v.filter[0]
			}
			if what == "D" {
				continue
			}
			digest, _ := sbom.ParseDigest("md5:" + strings.TrimPrefix(what, "F:")) // Mostly there is none.
			if err := claims.Add(detect.Claim{Key: key(root, name), Digest: digest}, v.text, &gaps); err != nil {
				return &detect.Fragment{Claims: claims.List(), Gaps: gaps.List()}, err
			}
		}
	}
	return &detect.Fragment{Claims: claims.List(), Gaps: gaps.List()}, nil
}
