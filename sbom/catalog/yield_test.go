package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// program is an executable of whose content a detector says that it is tool 1.2 and contains
// zlib 1.3, of all other things it knows nothing.
func (d *draft) program(path string, digest byte) {
	d.Entries = append(d.Entries, entry{Path: path, Mode: 0o755, Size: 9, Kind: sbom.KindELF, Digests: []sbom.Digest{sha(digest)}})
	found := func(key, name, version string) detect.Component {
		return detect.Component{Key: key, Component: sbom.Component{Type: sbom.TypeLibrary, Name: name, Version: version, PURL: "pkg:generic/" + name + "@" + version,
			Evidence: []sbom.Evidence{{Field: "version", Technique: sbom.TechniqueBinary, Confidence: 0.9, Value: name + " " + version}}}}
	}
	d.Fragments = append(d.Fragments, newFragment(len(d.Entries)-1, detect.ID{Name: "looker", Version: "1"}, &detect.Fragment{
		Yields:     true,
		Components: []detect.Component{found(path, "tool", "1.2"), found(path+" zlib", "zlib", "1.3")},
		Claims:     []detect.Claim{{Key: path, Path: path, Ground: sbom.ClaimContent}},
		Relations:  []detect.Relation{{To: path + " zlib", Type: sbom.Contains}},
		Gaps:       []sbom.Gap{{Kind: sbom.GapIncomplete, Message: "unknown"}, {Kind: sbom.GapCorrupt, Message: "damaged"}},
	}, nil))
}

// database is a package manager's, with one package.
func (d *draft) database(purl string, claims ...detect.Claim) {
	d.Entries = append(d.Entries, entry{Path: "db", Mode: 0o644})
	for i := range claims {
		claims[i].Key = "p"
	}
	d.Fragments = append(d.Fragments, newFragment(len(d.Entries)-1, detect.ID{Name: "manager", Version: "1"}, &detect.Fragment{
		Components: []detect.Component{{Key: "p", Component: sbom.Component{Type: sbom.TypeLibrary, Name: "package", Version: "1.2-3", PURL: purl,
			Evidence: []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: 1, Value: "package"}}}}},
		Claims: claims,
	}, nil))
}

func sha(b byte) sbom.Digest { return sbom.Digest(fmt.Sprintf("sha256:%064x", b)) }

// TestYield: what is found in a file counts where no package speaks for it.
func TestYield(t *testing.T) {
	const deb, npm = "pkg:deb/debian/package@1.2-3", "pkg:npm/package@1.2-3"
	with := func(make ...func(*draft)) (layers []*layerResult) {
		for _, m := range make {
			d := new(draft)
			m(d)
			layers = append(layers, &layerResult{facts: d.pack(nil)})
		}
		return layers
	}
	hide := func(d *draft, paths ...string) {
		for _, p := range paths {
			d.Entries = append(d.Entries, entry{Op: opHide, Path: p})
		}
	}
	const alone = "tool zlib | tool contains zlib | damaged unknown | bin/x of tool"
	for _, tt := range []struct {
		name   string
		layers []*layerResult
		want   string
	}{
		{"nobody's file", with(func(d *draft) { d.program("bin/x", 1) }), alone},
		{"a distribution's", with(func(d *draft) {
			d.program("bin/x", 1)
			d.database(deb, detect.Claim{Path: "bin/x", Digest: sha(1)})
		}), `package (saw "tool 1.2") | | damaged | bin/x of package`},
		{"a distribution's, recorded in a later layer without a digest", with(
			func(d *draft) { d.program("bin/x", 1) },
			func(d *draft) { d.database(deb, detect.Claim{Path: "bin/x"}) }), `package (saw "tool 1.2") | | damaged | bin/x of package`},
		{"a distribution's, and changed since", with(func(d *draft) {
			d.program("bin/x", 2)
			d.database(deb, detect.Claim{Path: "bin/x", Digest: sha(1)})
		}), "package tool zlib | package contains zlib | damaged unknown | bin/x of package"},
		{"a language's", with(func(d *draft) {
			d.program("lib/m/x.node", 1)
			d.database(npm, detect.Claim{Path: "lib/m", Ground: sbom.ClaimDirectory, Tree: true})
		}), `package (saw "tool 1.2") zlib | package contains zlib | damaged | lib/m/x.node of package`},
		{"named by other content as well", with(func(d *draft) {
			d.program("bin/x", 1)
			d.database("pkg:golang/package@1.2-3", detect.Claim{Path: "bin/x", Ground: sbom.ClaimContent})
		}), `package (saw "tool 1.2") zlib | package contains zlib | damaged | bin/x of package`},
		{"removed, and nobody's", with(func(d *draft) { d.program("bin/x", 1) }, func(d *draft) { hide(d, "bin/x") }), "-tool -zlib | | |"},
		{"removed, and still recorded", with(
			func(d *draft) {
				d.program("bin/x", 1)
				d.database(deb, detect.Claim{Path: "bin/x", Digest: sha(1)})
			}, func(d *draft) { hide(d, "bin/x") }), "package | | ghost | bin/x of package"},
		{"removed with its package", with(
			func(d *draft) {
				d.program("bin/x", 1)
				d.database(deb, detect.Claim{Path: "bin/x", Digest: sha(1)})
			}, func(d *draft) { hide(d, "bin/x", "db") }), "-package | | |"},
		{"a package's, and replaced by nobody's", with(
			func(d *draft) {
				d.program("bin/x", 1)
				d.database(deb, detect.Claim{Path: "bin/x", Digest: sha(1)})
			}, func(d *draft) {
				hide(d, "db")
				d.program("bin/x", 2)
			}), "-package " + alone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, inv := foldAll(t, tt.layers)
			if got := told(inv); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// told is what the test looks at: components, relations, gaps and files.
func told(inv *sbom.Inventory) string {
	names := make(map[string]string)
	var components, relations, problems, files []string
	for _, c := range inv.Components {
		name := c.Name
		if !c.Attribution.Visible {
			name = "-" + name
		}
		for _, e := range c.Evidence[1:] {
			name += fmt.Sprintf(" (saw %q)", e.Value)
		}
		names[c.ID] = c.Name
		components = append(components, name)
	}
	for _, r := range inv.Relationships {
		if r.Type == sbom.Contains {
			relations = append(relations, names[r.From]+" contains "+names[r.To])
		}
	}
	for _, g := range inv.Gaps {
		if g.Kind == sbom.GapGhost {
			g.Message = "ghost"
		}
		problems = append(problems, g.Message)
	}
	for _, f := range inv.Files {
		files = append(files, f.Path+" of "+names[f.Owner])
	}
	for _, all := range [][]string{components, relations, problems, files} {
		slices.Sort(all)
	}
	all := strings.Join(components, " ") + " | " + strings.Join(relations, ", ") + " | " + strings.Join(problems, " ") + " | " + strings.Join(files, ", ")
	return strings.Join(strings.Fields(all), " ")
}
