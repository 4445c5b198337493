package buildkit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/buildkit"
)

const copyAll = "FROM debian AS build\nRUN make\nFROM scratch\nCOPY --from=build /out /\n"

// manyFiles returns files of the first layer, all alike.
func manyFiles(n int) []sbom.File {
	files := make([]sbom.File, n)
	for i := range files {
		files[i] = fileOf(fmt.Sprintf("q/%d", i), "x", &sbom.LayerRef{})
	}
	return files
}

// TestRepeatedThings joins statements that name one thing very often. Looking for a
// free id from the first one on would take hours.
func TestRepeatedThings(t *testing.T) {
	const n = 60_000
	r := recipe{}
	for range n {
		r.materials = append(r.materials, object{"uri": "https://a"})
	}
	inv := shipped("l")
	join(t, parse(r.v1()), inv, nil)
	ids := make(map[string]bool)
	for _, c := range inv.Components {
		ids[c.ID] = true
	}
	if len(inv.Components) != n || len(ids) != n {
		t.Errorf("%d components with %d ids, want %d", len(inv.Components), len(ids), n)
	}
}

// TestAlikeFiles traces files that are all alike to a stage whose files are too. The
// work for each must not grow with the files of the stage.
func TestAlikeFiles(t *testing.T) {
	const n = 20_000
	there := make(map[string]string, n)
	for i := range n {
		there[fmt.Sprintf("d/%d/x%d", i, i)] = "x"
	}
	r := recipe{dockerfile: copyAll}
	r.end(r.copy(4, "", r.run(2, "", "make"), "/out /", "l"))
	origins := join(t, parse(r.v1(), scan(t, "sbom-build", there)), shipped("l"), manyFiles(n))
	if len(origins) != n {
		t.Fatalf("%d origins, want %d", len(origins), n)
	}
	const want = "copied stage-1:q/0 stated < run build:d/0/x0 proved"
	if got := describe(&origins[0]); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestWorkOfEachAction: everything that tracing looks at is work: the copies that a
// merge puts on top of each other, and the texts of the step that is copied from.
func TestWorkOfEachAction(t *testing.T) {
	const n = 100
	for name, build := range map[string]func(r *recipe) string{
		"merge": func(r *recipe) string {
			context := r.source(0, "local://context")
			inputs := []string{r.source(1, "docker-image://debian")}
			for i := range n {
				inputs = append(inputs, r.copy(0, "", context, fmt.Sprintf("/a /b%d /a /c%d", i, i)))
			}
			return r.run(2, r.step(0, object{"merge": object{}}, inputs), "make")
		},
		"copies": func(r *recipe) string {
			return r.copy(2, "", r.source(0, "local://context"), strings.Repeat("/a /b ", 3*n))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := recipe{dockerfile: copyAll}
			r.end(r.copy(4, "", build(&r), "/out /", "l"))
			inv := shipped("l")
			// Each file takes at least 300 steps and actions.
			origins := join(t, buildkit.Parse("", unsigned(r.v1()), &buildkit.Options{MaxWork: 300 * 20}), inv, manyFiles(50))
			if len(origins) > 20 || len(inv.Gaps) != 1 || inv.Gaps[0].Kind != sbom.GapLimit {
				t.Errorf("%d origins, gaps %+v", len(origins), inv.Gaps)
			}
		})
	}
}

// naming returns a statement with the image as its subject.
func naming(t *testing.T, data []byte, image sbom.Digest) []byte {
	t.Helper()
	var s object
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	s["subject"] = []object{{"name": "image", "digest": object{image.Algorithm(): image.Hex()}}}
	return mustJSON(s)
}

// TestSignedWithoutSubject: a signed statement that names no image can be stored beside
// any, so that its signature proves nothing about this one. Here, an image whose one
// layer could be the provenance's in another compression.
func TestSignedWithoutSubject(t *testing.T) {
	r := recipe{dockerfile: copyAll}
	r.end(r.copy(4, "", r.run(2, "", "make"), "/out /", "theirs"))
	named := naming(t, r.v1(), digestOf("image"))
	for _, tt := range []struct {
		name       string
		subject    sbom.Digest
		data       []byte
		signer     string
		gaps       int
		confidence float64
	}{
		{"names the image", digestOf("image"), named, "builder", 0, 0.9},
		{"names none", digestOf("image"), r.v1(), "", 1, 0.5},
		{"names one, but the image's digest is not known", "", named, "", 1, 0.5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			build := buildkit.Parse(tt.subject, []buildkit.Statement{{Data: tt.data, Signer: "builder"}}, nil)
			if len(build.Gaps) != tt.gaps || len(build.Statements) != 1 || build.Statements[0].Signer != tt.signer {
				t.Fatalf("gaps %+v, statements %+v", build.Gaps, build.Statements)
			}
			inv := shipped("l")
			inv.Layers[0].MediaType = "application/vnd.oci.image.layer.v1.tar+zstd"
			join(t, build, inv, nil)
			if got := inv.Layers[0].Origin.Evidence.Confidence; got != tt.confidence {
				t.Errorf("confidence of the layer's origin %v, want %v", got, tt.confidence)
			}
		})
	}
}

// join joins, which nothing but an inventory that is nil can prevent.
func join(t testing.TB, b *buildkit.Build, inv *sbom.Inventory, files []sbom.File) []buildkit.Origin {
	t.Helper()
	origins, err := b.Join(inv, files)
	if err != nil {
		t.Fatal(err)
	}
	return origins
}

// TestNil: what is not there is an error, and no panic.
func TestNil(t *testing.T) {
	if _, err := new(buildkit.Build).Join(nil, nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("no inventory: %v", err)
	}
	if _, err := (*buildkit.Build)(nil).Join(new(sbom.Inventory), nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("no build: %v", err)
	}
	if _, err := buildkit.Read(t.Context(), nil, nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("statements of no image: %v", err)
	}
	if _, err := buildkit.Files(t.Context(), nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("files of no image: %v", err)
	}
	inv := new(sbom.Inventory)
	if origins, err := new(buildkit.Build).Join(inv, nil); err != nil || len(origins)+len(inv.Components)+len(inv.Gaps) > 0 {
		t.Errorf("a build of which nothing is known: %v, %+v, error %v", origins, inv, err)
	}
}

// TestStageGaps: what was not understood in a stage is told with the stage, and nothing of
// it passes for the image's.
func TestStageGaps(t *testing.T) {
	stage := &sbom.Inventory{
		Components: []sbom.Component{{ID: "c", Type: sbom.TypeLibrary, Name: "gcc", Attribution: sbom.Attribution{Visible: true}}},
		Gaps: []sbom.Gap{
			{Kind: sbom.GapEncrypted, Path: "secret.zip", Layer: &sbom.LayerRef{Index: 1}, Detector: "java@1", Message: "is encrypted\nand more"},
			{Kind: sbom.GapIncomplete, Component: "c", Message: "no version"},
			{Kind: sbom.GapIncomplete, Component: "gone", Message: "no version"},
		},
	}
	inv := shipped("l")
	build := parse()
	build.Stages = []buildkit.Stage{{Name: "build", Inventory: stage, Source: -1}}
	join(t, build, inv, nil)
	gcc := inv.Components[slices.IndexFunc(inv.Components, func(c sbom.Component) bool { return c.Name == "gcc" })].ID
	want := []sbom.Gap{
		{Kind: sbom.GapEncrypted, Path: "stage:build!/secret.zip", Detector: "java@1", Message: "stage build: is encrypted and more"},
		{Kind: sbom.GapIncomplete, Component: gcc, Message: "stage build: no version"},
		{Kind: sbom.GapIncomplete, Message: "stage build: no version"},
	}
	less := func(a, b sbom.Gap) bool { return a.Path+a.Component < b.Path+b.Component }
	if d := cmp.Diff(want, inv.Gaps, cmpopts.SortSlices(less)); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}

	stage.Gaps = make([]sbom.Gap, 15_000)
	for i := range stage.Gaps {
		stage.Gaps[i].Message = fmt.Sprint(i)
	}
	inv = shipped("l")
	join(t, build, inv, nil)
	if n := len(inv.Gaps); n != 10_001 || !slices.ContainsFunc(inv.Gaps, func(g sbom.Gap) bool { return strings.HasPrefix(g.Message, "5000 more gaps") }) {
		t.Errorf("%d gaps", n)
	}
}
