package catalog

import (
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// member is an executable of the project "tool", of whose content a detector says that it is of a
// version, or nothing.
func (d *draft) member(path, version string, digest byte, needed ...string) {
	d.Entries = append(d.Entries, entry{Path: path, Mode: 0o755, Size: 9, Kind: sbom.KindELF, Digests: []sbom.Digest{sha(digest)}})
	facts := &detect.Fragment{Yields: true, Kin: &detect.Kin{Project: "tool", Version: version, Needed: needed}}
	if version == "" {
		facts.Gaps = []sbom.Gap{{Kind: sbom.GapIncomplete, Message: path + " unknown"}}
	} else {
		facts.Components = []detect.Component{{Key: path, Component: sbom.Component{Type: sbom.TypeApplication, Name: "tool" + version, Version: version,
			PURL: "pkg:generic/tool@" + version, Evidence: []sbom.Evidence{{Field: "version", Technique: sbom.TechniqueBinary, Confidence: 0.9, Value: version}}}}}
		facts.Claims = []detect.Claim{{Key: path, Path: path, Ground: sbom.ClaimContent}}
	}
	d.Fragments = append(d.Fragments, newFragment(len(d.Entries)-1, detect.ID{Name: "looker", Version: "1"}, facts, nil))
}

// TestSiblings: a file that says nothing, and that nobody owns, is evidence of the component that another
// of its project is. It stays a gap, and nobody's.
func TestSiblings(t *testing.T) {
	const deb = "pkg:deb/debian/package@1.2-3"
	layers := func(make ...func(*draft)) (out []*layerResult) {
		for _, m := range make {
			d := new(draft)
			m(d)
			out = append(out, &layerResult{facts: d.pack(nil)})
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		layers []*layerResult
		want   string
	}{
		{"linked", layers(func(d *draft) {
			d.member("a/lib.so", "", 1)
			d.member("b/x", "1.2", 2, "lib.so")
		}), `tool1.2 (saw "lib.so is linked with b/x") | | a/lib.so unknown | a/lib.so of , b/x of tool1.2`},
		{"in another layer", layers(
			func(d *draft) { d.member("bin/x", "1.2", 1) },
			func(d *draft) { d.member("bin/y", "", 2) }), `tool1.2 (saw "y is beside bin/x") | | bin/y unknown | bin/x of tool1.2, bin/y of`},
		{"of two versions", layers(func(d *draft) {
			d.member("bin/x", "1.2", 1)
			d.member("bin/z", "1.3", 3)
			d.member("bin/y", "", 2)
		}), "tool1.2 tool1.3 | | bin/y unknown | bin/x of tool1.2, bin/y of , bin/z of tool1.3"},
		{"that is removed", layers(
			func(d *draft) { d.member("bin/x", "1.2", 1) },
			func(d *draft) {
				d.Entries = append(d.Entries, entry{Op: opHide, Path: "bin/x"})
				d.member("bin/y", "", 2)
			}), "-tool1.2 | | bin/y unknown | bin/y of"},
		{"that a package owns", layers(func(d *draft) {
			d.member("bin/x", "1.2", 1)
			d.member("bin/y", "", 2)
			d.database(deb, detect.Claim{Path: "bin/x", Digest: sha(1)})
		}), `package (saw "1.2") | | bin/y unknown | bin/x of package, bin/y of`},
		{"a package owns the one that says nothing", layers(func(d *draft) {
			d.member("bin/x", "1.2", 1)
			d.member("bin/y", "", 2)
			d.database(deb, detect.Claim{Path: "bin/y", Digest: sha(2)})
		}), "package tool1.2 | | | bin/x of tool1.2, bin/y of package"},
		{"a package's, and changed since", layers(func(d *draft) {
			d.member("bin/x", "1.2", 1)
			d.member("bin/y", "", 2)
			d.database(deb, detect.Claim{Path: "bin/y", Digest: sha(3)})
		}), "package tool1.2 | | bin/y unknown | bin/x of tool1.2, bin/y of package"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, inv := foldAll(t, tt.layers)
			if got := told(inv); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
