// Package dart finds packages of Dart and Flutter.
//
// # What counts as what
//
//   - hosted/SERVER/NAME-VERSION/pubspec.yaml and git/NAME-COMMIT/pubspec.yaml in a cache of
//     pub: a package that is there.
//   - pubspec.lock and .dart_tool/package_config.json declare packages
//     ([sbom.ScopeDeclared]), that need not be there. The second states no versions but in
//     the directories of the cache.
//
// Programs have their packages compiled into them, and nothing in them says which.
// Packages of the SDK itself and directories of the application are no packages.
//
// # What is owned
//
// The directory of a package in the cache. Digests of files are recorded nowhere.
package dart

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/boundyaml"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits. The lock file of a large application has 50 KB.
const (
	maxFile    = 16 << 20 // 100,000 packages
	maxText    = 512
	maxDepends = 1000
)

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "dart", Version: "3"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem:    "Dart and Flutter (pub)",
		Reads:        []string{"hosted/*/*/pubspec.yaml", ".pub-cache/git/*/pubspec.yaml", "pubspec.lock", ".dart_tool/package_config.json"},
		PURLs:        []string{"pub"},
		Scopes:       []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeFixture},
		Owns:         []sbom.Claim{sbom.ClaimDirectory},
		Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && readerOf(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	return ospkg.ReadContentWith(f, maxFile, readerOf(f.Path))
}

// readerOf returns what reads a file; nil when it is none of ours.
func readerOf(file string) func(*detect.File, []byte) (*detect.Fragment, error) {
	dir, base := path.Split(file)
	switch base {
	case "pubspec.yaml":
		if _, _, ok := cached(path.Clean(dir)); ok {
			return readSpec
		}
	case "pubspec.lock":
		if _, inside := inCache(dir); !inside && !declared.Foreign(file) {
			return readLock
		}
	case "package_config.json":
		if _, inside := inCache(dir); !inside && path.Base(dir) == ".dart_tool" && !declared.Foreign(file) {
			return readConfig
		}
	}
	return nil
}

// inCache returns the cache that a directory is in, if it is in one.
func inCache(dir string) (cache string, ok bool) {
	for _, sub := range []string{"/hosted/pub.dev/", "/hosted/pub.dartlang.org/", "/.pub-cache/hosted/", "/.pub-cache/git/"} {
		if i := strings.Index("/"+dir, sub); i >= 0 {
			return strings.TrimPrefix(("/" + dir)[:i], "/"), true
		}
	}
	return "", false
}

// cached splits the directory of a package in a cache into the cache's, and the server's
// name, which is empty for what is from a source repository.
func cached(dir string) (cache, server string, ok bool) {
	parent := path.Dir(dir)
	if above := path.Dir(parent); path.Base(above) == "hosted" && strings.Contains(path.Base(dir), "-") {
		return path.Dir(above), path.Base(parent), true
	}
	if path.Base(parent) == "git" && path.Base(path.Dir(parent)) == ".pub-cache" && strings.Contains(path.Base(dir), "-") {
		return path.Dir(parent), "", true
	}
	return "", "", false
}

// server returns the qualifier of a package URL for a server; empty for pub.dev, under
// both of its names. A directory's name has the address escaped, without the scheme.
func server(address string) string {
	s := strings.TrimSuffix(origin.Address(address), "/")
	if s == "https://pub.dev" || s == "https://pub.dartlang.org" {
		return ""
	}
	return s
}

// unescape returns the address that a directory of the cache is called after: characters
// that names of files cannot have are written as "%" and their decimal number.
func unescape(dir string) string {
	r := strings.NewReplacer("%47", "/", "%58", ":")
	return "https://" + r.Replace(dir)
}

// readSpec reads the description of a package in a cache.
func readSpec(f *detect.File, b []byte) (*detect.Fragment, error) {
	var spec struct {
		Name         string               `yaml:"name"`
		Version      string               `yaml:"version"`
		Description  string               `yaml:"description"`
		Homepage     string               `yaml:"homepage"`
		Repository   string               `yaml:"repository"`
		Dependencies map[string]yaml.Node `yaml:"dependencies"`
	}
	if err := boundyaml.Unmarshal(b, &spec); err != nil {
		return nil, err
	}
	home := path.Dir(f.Path)
	cache, host, _ := cached(home)
	if !ospkg.ValidName(spec.Name) {
		return nil, fmt.Errorf("%w: no valid name", detect.ErrFormat)
	}
	version := oneline.Token(spec.Version, 128)
	if version == "" {
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", "the Dart package "+spec.Name+" states no version")}}, nil
	}
	c := sbom.Component{Type: sbom.TypeLibrary, Name: spec.Name, Version: version,
		Description: oneline.Text(spec.Description, maxText), Evidence: statement.Manifest(1, spec.Name, version)}
	q := map[string]string{}
	if host != "" {
		q["repository_url"] = server(unescape(host))
	} else if i := strings.LastIndexByte(path.Base(home), '-'); i >= 0 {
		q["vcs_url"] = origin.Repository(spec.Repository, path.Base(home)[i+1:])
	}
	c.PURL = sbom.NewPURL("pub", "", strings.ToLower(spec.Name), version, q)
	c.References = origin.Refer(origin.Refer(nil, origin.Website, spec.Homepage), origin.VCS, spec.Repository)
	key := cache + " " + host + " " + spec.Name
	frag := &detect.Fragment{
		Components: []detect.Component{{Component: c, Key: key, Aliases: []string{alias(cache, spec.Name)}}},
		Claims:     []detect.Claim{{Key: key, Path: home, Ground: sbom.ClaimDirectory, Tree: true}},
	}
	var needs []string
	for name := range spec.Dependencies {
		if ospkg.ValidName(name) {
			needs = append(needs, alias(cache, name))
		}
	}
	relations, all := ospkg.Relations(key, needs, maxDepends)
	frag.Relations = relations
	if !all {
		return frag, &detect.LimitError{Path: f.Path, Limit: maxDepends, What: "dependencies"}
	}
	return frag, nil
}

// alias is the name by which packages of one cache refer to each other.
func alias(cache, name string) string { return cache + " pub " + name }

// locked is a package in pubspec.lock.
type locked struct {
	Dependency  string    `yaml:"dependency"`
	Source      string    `yaml:"source"`
	Version     string    `yaml:"version"`
	Description yaml.Node `yaml:"description"`
}

// readLock reads pubspec.lock, which does not say what depends on what.
func readLock(f *detect.File, b []byte) (*detect.Fragment, error) {
	var lock struct {
		Packages map[string]locked `yaml:"packages"`
	}
	if err := boundyaml.Unmarshal(b, &lock); err != nil {
		return nil, err
	}
	l := declared.New(f)
	for _, name := range slices.Sorted(maps.Keys(lock.Packages)) {
		if l.Full() {
			break
		}
		p := lock.Packages[name]
		var from struct {
			Name   string `yaml:"name"`
			URL    string `yaml:"url"`
			SHA256 string `yaml:"sha256"`
			Commit string `yaml:"resolved-ref"`
		}
		_ = p.Description.Decode(&from) // That of the SDK is its name.
		if p.Source == "sdk" || p.Source == "path" {
			continue
		}
		version := oneline.Token(p.Version, 128)
		if !ospkg.ValidName(name) || version == "" {
			l.Gaps.Add(sbom.GapIncomplete, "%s is locked without a valid name and version", ospkg.Clip(name))
			continue
		}
		q := map[string]string{}
		switch p.Source {
		case "git":
			q["vcs_url"] = origin.Repository(from.URL, from.Commit)
		case "hosted":
			q["repository_url"] = server(from.URL)
		default:
			l.Gaps.Add(sbom.GapUnsupported, "%s is locked to a source of the kind %s", name, ospkg.Clip(p.Source))
		}
		c := sbom.Component{Name: name, Version: version, PURL: sbom.NewPURL("pub", "", strings.ToLower(name), version, q)}
		if d, err := sbom.ParseDigest("sha256:" + from.SHA256); err == nil {
			c.Hashes = []sbom.Digest{d}
		}
		if p.Dependency == "direct dev" {
			c.Properties = []sbom.Property{{Name: "pub:dev", Value: "true"}}
		}
		l.Add(c)
	}
	return l.Fragment()
}

// readConfig reads where the packages of an application are. Those in a cache have their
// version in the name of the directory.
func readConfig(f *detect.File, b []byte) (*detect.Fragment, error) {
	var config struct {
		Version  int                `json:"configVersion"`
		Packages []statement.Object `json:"packages"`
	}
	if err := json.Unmarshal(b, &config); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	if config.Version != 2 {
		return nil, fmt.Errorf("%w: configVersion %d", detect.ErrUnsupported, config.Version)
	}
	l := declared.New(f)
	for _, p := range config.Packages {
		name, uri := p.Text("name"), p.Text("rootUri")
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "file" || l.Full() {
			continue
		}
		dir := strings.Trim(path.Clean(u.Path), "/")
		_, host, ok := cached(dir)
		version, named := strings.CutPrefix(path.Base(dir), name+"-")
		if !ok || !named || host == "" || !ospkg.ValidName(name) || !ospkg.ValidVersion(version) {
			continue // The application itself, or what has no version there.
		}
		c := sbom.Component{Name: name, Version: version,
			PURL: sbom.NewPURL("pub", "", strings.ToLower(name), version, map[string]string{"repository_url": server(unescape(host))})}
		c.Evidence = []sbom.Evidence{{Field: "version", Technique: sbom.TechniqueFilename, Confidence: declared.Confidence, Value: version}}
		l.Add(c)
	}
	return l.Fragment()
}
