// Package depcheck holds the rules of the map in ARCHITECTURE.md: what each
// package of the module may link. Its test applies them.
package depcheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Package is what the go command says of a package.
type Package struct {
	ImportPath string
	Imports    []string
	Standard   bool
	Module     *struct{ Path string }
}

// Graph is a set of packages with all that they import, by import path.
type Graph map[string]*Package

// Load asks the go command for the packages that match the patterns, without their
// tests, and for everything they import.
func Load(patterns ...string) (Graph, error) {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Imports,Standard,Module"}, patterns...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.Bytes())
	}
	g := make(Graph)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return nil, err
		}
		g[p.ImportPath] = &p
	}
}

// Rule says what packages may link.
type Rule struct {
	// Packages are import paths below the module's; one that ends in "/..."
	// matches all packages below it.
	Packages []string
	// Modules are all modules that may be linked, apart from the project's own.
	Modules []string
	// NotPackages must not be linked, whatever brings them in.
	NotPackages []string
	// OnlyOwn, if not nil, are the project's own packages that may be linked,
	// matched as Packages are.
	OnlyOwn []string
}

// Check returns a sentence for everything that is linked against the rule, with
// the chain of imports that brings it in.
func (g Graph) Check(module string, r Rule) (problems []string) {
	for _, p := range g.match(module, r.Packages) {
		for dep, chain := range g.reach(p) {
			if why := r.forbids(module, g[dep]); why != "" {
				problems = append(problems, fmt.Sprintf("%s: %s:\n\t%s", p, why, strings.Join(chain, "\n\t-> ")))
			}
		}
	}
	slices.Sort(problems)
	return problems
}

func (r *Rule) forbids(module string, dep *Package) string {
	own, isOwn := strings.CutPrefix(dep.ImportPath, module+"/")
	switch {
	case slices.Contains(r.NotPackages, dep.ImportPath):
		return "links " + dep.ImportPath
	case dep.Standard:
		return ""
	case isOwn && r.OnlyOwn != nil && !slices.ContainsFunc(r.OnlyOwn, func(p string) bool { return matches(p, own) }):
		return "links the package " + own
	case isOwn || dep.ImportPath == module:
		return ""
	case dep.Module != nil && !slices.Contains(r.Modules, dep.Module.Path):
		return "links the module " + dep.Module.Path
	}
	return ""
}

func matches(pattern, path string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == dir || strings.HasPrefix(path, dir+"/")
	}
	return path == pattern
}

// match returns the import paths of the module's packages that match.
func (g Graph) match(module string, patterns []string) (found []string) {
	for path := range g {
		own, ok := strings.CutPrefix(path, module+"/")
		if ok && slices.ContainsFunc(patterns, func(p string) bool { return matches(p, own) }) {
			found = append(found, path)
		}
	}
	slices.Sort(found)
	return found
}

// reach returns all packages that start imports, directly or not, each with a
// shortest chain of imports to it.
func (g Graph) reach(start string) map[string][]string {
	chains := map[string][]string{start: {start}}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		for _, imp := range g[p].Imports {
			if _, ok := g[imp]; !ok {
				continue // "C", or vendored inside the standard library
			}
			if _, seen := chains[imp]; !seen {
				chains[imp] = append(slices.Clone(chains[p]), imp)
				queue = append(queue, imp)
			}
		}
	}
	delete(chains, start)
	return chains
}
