package opam

import (
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// library returns the name of the library that a META file describes, and its directory,
// which is empty when the file lies elsewhere; the name is empty for what is none, or
// lies in a switch of opam.
func library(file string) (name, dir string) {
	dir, base := path.Split("/" + file)
	switch {
	case !strings.Contains(dir, "/lib/ocaml/"), strings.Contains(dir, "/.opam/"), strings.Contains(dir, "/_opam/"):
		return "", ""
	case base == "META":
		dir = strings.Trim(dir, "/")
		if name = path.Base(dir); name == "ocaml" {
			name = ""
		}
	default:
		name, dir = strings.TrimPrefix(base, "META."), ""
	}
	if !ospkg.ValidName(name) {
		return "", ""
	}
	return name, dir
}

// findlibKey is the key of a library among those of one installation of OCaml.
func findlibKey(file, name string) string {
	root, _, _ := strings.Cut("/"+file, "/lib/ocaml/")
	return strings.TrimPrefix(root+"/lib/ocaml", "/") + " findlib " + name
}

// readMeta reads the description of a library (META(5)): assignments NAME(FLAGS) = VALUE,
// and packages in parentheses, which are parts of it.
func readMeta(f *detect.File, text string) (*detect.Fragment, error) {
	name, dir := library(f.Path)
	s := &scanner{rest: text, comment: true}
	var version, description string
	var needs []string
	depth := 0
	for {
		t, ok := s.next()
		if !ok {
			break
		}
		switch {
		case t.text == "package" && !t.quoted:
			// package "NAME" ( … ), of which only the parentheses count.
			if _, ok := s.next(); !ok {
				return nil, fmt.Errorf("%w: a package without a name", detect.ErrFormat)
			}
		case t.is("("):
			depth++
		case t.is(")"):
			depth = max(0, depth-1)
		case t.quoted || depth > 0:
		case t.text == "version" || t.text == "description" || t.text == "requires":
			v, flags, ok := s.assigned()
			switch {
			case !ok:
				return nil, fmt.Errorf("%w: nothing is assigned to %s", detect.ErrFormat, t.text)
			case t.text == "version" && !flags:
				version = oneline.Token(v, 128)
			case t.text == "description" && !flags:
				description = oneline.Text(v, maxText)
			case t.text == "requires":
				for need := range strings.FieldsFuncSeq(v, func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) }) {
					if need, _, _ = strings.Cut(need, "."); ospkg.ValidName(need) {
						needs = append(needs, findlibKey(f.Path, need))
					}
				}
			}
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	key := findlibKey(f.Path, name)
	if version == "" || strings.HasPrefix(version, "[") {
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", "the OCaml library "+name+" states no version")}}, nil
	}
	c := sbom.Component{Type: sbom.TypeLibrary, Name: name, Version: version, Description: description,
		Evidence: statement.Manifest(0.9, name, version)}
	frag := &detect.Fragment{Components: []detect.Component{{Component: c, Key: key}}}
	if dir != "" {
		frag.Claims = []detect.Claim{{Key: key, Path: dir, Ground: sbom.ClaimDirectory, Tree: true}}
	}
	relations, all := ospkg.Relations(key, needs, maxDepends)
	frag.Relations = relations
	if !all {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxDepends, What: "dependencies"}
	}
	return frag, nil
}

// assigned reads "= VALUE" or "+= VALUE", with flags in parentheses before it.
func (s *scanner) assigned() (value string, flags, ok bool) {
	t, ok := s.next()
	if ok && t.is("(") {
		flags = true
		for ok && !t.is(")") {
			t, ok = s.next()
		}
		t, ok = s.next()
	}
	if ok && t.is("+") {
		t, ok = s.next()
	}
	if !ok || !t.is("=") {
		return "", flags, false
	}
	t, ok = s.next()
	return t.text, flags, ok && t.quoted
}
