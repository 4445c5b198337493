package jslock

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
)

func archive(t testing.TB, name string) []detecttest.File {
	t.Helper()
	return golden.Files(t, "testdata/"+name)
}

func TestArchives(t *testing.T) { golden.TestArchives(t, New(), node.MaxLock, "tools", "odd") }

// TestToolsAgree holds the lock files of all package managers, made from one
// manifest, against what npm ls says of its installation: the same packages and
// dependencies come out of each.
func TestToolsAgree(t *testing.T) {
	packages := []string{"@types/ms@0.7.34", "debug@4.3.4", "fsevents@2.3.3", "is-number@6.0.0", "is-odd@3.0.1", "js-tokens@4.0.0",
		"local-tgz@1.2.3", "loose-envify@1.4.0", "ms@2.0.0", "ms@2.1.2", "ms@2.1.3", "react@18.2.0", "use-sync-external-store@1.2.0"}
	edges := []string{"debug@4.3.4 ms@2.1.2", "is-odd@3.0.1 is-number@6.0.0", "loose-envify@1.4.0 js-tokens@4.0.0",
		"react@18.2.0 loose-envify@1.4.0", "use-sync-external-store@1.2.0 react@18.2.0"}
	for _, f := range archive(t, "tools.txtar") {
		t.Run(f.Path, func(t *testing.T) {
			frag := detecttest.Detect(t, New(), f.Path, f.Data)
			names, got := facts(frag)
			wantPackages, wantEdges := slices.Clone(packages), slices.Clone(edges)
			switch dir, _, _ := strings.Cut(f.Path, "/"); dir {
			case "npm1", "bun":
				// Neither has the version of an archive.
				wantPackages = slices.DeleteFunc(wantPackages, func(s string) bool { return s == "local-tgz@1.2.3" })
				if len(frag.Gaps) != 1 || !strings.Contains(frag.Gaps[0].Message, "local-tgz") {
					t.Errorf("gaps %+v", frag.Gaps)
				}
				if dir == "npm1" { // nor peers
					wantEdges = wantEdges[:len(wantEdges)-1]
				}
			case "yarn1", "yarn4": // no edges to peers
				wantEdges = wantEdges[:len(wantEdges)-1]
			case "deno":
				wantPackages[2], wantPackages[6] = "ms@2.1.1", "ms@2.1.1"
				slices.Sort(wantPackages)
				wantPackages = slices.Compact(wantPackages)
			}
			if diff := cmp.Diff(wantPackages, names); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(wantEdges, got); diff != "" {
				t.Errorf("dependencies (-want +got):\n%s", diff)
			}
			for _, c := range frag.Components {
				if c.Scope != sbom.ScopeDeclared {
					t.Errorf("%s is %q", c.PURL, c.Scope)
				}
			}
		})
	}
}

// facts returns packages and dependencies as sorted "name@version".
func facts(frag *detect.Fragment) (packages, edges []string) {
	name := make(map[string]string)
	for _, c := range frag.Components {
		name[c.Key] = strings.TrimPrefix(c.Group+"/"+c.Name, "/") + "@" + c.Version
		packages = append(packages, name[c.Key])
	}
	for _, r := range frag.Relations {
		edges = append(edges, name[r.From]+" "+name[r.To])
	}
	slices.Sort(packages)
	slices.Sort(edges)
	return packages, edges
}

func TestWants(t *testing.T) {
	golden.Wants(t, New(), map[string]bool{
		"package-lock.json":                              true,
		"srv/app/yarn.lock":                              true,
		"srv/test/pnpm-lock.yaml":                        true,
		"srv/bun.lock":                                   true,
		"srv/bun.lockb":                                  true,
		"srv/deno.lock":                                  true,
		"srv/npm-shrinkwrap.json":                        true,
		"srv/package.json":                               false,
		"srv/yarn.lock/a":                                false,
		"srv/node_modules/a/yarn.lock":                   false,
		"srv/node_modules/.package-lock.json":            false,
		"usr/share/nodejs/a/package-lock.json":           false,
		"usr/lib/python3/site-packages/a/yarn.lock":      false,
		"usr/lib/ruby/gems/3.1.0/gems/a-1.0/yarn.lock":   false,
		"root/go/pkg/mod/example.com/a@v1.0.0/yarn.lock": false,
		"srv/vendor/a/yarn.lock":                         false,
		"srv/mod/a@v1/yarn.lock":                         true,
		"srv/nodejs/yarn.lock":                           true,
		"yarn.lock":                                      true,
	})
}

func TestPlainJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": 1, }`:                   `{"a": 1  }`,
		"[1,// c\n2,/* ] */]":          "[1,     2        ]",
		`{"//": "/* \" */, ]", "b":1}`: `{"//": "/* \" */, ]", "b":1}`,
		`[1 /`:                         `[1 /`,
		`[1, /*`:                       `[1,   `,
		`["\`:                          `["\`,
	} {
		if got := string(plainJSON([]byte(in))); got != want {
			t.Errorf("plainJSON(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzLock gives every format to its reader.
func FuzzLock(f *testing.F) {
	paths := []string{"a/package-lock.json", "a/yarn.lock", "a/pnpm-lock.yaml", "a/bun.lock", "a/deno.lock"}
	golden.FuzzPaths(f, New(), paths, append(archive(f, "tools.txtar"), archive(f, "odd.txtar")...), golden.Locked)
}

// manyPackages is a package-lock.json of n packages, each of which depends on three.
func manyPackages(n int) []byte {
	packages := make(map[string]any, n)
	for i := range n {
		deps := map[string]string{}
		for k := range 3 {
			deps[fmt.Sprintf("package-%d", (i*7+k)%n)] = "^1.0.0"
		}
		packages[fmt.Sprintf("node_modules/package-%d", i)] = map[string]any{"version": "1.0.0", "dependencies": deps,
			"resolved":  fmt.Sprintf("https://registry.npmjs.org/package-%d/-/package-%d-1.0.0.tgz", i, i),
			"integrity": "sha512-PRWFHuSU3eDtQJPvnNY7Jcket1j0t5OuOsFzPPzsekD52Zl8qUfFIPEiswXqIvHWGVHOgX+7G/vCNNhehwxfkQ=="}
	}
	data, err := json.Marshal(map[string]any{"lockfileVersion": 3, "packages": packages})
	if err != nil {
		panic(err)
	}
	return data
}

func BenchmarkPackageLock(b *testing.B) {
	golden.Benchmark(b, New(), detecttest.File{Path: "srv/package-lock.json", Data: manyPackages(3000)})
}

func BenchmarkWants(b *testing.B) { golden.BenchmarkWants(b, New(), golden.Library()) }
