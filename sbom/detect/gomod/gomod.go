// Package gomod finds the modules that the files of a Go module name.
//
// # What is read
//
//   - go.mod: the modules that it requires are [sbom.ScopeDeclared], with replace and
//     exclude directives applied. Since Go 1.17 these are all modules that the packages of
//     the module need; for older ones, those that others require are missing.
//   - go.sum: the checksums of what go.mod names, as property "go:sum". What only
//     go.sum names may be of other versions than those built, and is not told.
//   - vendor/modules.txt: copies of modules beside the source, [sbom.ScopeBundled],
//     with their directories.
//
// The version of Go in a go.mod is a lower bound and no component, and a
// directory that replaces a module is the application's own code. Files in a
// directory of tests are [sbom.ScopeFixture]; those inside an installed package, such as
// the module cache, serve its development and are not read. What programs were built
// from is told by detector golang.
package gomod

import (
	"context"
	"fmt"
	"path"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
)

// maxFile is the size of the largest file that is read, in bytes. A go.sum of 1 MiB
// has been seen.
const maxFile = 16 << 20

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "gomod", Version: "1"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Go modules (sources)",
		Reads:     []string{"go.mod", "go.sum", "vendor/modules.txt"},
		PURLs:     []string{"golang"},
		Scopes:    []sbom.Scope{sbom.ScopeDeclared, sbom.ScopeBundled, sbom.ScopeFixture},
		Owns:      []sbom.Claim{sbom.ClaimDirectory},
	}
}

func (detector) Wants(e *detect.Entry) bool {
	_, read := reader(e.Path)
	return read != nil && e.Size > 0
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	dir, read := reader(f.Path)
	if read == nil {
		return nil, nil
	}
	b, err := f.Bytes(maxFile)
	if err != nil {
		return nil, err
	}
	frag, err := read(f, dir, b)
	if err != nil {
		return frag, fmt.Errorf("%s: %w", f.Path, err)
	}
	return frag, nil
}

// reader returns the directory of the module that a file is about, and what reads
// it; nil when it is none of ours.
func reader(file string) (dir string, read func(*detect.File, string, []byte) (*detect.Fragment, error)) {
	dir, base := path.Split(file)
	switch base {
	case "go.mod":
		read = readMod
	case "go.sum":
		read = readSum
	case "modules.txt":
		var ok bool
		if dir, ok = strings.CutSuffix(dir, "vendor/"); !ok || dir != "" && !strings.HasSuffix(dir, "/") {
			return "", nil
		}
		read = readVendor
	default:
		return "", nil
	}
	if declared.Foreign(dir) {
		return "", nil
	}
	return path.Clean("/" + dir)[1:], read
}

// alias is the name by which go.sum refers to a module of the go.mod beside it.
func alias(dir string, v module.Version) string { return dir + " " + v.Path + "@" + v.Version }

// component describes a module; replaced is what it stands for, if anything.
func component(v, replaced module.Version) sbom.Component {
	namespace, name := path.Split(v.Path)
	c := sbom.Component{Name: v.Path, Version: v.Version,
		PURL: sbom.NewPURL("golang", strings.TrimSuffix(namespace, "/"), name, v.Version, nil)}
	if replaced.Path != "" {
		c.Properties = []sbom.Property{{Name: "go:replaces", Value: strings.TrimSuffix(replaced.Path+"@"+replaced.Version, "@")}}
	}
	return c
}

func readMod(f *detect.File, dir string, b []byte) (*detect.Fragment, error) {
	mod, err := modfile.Parse(f.Path, b, nil)
	if err != nil {
		// Directives of newer releases are skipped in the files of others.
		var lax error
		if mod, lax = modfile.ParseLax(f.Path, b, nil); lax != nil {
			return nil, fmt.Errorf("%w: %.200s", detect.ErrFormat, lax.Error())
		}
		err = fmt.Errorf("%w: %.200s", detect.ErrUnsupported, err.Error())
	}
	l := declared.New(f)
	replace := make(map[module.Version]module.Version)
	for _, r := range mod.Replace {
		replace[r.Old] = r.New
	}
	excluded := make(map[module.Version]bool)
	for _, x := range mod.Exclude {
		excluded[x.Mod] = true
	}
	for _, r := range mod.Require {
		v, replaced := r.Mod, module.Version{}
		to, ok := replace[v]
		if !ok {
			to, ok = replace[module.Version{Path: v.Path}]
		}
		if ok && modfile.IsDirectoryPath(to.Path) {
			continue
		} else if ok {
			v, replaced = to, v
		}
		if excluded[v] || module.CheckImportPath(v.Path) != nil {
			l.Gaps.Add(sbom.GapIncomplete, "%.200s is required in the version %.50s, which is excluded or malformed", v.Path, v.Version)
			continue
		}
		c := component(v, replaced)
		if r.Indirect {
			c.Properties = append(c.Properties, sbom.Property{Name: "go:indirect", Value: "true"})
		}
		l.Add(c, alias(dir, v))
	}
	frag, limit := l.Fragment()
	if err == nil {
		err = limit
	}
	return frag, err
}

// readSum annotates modules with the checksum of their archive's content. Lines are
// of module, version and hash; with "/go.mod" behind the version they are of that
// file alone.
func readSum(_ *detect.File, dir string, b []byte) (*detect.Fragment, error) {
	frag := &detect.Fragment{}
	bad := 0
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 3 || module.CheckPath(words[0]) != nil || !strings.HasPrefix(words[2], "h1:") || len(words[2]) > 64 {
			bad++
			continue
		}
		if strings.HasSuffix(words[1], "/go.mod") {
			continue
		}
		if len(frag.Annotations) == declared.MaxPackages {
			return frag, &detect.LimitError{Path: "checksums", Limit: declared.MaxPackages, What: "modules"}
		}
		frag.Annotations = append(frag.Annotations, detect.Annotation{
			Key:        alias(dir, module.Version{Path: strings.Clone(words[0]), Version: words[1]}),
			Properties: []sbom.Property{{Name: "go:sum", Value: strings.Clone(words[2])}},
		})
	}
	if bad > 0 {
		return frag, fmt.Errorf("%w: %d lines that are no checksum of a module", detect.ErrFormat, bad)
	}
	return frag, nil
}

// readVendor reads the list that "go mod vendor" writes: "# MODULE VERSION" or
// "# MODULE VERSION => MODULE VERSION" before the packages taken from it, which lie
// under the path of the first. A module without packages is not there.
func readVendor(f *detect.File, dir string, b []byte) (*detect.Fragment, error) {
	l := declared.New(f)
	var pending *vendored
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "##"):
		case strings.HasPrefix(line, "# "):
			pending = parseVendored(strings.Fields(line[2:]))
		case pending != nil:
			c := component(pending.module, pending.replaced)
			c.Scope = sbom.ScopeBundled
			key := l.Add(c)
			if key != "" {
				l.Claim(detect.Claim{Key: key, Path: path.Join(dir, "vendor", pending.dir), Ground: sbom.ClaimDirectory, Tree: true})
			}
			pending = nil
		}
	}
	return l.Fragment()
}

// vendored is a module in the list of copies.
type vendored struct {
	module, replaced module.Version
	dir              string // below vendor
}

// parseVendored returns nil for a directory of the application's own, and for what
// is not understood: newer releases may add lines.
func parseVendored(words []string) *vendored {
	v := &vendored{}
	switch {
	case len(words) == 2: // MODULE VERSION
		v.module = module.Version{Path: words[0], Version: words[1]}
	case len(words) == 5 && words[2] == "=>":
		v.module = module.Version{Path: words[3], Version: words[4]}
		v.replaced = module.Version{Path: words[0], Version: words[1]}
	default:
		return nil
	}
	v.dir = words[0]
	if module.CheckPath(v.module.Path) != nil && module.CheckImportPath(v.module.Path) != nil || module.CheckImportPath(v.dir) != nil ||
		!strings.HasPrefix(v.module.Version, "v") {
		return nil
	}
	return v
}
