package otp

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits on what is kept of an application.
const (
	maxText    = 512
	maxVersion = 128
	maxDepends = 1000
)

// scopeOf tells applications in the test data of another from installed ones.
func scopeOf(dir string) sbom.Scope {
	segs := strings.Split(dir, "/")
	for i, s := range segs {
		if s == "lib" && i+2 < len(segs) && fixture.Path(strings.Join(segs[i+2:], "/")) {
			return sbom.ScopeFixture
		}
	}
	return sbom.ScopeInstalled
}

// appKey is the key of an application in a directory of them, by its own name: versions
// may be side by side, but only one can be loaded.
func appKey(dir, name string) string { return dir + " " + name }

// readApp reads the description of an application, {application, NAME, [PROPERTY…]}
// (app(4)).
func readApp(f *detect.File) (*detect.Fragment, error) {
	terms, err := readTerms(f)
	if err != nil {
		return nil, err
	}
	if len(terms) != 1 || !terms[0].at(0).is("application") || terms[0].at(2).kind != list {
		return nil, fmt.Errorf("%w: no description of an application", detect.ErrFormat)
	}
	home := path.Dir(path.Dir(f.Path))
	name, props := terms[0].at(1).name(), terms[0].at(2)
	if !ospkg.ValidName(name) {
		return nil, fmt.Errorf("%w: no valid name", detect.ErrFormat)
	}
	version := oneline.Token(props.get("vsn").string(), maxVersion)
	if version == "" {
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", "the application "+name+" states no version")}}, nil
	}
	c := detect.Component{Key: appKey(path.Dir(home), name), Component: sbom.Component{
		Type: sbom.TypeLibrary, Name: name, Version: version, Scope: scopeOf(home),
		PURL:        sbom.NewPURL("otp", "", strings.ToLower(name), version, nil),
		Description: oneline.Text(props.get("description").string(), maxText),
		Licenses:    statement.Licenses(texts(props.get("licenses")), f.Path),
		Evidence:    statement.Manifest(1, name, version),
	}}
	frag := &detect.Fragment{Components: []detect.Component{c}}
	frag.Claims = []detect.Claim{{Key: c.Key, Path: home, Ground: sbom.ClaimDirectory, Tree: true}}
	if path.Dir(home) == "." && home == "." || c.Scope == sbom.ScopeFixture {
		frag.Claims = nil
	}
	var needs []string
	for _, field := range []string{"applications", "included_applications"} {
		for _, a := range props.get(field).items {
			if ospkg.ValidName(a.name()) {
				needs = append(needs, appKey(path.Dir(home), a.name()))
			}
		}
	}
	relations, all := ospkg.Relations(c.Key, needs, maxDepends)
	frag.Relations = relations
	if !all {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxDepends, What: "dependencies"}
	}
	return frag, nil
}

func texts(t term) []string {
	var out []string
	for _, item := range t.items {
		out = append(out, item.string())
	}
	return out
}

func readTerms(f *detect.File) ([]term, error) {
	s, err := ospkg.Read(f, maxFile)
	if err != nil {
		return nil, err
	}
	return parseTerms(s)
}

// readRelease reads {release, {NAME, VERSION}, {erts, VERSION}, [{APPLICATION, VERSION…}…]}
// (rel(4)). Those that Erlang itself comes with are no software of their own.
func readRelease(f *detect.File) (*detect.Fragment, error) {
	terms, err := readTerms(f)
	if err != nil {
		return nil, err
	}
	if len(terms) != 1 || !terms[0].at(0).is("release") || terms[0].at(1).kind != tuple {
		return nil, fmt.Errorf("%w: no description of a release", detect.ErrFormat)
	}
	stated := terms[0].at(1)
	name, version := oneline.Token(stated.at(0).string(), maxVersion), oneline.Token(stated.at(1).string(), maxVersion)
	switch {
	case strings.HasPrefix(name, "Erlang"), name == "OTP":
		return nil, nil
	case name == "" || version == "":
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", "a release states no name and version")}}, nil
	}
	root := path.Dir(path.Dir(path.Dir(f.Path)))
	c := detect.Component{Key: root + " release " + name, Component: sbom.Component{
		Type: sbom.TypeApplication, Name: name, Version: version, Evidence: statement.Manifest(1, name, version),
		PURL: sbom.NewPURL("generic", "", name, version, nil),
	}}
	frag := &detect.Fragment{Components: []detect.Component{c}, Claims: programs(c.Key, root, path.Dir(f.Path))}
	needs := []string{root + " erts"}
	for _, a := range terms[0].at(3).items {
		if n := a.at(0).name(); ospkg.ValidName(n) {
			needs = append(needs, appKey(path.Join(root, "lib"), n))
		}
	}
	relations, all := ospkg.Relations(c.Key, needs, maxDepends)
	frag.Relations = relations
	if !all {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxDepends, What: "applications"}
	}
	return frag, nil
}

// readVersion reads the version of Erlang/OTP as a whole, such as 25.2.3. Two asterisks
// mean that it was patched since.
func readVersion(f *detect.File) (*detect.Fragment, error) {
	s, err := ospkg.Read(f, 256)
	if err != nil {
		return nil, err
	}
	stated := oneline.Token(s, maxVersion)
	version := strings.TrimSuffix(stated, "**")
	if version == "" || !strings.Contains("0123456789", version[:1]) || !ospkg.ValidVersion(version) {
		return nil, fmt.Errorf("%w: no version", detect.ErrFormat)
	}
	c := sbom.Component{Type: sbom.TypeApplication, Name: "erlang", Version: version, Evidence: statement.Manifest(1, "erlang", stated),
		PURL: sbom.NewPURL("generic", "", "erlang", version, nil)}
	if strings.Trim(version, "0123456789.") == "" {
		c.CPEs = []string{`cpe:2.3:a:erlang:erlang\/otp:` + version + `:*:*:*:*:*:*:*`}
	}
	root := path.Dir(path.Dir(path.Dir(f.Path)))
	key := root + " OTP " + path.Base(path.Dir(f.Path))
	return &detect.Fragment{Components: []detect.Component{{Component: c, Key: key}}, Claims: programs(key, root, path.Dir(f.Path))}, nil
}

// programs are the claims of what is installed in root as a whole: its directory in
// releases, and the programs beside that, unless others have theirs in the same place.
func programs(key, root, release string) []detect.Claim {
	claims := []detect.Claim{{Key: key, Path: release, Ground: sbom.ClaimDirectory, Tree: true}}
	if root != "." && root != "usr" && root != "usr/local" {
		claims = append(claims, detect.Claim{Key: key, Path: path.Join(root, "bin"), Ground: sbom.ClaimDirectory, Tree: true})
	}
	return claims
}

// readRuntime finds the runtime system, by the names of the directory and of the
// program.
func readRuntime(f *detect.File) (*detect.Fragment, error) {
	magic := make([]byte, 4)
	if _, err := f.ReadAt(magic, 0); err != nil && err != io.EOF || !slices.Equal(magic, []byte("\x7fELF")) {
		return nil, nil // A wrapper, or a program that was put aside.
	}
	home := path.Dir(path.Dir(f.Path))
	version := oneline.Token(strings.TrimPrefix(path.Base(home), "erts-"), maxVersion)
	if version == "" || !ospkg.ValidVersion(version) {
		return nil, nil
	}
	c := sbom.Component{Type: sbom.TypeApplication, Name: "erts", Version: version,
		PURL:     sbom.NewPURL("otp", "", "erts", version, nil),
		Evidence: statement.Evidence(sbom.TechniqueFilename, 0.9, "erts", version)}
	key := path.Dir(home) + " erts"
	return &detect.Fragment{Components: []detect.Component{{Component: c, Key: key}},
		Claims: []detect.Claim{{Key: key, Path: home, Ground: sbom.ClaimDirectory, Tree: true}}}, nil
}

// readPackage reads the metadata of a package from Hex: terms {<<"name">>, VALUE}.
func readPackage(f *detect.File) (*detect.Fragment, error) {
	terms, err := readTerms(f)
	if err != nil {
		return nil, err
	}
	meta := term{kind: list, items: terms}
	name, version := meta.get("name").string(), oneline.Token(meta.get("version").string(), maxVersion)
	home := path.Dir(f.Path)
	switch {
	case !ospkg.ValidName(name):
		return nil, fmt.Errorf("%w: no valid name", detect.ErrFormat)
	case version == "":
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", "the Hex package "+name+" states no version")}}, nil
	}
	c := detect.Component{Key: home + " hex", Component: sbom.Component{
		Type: sbom.TypeLibrary, Name: name, Version: version, Scope: scopeOf(home),
		PURL:        sbom.NewPURL("hex", "", strings.ToLower(name), version, nil),
		Description: oneline.Text(meta.get("description").string(), maxText),
		Licenses:    statement.Licenses(texts(meta.get("licenses")), f.Path),
		Evidence:    statement.Manifest(1, name, version),
	}, Aliases: []string{hexAlias(path.Dir(home), name)}}
	for _, link := range meta.get("links").items {
		n := len(c.References)
		if c.References = origin.Refer(c.References, origin.Website, link.at(1).string()); len(c.References) > n {
			c.References[n].Comment = oneline.Text(link.at(0).string(), 64)
		}
	}
	frag := &detect.Fragment{Components: []detect.Component{c}}
	if home != "." && c.Scope == sbom.ScopeInstalled {
		frag.Claims = []detect.Claim{{Key: c.Key, Path: home, Ground: sbom.ClaimDirectory, Tree: true}}
	}
	if app := meta.get("app").string(); ospkg.ValidName(app) {
		frag.Relations = append(frag.Relations, detect.Relation{From: c.Key, To: appKey(path.Dir(home), app), Type: sbom.Contains})
	}
	var needs []string
	for _, r := range meta.get("requirements").items {
		// Old releases write {NAME, …}, new ones lists of fields.
		n := r.at(0).string()
		if field := r.get("name").string(); field != "" {
			n = field
		}
		if ospkg.ValidName(n) {
			needs = append(needs, hexAlias(path.Dir(home), n))
		}
	}
	relations, _ := ospkg.Relations(c.Key, needs, maxDepends)
	frag.Relations = append(frag.Relations, relations...)
	return frag, nil
}

func hexAlias(dir, name string) string { return dir + " hex " + name }
