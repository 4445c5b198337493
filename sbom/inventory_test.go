package sbom_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample has a value in every field of the model.
func sample() *sbom.Inventory {
	base := &sbom.LayerRef{Index: 0, DiffID: "sha256:" + "00"}
	app := &sbom.LayerRef{Index: 1, DiffID: "sha256:" + "01"}
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	return &sbom.Inventory{
		Subject: sbom.Subject{Name: "registry.example/app:1", Digest: "sha256:aa", Index: "sha256:bb", Config: "sha256:cc",
			MediaType: "application/vnd.oci.image.manifest.v1+json",
			Platform:  sbom.Platform{OS: "linux", Architecture: "arm", Variant: "v7", OSVersion: "1"}},
		Distribution: &sbom.Distribution{ID: "debian", IDLike: []string{"linux"}, VersionID: "12", Codename: "bookworm", Name: "Debian"},
		Layers: []sbom.Layer{
			{Index: 0, DiffID: base.DiffID, Digest: "sha256:10", Size: 10, UncompressedSize: 30, MediaType: "m", CreatedBy: "ADD", Created: at,
				Origin: sbom.LayerOrigin{Role: sbom.LayerBase, Image: "debian:12", Digest: "sha256:dd", Evidence: sbom.Evidence{
					Field: "layers", Technique: sbom.TechniqueHash, Confidence: 1, Value: "sha256:00"}}},
			{Index: 1, DiffID: app.DiffID},
		},
		Components: []sbom.Component{
			{ID: "c-2", Type: sbom.TypeApplication, Name: "app"},
			{ID: "c-1", Type: sbom.TypeLibrary, PURL: "pkg:deb/debian/bash@5", Group: "g", Name: "bash", Version: "5",
				Scope: sbom.ScopeResidual, Architecture: "amd64", Supplier: "Debian", Description: "shell",
				Licenses:  []sbom.License{{Expression: "GPL-3.0-or-later", Name: "GPL-3+", Location: "usr/share/doc/bash/copyright", Acknowledgement: sbom.LicenseConcluded}},
				Copyright: "1987 the authors",
				References: []sbom.Reference{{Type: "website", URL: "https://b.example", Comment: "home", Hashes: []sbom.Digest{"sha256:3"}},
					{Type: "vcs", URL: "https://a.example"}},
				CPEs:        []string{"cpe:2.3:b", "cpe:2.3:a"},
				Source:      &sbom.SourcePackage{Name: "bash", Version: "5"},
				Hashes:      []sbom.Digest{"sha256:2", "sha1:1"},
				Attribution: sbom.Attribution{Introduced: base, Modified: app, Removed: app},
				Files:       sbom.FileCounts{Owned: 5, Present: 3, Missing: 2, Modified: 1, Verified: 2},
				Evidence: []sbom.Evidence{
					{Field: "license", Technique: sbom.TechniqueManifest, Confidence: 0.5, Value: "GPL", Location: sbom.Location{Path: "b"}, Detector: "dpkg@1"},
					{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: "bash", Location: sbom.Location{Path: "a", Layer: base}, Detector: "dpkg@1"},
				},
				Properties: []sbom.Property{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}, {Name: "a", Value: "1"}},
			},
		},
		Relationships: []sbom.Relationship{
			{From: "c-2", To: "c-1", Type: sbom.DependsOn}, {From: "c-1", To: "c-2", Type: sbom.Owns},
			{From: "c-2", To: "c-1", Type: sbom.DependsOn}, {From: "c-2", To: "c-1", Type: sbom.Contains},
		},
		Files: []sbom.File{
			{Path: "usr/bin/x", Layer: app, Mode: 0o4755, Size: 3, Kind: sbom.KindELF, Digests: []sbom.Digest{"sha256:1", "md5:1"}},
			{Path: "bin/bash", Layer: base, Mode: 0o755, Size: 2, Kind: sbom.KindELF, Owner: "c-1", Claim: sbom.ClaimRecorded,
				Integrity: sbom.Modified, Recorded: "md5:2"},
		},
		Gaps: []sbom.Gap{
			{Kind: sbom.GapLimit, Path: "b", Layer: app, Component: "c-1", Detector: "java@1", Message: "too large"},
			{Kind: sbom.GapCorrupt, Path: "b", Layer: base, Message: "x"},
			{Kind: sbom.GapCorrupt, Message: "no path"},
			{Kind: sbom.GapCorrupt, Path: "b", Layer: base, Message: "x"},
		},
		Tools:   []sbom.Tool{{Vendor: "v", Name: "b", Version: "2"}, {Name: "a"}},
		Created: at,
	}
}

func encode(t *testing.T, inv *sbom.Inventory) []byte {
	t.Helper()
	data, err := json.MarshalIndent(inv, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// TestJSON pins the names and the shape of the JSON form, in canonical order.
func TestJSON(t *testing.T) {
	inv := sample()
	inv.Sort()
	got := encode(t, inv)
	golden := filepath.Join("testdata", "inventory.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("JSON changed (-want +got):\n%s", diff)
	}
	var back sbom.Inventory
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inv, &back); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestJSONZero(t *testing.T) {
	data, err := json.Marshal(&sbom.Inventory{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(data); got != `{"subject":{}}` {
		t.Errorf("got %s", got)
	}
}

// TestSort asserts one order, whatever the order before.
func TestSort(t *testing.T) {
	want := sample()
	want.Sort()
	if n := len(want.Relationships); n != 3 {
		t.Errorf("%d relationships, want 3 without the duplicate", n)
	}
	if n := len(want.Gaps); n != 3 {
		t.Errorf("%d gaps, want 3 without the duplicate", n)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		got := sample()
		rng.Shuffle(len(got.Layers), swap(got.Layers))
		rng.Shuffle(len(got.Components), swap(got.Components))
		rng.Shuffle(len(got.Relationships), swap(got.Relationships))
		rng.Shuffle(len(got.Files), swap(got.Files))
		rng.Shuffle(len(got.Gaps), swap(got.Gaps))
		rng.Shuffle(len(got.Tools), swap(got.Tools))
		for i := range got.Components {
			c := &got.Components[i]
			rng.Shuffle(len(c.CPEs), swap(c.CPEs))
			rng.Shuffle(len(c.Hashes), swap(c.Hashes))
			rng.Shuffle(len(c.Properties), swap(c.Properties))
			rng.Shuffle(len(c.References), swap(c.References))
		}
		got.Sort()
		if a, b := encode(t, want), encode(t, got); !bytes.Equal(a, b) {
			t.Fatalf("order depends on the order before:\n%s", cmp.Diff(string(a), string(b)))
		}
	}
}

func swap[T any](s []T) func(i, j int) { return func(i, j int) { s[i], s[j] = s[j], s[i] } }

// TestSortEvidence pins that the best evidence comes first, and that among
// equals the detector's order stays.
func TestSortEvidence(t *testing.T) {
	inv := &sbom.Inventory{Components: []sbom.Component{{Evidence: []sbom.Evidence{
		{Field: "a", Confidence: 0.3}, {Field: "b", Confidence: 0.9}, {Field: "c", Confidence: 0.3}, {Field: "d", Confidence: 0.9},
	}}}}
	inv.Sort()
	var order string
	for _, ev := range inv.Components[0].Evidence {
		order += ev.Field
	}
	if order != "bdac" {
		t.Errorf("order %q, want bdac", order)
	}
}

func TestInventoryComponent(t *testing.T) {
	inv := sample()
	c := inv.Component("c-1")
	if c == nil || c.Name != "bash" {
		t.Fatalf("got %v", c)
	}
	c.Name = "changed"
	if inv.Components[1].Name != "changed" {
		t.Error("the component is a copy")
	}
	if inv.Component("c-3") != nil {
		t.Error("found what is not there")
	}
}

func TestPlatformString(t *testing.T) {
	for want, p := range map[string]sbom.Platform{
		"":             {},
		"linux/amd64":  {OS: "linux", Architecture: "amd64"},
		"linux/arm/v7": {OS: "linux", Architecture: "arm", Variant: "v7", OSVersion: "1"},
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLayerRef(t *testing.T) {
	l := sbom.Layer{Index: 3, DiffID: "sha256:1"}
	if got := *l.Ref(); got != (sbom.LayerRef{Index: 3, DiffID: "sha256:1"}) {
		t.Errorf("got %+v", got)
	}
	if a, b := l.Ref(), l.Ref(); a == b {
		t.Error("two references share memory")
	}
}

func ExampleInventory_Sort() {
	inv := &sbom.Inventory{Components: []sbom.Component{
		{Name: "zlib", PURL: "pkg:deb/debian/zlib1g@1"}, {Name: "bash", PURL: "pkg:deb/debian/bash@5"},
	}}
	inv.Sort()
	fmt.Println(inv.Components[0].Name, inv.Components[1].Name)
	// Output: bash zlib
}
