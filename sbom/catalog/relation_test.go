package catalog

import (
	"reflect"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// TestElse: a relation is to the first component that is there.
func TestElse(t *testing.T) {
	named := func(key string) detect.Component {
		return detect.Component{Key: key, Component: sbom.Component{Type: sbom.TypeLibrary, Name: key, Version: "1", PURL: "pkg:npm/" + key + "@1"}}
	}
	facts := new(draft)
	facts.Entries = append(facts.Entries, entry{Path: "db", Mode: 0o644})
	facts.Fragments = []fragment{newFragment(0, detect.ID{Name: "t", Version: "1"}, &detect.Fragment{
		Components: []detect.Component{named("a"), named("b"), named("c")},
		Relations: []detect.Relation{
			{From: "a", To: "b", Else: []string{"c"}, Type: sbom.DependsOn},
			{From: "b", To: "x", Else: []string{"y", "c", "a"}, Type: sbom.DependsOn},
			{From: "c", To: "x", Else: []string{"y"}, Type: sbom.DependsOn},
		},
	}, nil)}
	_, inv := foldAll(t, []*layerResult{{facts: facts.pack(nil)}})
	names := make(map[string]string)
	for _, c := range inv.Components {
		names[c.ID] = c.Name
	}
	var got []string
	for _, r := range inv.Relationships {
		got = append(got, names[r.From]+names[r.To])
	}
	slices.Sort(got)
	if want := []string{"ab", "bc"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestAnnotated: hashes and references that other files state are the component's, each
// once, whoever says it and whatever it has already.
func TestAnnotated(t *testing.T) {
	const one, two = sbom.Digest("sha256:0000000000000000000000000000000000000000000000000000000000000001"), sbom.Digest("sha1:0000000000000000000000000000000000000002")
	archive := sbom.Reference{Type: "distribution", URL: "https://example.com/n.tgz"}
	hashed := archive
	hashed.Hashes = []sbom.Digest{one}
	component := sbom.Component{Type: sbom.TypeLibrary, Name: "n", Version: "1", Hashes: []sbom.Digest{one}, References: []sbom.Reference{archive}}
	said := detect.Annotation{Key: "k", Hashes: []sbom.Digest{one, two}, References: []sbom.Reference{archive, hashed}}
	facts := new(draft)
	facts.Entries = append(facts.Entries, entry{Path: "db", Mode: 0o644})
	facts.Fragments = []fragment{newFragment(0, detect.ID{Name: "t", Version: "1"}, &detect.Fragment{
		Components: []detect.Component{{Key: "k", Component: component}}, Annotations: []detect.Annotation{said, said}}, nil)}
	_, inv := foldAll(t, []*layerResult{{facts: facts.pack(nil)}})
	c := &inv.Components[0]
	if want := []sbom.Digest{two, one}; !slices.Equal(c.Hashes, want) {
		t.Errorf("hashes %v, want %v", c.Hashes, want)
	}
	if want := []sbom.Reference{archive, hashed}; !reflect.DeepEqual(c.References, want) {
		t.Errorf("references %v, want %v", c.References, want)
	}
}

// TestQualifiers adds to a package URL what it does not state.
func TestQualifiers(t *testing.T) {
	facts := new(draft)
	facts.Entries = append(facts.Entries, entry{Path: "db", Mode: 0o644})
	facts.Fragments = []fragment{newFragment(0, detect.ID{Name: "t", Version: "1"}, &detect.Fragment{
		Components: []detect.Component{
			{Key: "k", Component: sbom.Component{Type: sbom.TypeLibrary, Name: "n", Version: "1", PURL: "pkg:pypi/n@1?arch=a"}},
			{Key: "none", Component: sbom.Component{Type: sbom.TypeLibrary, Name: "m", Version: "1"}},
		},
		Annotations: []detect.Annotation{
			{Key: "k", Qualifiers: []sbom.Property{{Name: "vcs_url", Value: "git+https://example.com/x@1"}, {Name: "arch", Value: "b"}, {Name: "empty"}}},
			{Key: "none", Qualifiers: []sbom.Property{{Name: "vcs_url", Value: "x"}}},
		},
	}, nil)}
	_, inv := foldAll(t, []*layerResult{{facts: facts.pack(nil)}})
	got := []string{inv.Components[0].PURL, inv.Components[1].PURL}
	slices.Sort(got)
	if want := []string{"", "pkg:pypi/n@1?arch=a&vcs_url=git%2Bhttps:%2F%2Fexample.com%2Fx%401"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
