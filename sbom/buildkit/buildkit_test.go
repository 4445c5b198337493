package buildkit_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/buildkit"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// TestStages reads Dockerfiles: which stages they have, and where.
func TestStages(t *testing.T) {
	for _, tt := range []struct{ name, dockerfile, want string }{
		{"nothing", "", ""},
		{"one", "FROM debian\n", "stage-0=debian@1"},
		{"names and numbers", "FROM a AS One\n\nfrom b\nFROM one as three", "one=a@1 stage-1=b@3 three=one@4"},
		{"flags", "FROM --platform=$BUILDPLATFORM golang:1 AS build\n", "build=golang:1@1"},
		{"global arguments and comments", "# syntax=docker/dockerfile:1\nARG V=1\n  # FROM x\nFROM a:$V\n", "stage-0=a:$V@4"},
		{"continued", "FROM \\\n# a comment\n\n  a \\\n  AS b\nRUN x \\\n FROM y\n", "b=a@1"},
		{"another escape", "# escape=`\nFROM a\nRUN x `\nFROM y\n", "stage-0=a@2"},
		{"here-documents", "FROM a\nRUN <<EOF cat <<-'END'\nFROM x\nEOF\nFROM y\n\tEND\nCOPY <<\"X\" /x\nFROM z\nX\nFROM b\n", "stage-0=a@1 stage-1=b@10"},
		{"no here-document", "FROM a\nRUN echo $((1<<two))\nFROM b\n", "stage-0=a@1 stage-1=b@3"},
		{"byte order mark and carriage returns", "\ufeffFROM a AS b\r\nRUN x\r\nFROM c\r\n", "b=a@1 stage-1=c@3"},
	} {
		r := recipe{dockerfile: tt.dockerfile}
		r.end(r.run(0, "", "make"))
		build := parse(r.v1())
		var got []string
		for _, s := range build.Stages {
			got = append(got, fmt.Sprintf("%s=%s@%d", s.Name, s.From, s.Line))
		}
		if s := strings.Join(got, " "); s != tt.want || len(build.Gaps) > 0 {
			t.Errorf("%s: %s, want %s, gaps %v", tt.name, s, tt.want, build.Gaps)
		}
	}
}

func TestSteps(t *testing.T) {
	r := recipe{dockerfile: "FROM debian AS build\nRUN make  all\nFROM scratch\nCOPY --from=build /a /b\n"}
	r.end(r.copy(4, "", r.run(2, r.source(1, "docker-image://debian"), "make\n all\x1b[0m"), "/a /b"))
	var got []string
	for _, s := range parse(r.v1()).Steps {
		got = append(got, fmt.Sprintf("%s %s %s:%d %q", s.ID, s.Kind, s.Stage, s.Line, s.Text))
	}
	want := []string{
		`step0 source build:1 "docker-image://debian"`, `step1 run build:2 "RUN sh -c make all[0m"`,
		`step2 file stage-1:4 "COPY /a /b"`, `step3 other :0 ""`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestStepsInAnyOrder: what BuildKit lists first need not come first.
func TestStepsInAnyOrder(t *testing.T) {
	var r recipe
	r.end(r.copy(0, "", r.run(0, r.run(0, "", "1"), "2"), "/x /y", "l"))
	last := len(r.steps) - 1
	slices.Reverse(r.steps[:last])
	build := parse(r.v1())
	if len(build.Gaps) > 0 || len(build.Steps) != 4 || build.Steps[0].ID != "step0" || build.Steps[2].ID != "step2" {
		t.Fatalf("%v %+v", build.Gaps, build.Steps)
	}
	if o := join(t, build, shipped("l"), []sbom.File{fileOf("y", "x", &sbom.LayerRef{})}); len(o) != 1 || describe(&o[0]) != "copied :y stated < run :x stated" {
		t.Errorf("%+v", o)
	}
}

// TestMalformed has statements that say what cannot be.
func TestMalformed(t *testing.T) {
	steps := func(change func(r *recipe)) []byte {
		var r recipe
		r.dockerfile = "FROM scratch\n"
		r.end(r.copy(1, r.run(1, "", "a"), r.run(1, "", "b"), "/x /y", "l"))
		change(&r)
		return r.v1()
	}
	op := func(r *recipe, i int) object { return r.steps[i]["op"].(object)["Op"].(object) }
	for _, tt := range []struct {
		name string
		data []byte
		kind sbom.GapKind
		want string
	}{
		{"no JSON", []byte("x"), sbom.GapCorrupt, "malformed"},
		{"no statement", []byte("{}"), sbom.GapCorrupt, "not an in-toto statement"},
		{"no predicate", []byte(`{"_type":"https://in-toto.io/Statement/v1"}`), sbom.GapCorrupt, "no predicate"},
		{"a predicate nobody knows", statement("https://example.com/x", 1), sbom.GapUnsupported, "example.com/x"},
		{"a provenance that is a number", statement("https://slsa.dev/provenance/v1", 1), sbom.GapCorrupt, "malformed"},
		{"an old provenance that is a number", statement("https://slsa.dev/provenance/v0.2", 1), sbom.GapCorrupt, "malformed"},
		{"an SBOM that is a number", statement("https://spdx.dev/Document", 1), sbom.GapCorrupt, "malformed"},
		{"an SBOM of something", statement("https://spdx.dev/Document", object{"name": "x"}), sbom.GapUnsupported, `"x"`},
		{"an SBOM that is none", statement("https://spdx.dev/Document", object{"name": "sbom-x"}), sbom.GapCorrupt, "malformed"},
		{"a circle", steps(func(r *recipe) { r.steps[0]["inputs"] = []string{"step2:0"} }), sbom.GapCorrupt, "circle"},
		{"a step on itself", steps(func(r *recipe) { r.steps[1]["inputs"] = []string{"step1:0"} }), sbom.GapCorrupt, "circle"},
		{"two steps of a name", steps(func(r *recipe) { r.steps[1]["id"] = "step0" }), sbom.GapCorrupt, "two steps"},
		{"no name", steps(func(r *recipe) { r.steps[0]["id"] = "" }), sbom.GapCorrupt, `named ""`},
		{"an unknown input", steps(func(r *recipe) { r.steps[0]["inputs"] = []string{"step9:0"} }), sbom.GapCorrupt, "unknown input"},
		{"an input without an output", steps(func(r *recipe) { r.steps[3]["inputs"] = []string{"step2"} }), sbom.GapCorrupt, "no output"},
		{"a negative output", steps(func(r *recipe) { r.steps[3]["inputs"] = []string{"step2:-1"} }), sbom.GapCorrupt, "no output"},
		{"a mount of nothing", steps(func(r *recipe) { op(r, 0)["exec"].(object)["mounts"] = []object{{"input": 0}} }), sbom.GapCorrupt, "mounts input 0 of 0"},
		{"an action on a later one", steps(func(r *recipe) { op(r, 2)["file"].(object)["actions"].([]object)[0]["input"] = 2 }), sbom.GapCorrupt, "inputs 2 and 1 of 2"},
		{"a copy from before the first", steps(func(r *recipe) { op(r, 2)["file"].(object)["actions"].([]object)[0]["secondaryInput"] = -2 }), sbom.GapCorrupt, "inputs 0 and -2"},
		{"layers of no step", steps(func(r *recipe) { r.layers["step9:0"] = []string{"l"} }), sbom.GapCorrupt, "no output"},
	} {
		build := parse(tt.data)
		if len(build.Gaps) != 1 || build.Gaps[0].Kind != tt.kind || !strings.Contains(build.Gaps[0].Message, tt.want) || len(build.Statements) > 0 || len(build.Stages) > 0 {
			t.Errorf("%s: %+v", tt.name, build.Gaps)
			continue
		}
		inv := shipped("l")
		if o := join(t, build, inv, []sbom.File{fileOf("y", "x", &sbom.LayerRef{})}); len(o) > 0 || len(inv.Components) > 0 || len(inv.Gaps) != 1 {
			t.Errorf("%s: something was joined", tt.name)
		}
	}
}

func TestLimits(t *testing.T) {
	r := recipe{dockerfile: "FROM a\nFROM b\nFROM c\n", materials: []object{{"uri": "x"}, {"uri": "y"}, {"uri": "z"}}}
	r.end(r.run(1, r.run(1, r.run(1, "", "a", "a"), "b", "a", "b"), "c", "a", "b", "c"))
	stage := scan(t, "sbom-a", map[string]string{"x": "", "y": ""}, "p 1", "q 2")
	for name, tt := range map[string]struct {
		opts buildkit.Options
		data []byte
		ok   bool
	}{
		"defaults":       {buildkit.Options{}, r.v1(), true},
		"bytes":          {buildkit.Options{MaxBytes: 100}, r.v1(), false},
		"steps":          {buildkit.Options{MaxSteps: 9}, r.v1(), false},
		"enough steps":   {buildkit.Options{MaxSteps: 20}, r.v1(), true},
		"components":     {buildkit.Options{MaxComponents: 3}, stage, false},
		"all components": {buildkit.Options{MaxComponents: 10}, stage, true},
	} {
		build := buildkit.Parse("", unsigned(tt.data), &tt.opts)
		if ok := len(build.Gaps) == 0; ok != tt.ok || !ok && build.Gaps[0].Kind != sbom.GapLimit {
			t.Errorf("%s: %+v", name, build.Gaps)
		}
	}
	build := buildkit.Parse("", unsigned(stage, scan(t, "sbom-b", nil, "p 1")), &buildkit.Options{MaxComponents: 4})
	if len(build.Gaps) != 1 || build.Gaps[0].Kind != sbom.GapLimit || len(build.Stages) != 1 {
		t.Errorf("a second stage beyond the limit: %+v", build.Gaps)
	}
}

// TestSubjects: a statement with subjects is about them and nothing else.
func TestSubjects(t *testing.T) {
	for name, tt := range map[string]struct {
		subjects []object
		ok       bool
	}{
		"none":        {nil, true},
		"the image":   {[]object{{"name": "a", "digest": object{"sha256": digestOf("other").Hex()}}, {"digest": object{"sha256": strings.ToUpper(digestOf("image").Hex())}}}, true},
		"another one": {[]object{{"name": "a", "digest": object{"sha256": digestOf("other").Hex()}}}, false},
		"no digest":   {[]object{{"name": "image"}}, false},
	} {
		data := mustJSON(object{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v1", "subject": tt.subjects, "predicate": object{}})
		build := parse(data)
		if ok := len(build.Gaps) == 0; ok != tt.ok || !ok && build.Gaps[0].Kind != sbom.GapContradiction {
			t.Errorf("%s: %+v", name, build.Gaps)
		}
	}
}

// TestJoin joins a build to an inventory that knows better.
func TestJoin(t *testing.T) {
	base := digestOf("base image")
	r := recipe{
		dockerfile: "FROM debian AS build\nRUN make\nFROM build AS again\nFROM base\nCOPY --from=build /out/app /app\nCOPY --from=again /etc/x /x\n",
		materials: []object{
			{"uri": "pkg:docker/debian@12?platform=linux%2Famd64", "digest": object{"sha256": digestOf("debian").Hex()}},
			{"uri": "pkg:docker/example.com/base@1", "digest": object{"sha256": base.Hex()}},
			{"uri": "https://github.com/acme/app.git", "digest": object{"sha1": strings.Repeat("ab", 20)}},
		},
	}
	made := r.run(2, r.source(1, "docker-image://docker.io/library/debian:12@"+string(digestOf("debian"))), "make")
	result := r.copy(5, r.source(4, "docker-image://example.com/base:1@"+string(base), "base"), made, "/out/app /app", "base", "app")
	r.end(r.copy(6, result, made, "/etc/x /x", "base", "app", "x"))
	stage := scan(t, "sbom-build", map[string]string{"out/app": "app", "etc/x": "another"}, "gcc 12", "libc 2.36")

	inv := shipped("base", "app", "x")
	app := sbom.Component{ID: "c-app", Type: sbom.TypeApplication, Name: "app", Version: "1", PURL: "pkg:generic/app@1",
		Attribution: sbom.Attribution{Introduced: inv.Layers[1].Ref(), Visible: true},
		Evidence:    []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueBinary, Confidence: 1, Location: sbom.Location{Path: "app!/x"}}}}
	x := app
	x.ID, x.Name, x.Evidence = "c-x", "x", []sbom.Evidence{{Field: "name", Location: sbom.Location{Path: "x"}}}
	inv.Components = []sbom.Component{app, x}
	inv.Files = []sbom.File{fileOf("app", "app", inv.Layers[1].Ref()), fileOf("etc/os-release", "os", inv.Layers[0].Ref()), fileOf("x", "x", inv.Layers[2].Ref())}
	before := mustJSON(inv.Files)

	build := buildkit.Parse(inv.Subject.Digest, []buildkit.Statement{{Data: r.v1()}, {Data: naming(t, stage, inv.Subject.Digest), Signer: "https://example.com/builder"}}, nil)
	origins := join(t, build, inv, nil)
	if len(origins) != 3 || describe(&origins[0]) != "copied stage-2:app stated < run build:out/app proved" {
		t.Errorf("origins %+v", origins)
	}
	if d := cmp.Diff(string(before), string(mustJSON(inv.Files))); d != "" {
		t.Errorf("files were changed: %s", d)
	}
	var got []string
	names := make(map[string]string)
	for _, c := range inv.Components {
		s := fmt.Sprintf("%s %s %s", c.Type, c.Name, c.Version)
		if c.Scope == sbom.ScopeBuild {
			s += " in " + c.Property(buildkit.StageProperty)
			if c.Attribution != (sbom.Attribution{}) {
				t.Errorf("%s has an attribution: %+v", c.Name, c.Attribution)
			}
			e := c.Evidence[0]
			s += fmt.Sprintf(" %s %.1f %s", e.Technique, e.Confidence, e.Location.Path)
			for _, e := range c.Evidence {
				if e.Confidence > 0.9 || e.Location.Path != "" && !strings.HasPrefix(e.Location.Path, "stage:build!/") || e.Location.Layer != nil {
					t.Errorf("%s: evidence %+v", c.Name, e)
				}
			}
			for _, l := range c.Licenses {
				if !strings.HasPrefix(l.Location, "stage:build!/") {
					t.Errorf("%s: licence %+v", c.Name, l)
				}
			}
		}
		names[c.ID] = c.Name
		got = append(got, s)
	}
	slices.Sort(got)
	want := []string{
		"application app 1",
		"application x 1",
		"container again  in again other 0.5 ",
		"container build  in build attestation 0.9 ",
		"container example.com/base 1 in  other 0.5 ",
		"container debian 12 in  other 0.5 ",
		"file https://github.com/acme/app.git sha1:" + strings.Repeat("ab", 20) + " in  other 0.5 ",
		"library gcc 12 in build attestation 0.9 stage:build!/var/lib/dpkg/status",
		"library libc 2.36 in build attestation 0.9 stage:build!/var/lib/dpkg/status",
	}
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("components (-want +got):\n%s", d)
	}
	var related []string
	for _, rel := range inv.Relationships {
		related = append(related, names[rel.From]+" "+string(rel.Type)+" "+names[rel.To])
	}
	slices.Sort(related)
	if d := cmp.Diff([]string{"again depends-on build", "app copied-from build", "build contains gcc", "build contains libc", "build depends-on debian", "gcc depends-on libc", "x copied-from again"}, related); d != "" {
		t.Errorf("relationships (-want +got):\n%s", d)
	}
	for i, want := range []sbom.LayerOrigin{{Role: sbom.LayerBase, Image: "example.com/base:1", Digest: base}, {Role: sbom.LayerBuild}, {Role: sbom.LayerBuild}} {
		o := inv.Layers[i].Origin
		if o.Role != want.Role || o.Image != want.Image || o.Digest != want.Digest || o.Evidence.Value == "" || o.Evidence.Confidence != 0.5 {
			t.Errorf("layer %d: %+v", i, o)
		}
	}
	// The stage "again" has no inventory, so that x is stated and not refuted.
	if len(inv.Gaps) != 0 {
		t.Errorf("gaps %+v", inv.Gaps)
	}
	inv2 := *inv
	inv2.Sort()
	if d := cmp.Diff(inv, &inv2); d != "" {
		t.Errorf("not sorted: %s", d)
	}
}

// TestJoinKeepsComparedLayers: a base image that was compared by digests stays.
func TestJoinKeepsComparedLayers(t *testing.T) {
	var r recipe
	r.end(r.run(0, r.source(0, "docker-image://other", "a"), "make", "a", "b"))
	inv := shipped("a", "b")
	known := sbom.LayerOrigin{Role: sbom.LayerBase, Image: "known", Evidence: sbom.Evidence{Technique: sbom.TechniqueHash, Confidence: 1, Value: "v"}}
	guess := sbom.LayerOrigin{Role: sbom.LayerBase, Image: "guess", Evidence: sbom.Evidence{Technique: sbom.TechniqueManifest, Confidence: 0.6, Value: "v"}}
	inv.Layers[0].Origin, inv.Layers[1].Origin = known, guess
	join(t, parse(r.v1()), inv, nil)
	if inv.Layers[0].Origin != known || inv.Layers[1].Origin.Role != sbom.LayerBuild {
		t.Errorf("%+v", inv.Layers)
	}
}

func TestTwoOfAKind(t *testing.T) {
	var r recipe
	r.end(r.run(0, "", "make"))
	build := parse(r.v1(), r.v02(), scan(t, "sbom", nil, "a 1"), scan(t, "sbom", nil, "b 1"), scan(t, "sbom-x", nil, "c 1"), scan(t, "sbom-X", nil, "d 1"))
	if len(build.Gaps) != 3 || build.Result == nil || build.Result.Components[0].Name != "a" || build.Stages[0].Inventory.Components[0].Name != "c" {
		t.Errorf("%+v", build.Gaps)
	}
	for _, g := range build.Gaps {
		if g.Kind != sbom.GapUnsupported || !strings.Contains(g.Message, "a second") {
			t.Errorf("%+v", g)
		}
	}
}

// realImage is a three-stage image that buildkitd v0.33.0 has built with provenance of
// mode max.
const realImage = "../../../shared/buildkit/multi-stage.oci.tar"

func TestRealImage(t *testing.T) {
	if _, err := os.Stat(realImage); err != nil {
		t.Skipf("no real image: %v", err)
	}
	img, err := image.Open(realImage, &image.Options{Platform: sbom.Platform{OS: "linux", Architecture: "amd64"}})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	build, err := buildkit.Read(t.Context(), img, nil)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := catalog.Image(t.Context(), img, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := buildkit.Files(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range join(t, build, inv, files) {
		got = append(got, describe(&o))
	}
	want := []string{
		"copied stage-2:bin/busybox stated < run build:bin/busybox stated",
		"copied stage-2:out.txt stated < run build:out.txt stated",
		"copied stage-2:sum.txt stated < run build:sum.txt stated",
		"copied stage-2:usr/bin/tool stated < copied tools:usr/bin/tool stated < context context:tool local://context stated",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("origins (-want +got):\n%s", d)
	}
	for _, l := range inv.Layers {
		if l.Origin.Role != sbom.LayerBuild {
			t.Errorf("layer %d: %+v", l.Index, l.Origin)
		}
	}
	if len(build.Gaps) > 0 || len(build.Steps) != 8 || len(build.Stages) != 3 {
		t.Errorf("%d steps, %d stages, gaps %v", len(build.Steps), len(build.Stages), build.Gaps)
	}
}

// TestReadWithoutIndex: an image that lies beside nothing has no statements.
func TestReadWithoutIndex(t *testing.T) {
	img, err := image.OpenDir(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	build, err := buildkit.Read(t.Context(), img, nil)
	if err != nil || len(build.Statements)+len(build.Gaps)+len(build.Steps) > 0 {
		t.Errorf("%+v, %v", build, err)
	}
	inv := new(sbom.Inventory)
	if o := join(t, build, inv, nil); len(o) > 0 || len(inv.Components) > 0 {
		t.Error("something was joined")
	}
}

// TestFiles lists a directory.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"b": "bb", "a": ""} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a", dir+"/link"); err != nil {
		t.Skip(err)
	}
	img, err := image.OpenDir(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	files, err := buildkit.Files(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	a, b := fileOf("a", "", &sbom.LayerRef{}), fileOf("b", "bb", &sbom.LayerRef{})
	a.Mode, b.Mode = 0o640, 0o640
	if d := cmp.Diff([]sbom.File{a, b}, files); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// FuzzParse: whatever statements say, the image's own components, files and layers are
// what they were, nothing of the build passes for shipped, and the same statements give
// the same inventory.
func FuzzParse(f *testing.F) {
	r := recipe{dockerfile: "FROM debian AS build\nRUN <<E\nmake\nE\nFROM scratch\nCOPY --from=build /out/app /app\n"}
	made := r.run(2, r.source(1, "docker-image://debian", "b"), "make", "b", "m")
	r.end(r.merge(r.copy(6, "", made, "/out/app /app /*.x /", "a"), r.copy(6, "", r.text(0, "/E", "x"), "/E /x"), "a", "b"))
	f.Add(r.v1(), scan(f, "sbom-build", map[string]string{"out/app": "x"}, "gcc 12", "libc 1"))
	f.Add(r.v02(), scan(f, "sbom", nil, "a 1"))
	f.Add([]byte("{}"), []byte("x"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		join := func() (*sbom.Inventory, []buildkit.Origin) {
			inv := shipped("a", "b")
			c := sbom.Component{ID: "c", Type: sbom.TypeLibrary, Name: "own", Attribution: sbom.Attribution{Visible: true},
				Evidence: []sbom.Evidence{{Field: "name", Location: sbom.Location{Path: "app"}}}}
			inv.Components = []sbom.Component{c}
			inv.Files = []sbom.File{fileOf("app", "x", inv.Layers[0].Ref()), fileOf("x", "x", inv.Layers[1].Ref())}
			build := buildkit.Parse(inv.Subject.Digest, unsigned(first, second), &buildkit.Options{MaxSteps: 2000, MaxComponents: 2000, MaxWork: 100_000})
			seen := make(map[string]bool)
			for _, s := range build.Steps {
				seen[s.ID] = true
			}
			if len(seen) != len(build.Steps) {
				t.Error("two steps have one name")
			}
			return inv, join(t, build, inv, nil)
		}
		inv, origins := join()
		again, _ := join()
		one, other := mustJSON(inv), mustJSON(again)
		if string(one) != string(other) {
			t.Errorf("two inventories:\n%s\n%s", one, other)
		}
		for _, o := range origins {
			if o.Path != "app" && o.Path != "x" || len(o.Trail) == 0 {
				t.Errorf("origin %+v", o)
			}
		}
		want := shipped("a", "b")
		for i, l := range inv.Layers {
			if l.Origin.Role == "" != (l.Origin.Evidence.Value == "") || l.Origin.Evidence.Confidence > 0.5 {
				t.Errorf("layer %+v", l)
			}
			if l.Origin = (sbom.LayerOrigin{}); l != want.Layers[i] {
				t.Errorf("layer %+v", l)
			}
		}
		own := 0
		for _, c := range inv.Components {
			switch {
			case c.ID == "c":
				own++
			case c.Scope != sbom.ScopeBuild || c.Attribution.Visible || c.Evidence[0].Confidence > 0.5:
				t.Errorf("%+v passes for shipped", c)
			}
		}
		if own != 1 || len(inv.Files) != 2 || !json.Valid(one) {
			t.Errorf("%d own components, %d files", own, len(inv.Files))
		}
	})
}
