package buildkit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/buildkit"
)

// TestTrace traces one file of one layer through builds of all shapes.
func TestTrace(t *testing.T) {
	const stages = "FROM debian AS build\nRUN make\nFROM scratch\nCOPY --from=build /out/app /app\n"
	for _, tt := range []struct {
		name    string
		build   func(r *recipe) string
		layers  []string // of the image; one named "l" if nil
		file    string   // "x" by path
		content string
		scans   map[string]map[string]string
		want    string
		gaps    int
	}{
		{name: "copy of a file a RUN made", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, r.source(1, "docker-image://debian"), "make"), "/out/app /app", "l")
		}, file: "app", want: "copied stage-1:app stated < run build:out/app stated"},
		{name: "proved by the stage's inventory", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, r.source(1, "docker-image://debian"), "make"), "/out/app /app", "l")
		}, file: "app", scans: map[string]map[string]string{"build": {"out/app": "x", "other": "x"}},
			want: "copied stage-1:app stated < run build:out/app proved"},
		{name: "refuted by the stage's inventory", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, r.source(1, "docker-image://debian"), "make"), "/out/app /app", "l")
		}, file: "app", scans: map[string]map[string]string{"build": {"out/app": "y", "other": "x"}},
			want: "copied stage-1:app stated < run build:out/app refuted", gaps: 1},
		{name: "behind a symlink of the stage", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, r.source(1, "docker-image://debian"), "make"), "/out/app /app", "l")
		}, file: "app", scans: map[string]map[string]string{"build": {"real/a": "x", "real/app": "x", "real/z": "x"}},
			want: "copied stage-1:app stated < run build:real/app proved"},
		{name: "not listed in the stage", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, r.source(1, "docker-image://debian"), "make"), "/out/app /app", "l")
		}, file: "app", scans: map[string]map[string]string{"build": {"other": "y"}},
			want: "copied stage-1:app stated < run build:out/app stated"},
		{name: "an empty file elsewhere proves nothing", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, "", "make"), "/out/app /app", "l")
		}, file: "app", content: "-", scans: map[string]map[string]string{"build": {"other": ""}},
			want: "copied stage-1:app stated < run build:out/app stated"},
		{name: "into a directory", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, "", "make"), "/a /dir/ /out/app /dir/ /b /dir/", "l")
		}, file: "dir/app", want: "copied stage-1:dir/app stated < run build:out/app stated"},
		{name: "contents of a directory", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, "", "make"), "/out/ /srv/", "l")
		}, file: "srv/deep/app", want: "copied stage-1:srv/deep/app stated < run build:out/deep/app stated"},
		{name: "of two directories, the one that has it", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, "", "make"), "/one / /two /", "l")
		}, file: "deep/app", scans: map[string]map[string]string{"build": {"one/deep/app": "x"}},
			want: "copied stage-1:deep/app stated < run build:one/deep/app proved"},
		{name: "wildcard", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, "", "make"), "/out/*.so /lib/", "l")
		}, file: "lib/a.so", want: "copied stage-1:lib/a.so stated < run build:out/a.so stated"},
		{name: "wildcard of directories", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, "", "make"), "/out/* /lib/", "l")
		}, file: "lib/a/b.so", scans: map[string]map[string]string{"build": {"out/x/a/b.so": "x"}},
			want: "copied stage-1:lib/a/b.so stated < run build:out/x/a/b.so proved"},
		{name: "a destination behind a symlink of the image", build: func(r *recipe) string {
			r.dockerfile = stages
			return r.copy(4, "", r.run(2, "", "make"), "/out/app /bin/app", "l")
		}, file: "usr/bin/app", scans: map[string]map[string]string{"build": {"out/app": "x"}},
			want: "copied stage-1:usr/bin/app stated < run build:out/app proved"},
		{name: "an archive of the context", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch\nADD root.tar /\n"
			return r.copyWith(2, "", r.source(0, "local://context"), "/root.tar /", object{"attemptUnpackDockerCompatibility": true}, "l")
		}, file: "etc/passwd", want: "copied stage-0:etc/passwd stated < context context: local://context stated"},
		{name: "the context, scanned", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch\nCOPY src/ /app/\n"
			return r.copy(2, "", r.source(0, "local://context"), "/src /app/", "l")
		}, file: "app/main.py", scans: map[string]map[string]string{"context": {"src/main.py": "x"}},
			want: "copied stage-0:app/main.py stated < context context:src/main.py local://context proved"},
		{name: "a download", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch\nADD https://example.com/app /app\n"
			r.materials = []object{{"uri": "https://example.com/app", "digest": object{"sha256": digestOf("x").Hex()}}}
			return r.copy(2, "", r.source(2, "https://example.com/app"), "/app /app", "l")
		}, file: "app", want: "copied stage-0:app stated < fetched :app https://example.com/app proved"},
		{name: "a download with another digest", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch\nADD https://example.com/app /app\n"
			r.materials = []object{{"uri": "https://example.com/app", "digest": object{"sha256": digestOf("y").Hex()}}}
			return r.copy(2, "", r.source(2, "https://example.com/app"), "/app /app", "l")
		}, file: "app", want: "copied stage-0:app stated < fetched :app https://example.com/app stated"},
		{name: "copy from an image", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch\nCOPY --from=busybox /bin/sh /sh\n"
			return r.copy(2, "", r.source(2, "docker-image://busybox"), "/bin/sh /sh", "l")
		}, file: "sh", want: "copied stage-0:sh stated < image :bin/sh docker-image://busybox stated"},
		{name: "a here-document", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch\nCOPY <<EOF /etc/x\nx\nEOF\n"
			return r.copy(2, "", r.text(0, "/EOF", "x"), "/EOF /etc/x", "l")
		}, file: "etc/x", want: "made stage-0:etc/x proved"},
		{name: "another text than the Dockerfile's", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch\nCOPY <<EOF /etc/x\nx\nEOF\n"
			return r.copy(2, "", r.text(0, "/EOF", "y"), "/EOF /etc/x", "l")
		}, file: "etc/x", want: "made stage-0:etc/x refuted", gaps: 1},
		{name: "a RUN of the image", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch\nRUN make\n"
			return r.run(2, "", "make", "l")
		}, file: "app", want: "run stage-0:app stated"},
		{name: "the base image", build: func(r *recipe) string {
			r.dockerfile = "FROM debian\nRUN make\n"
			return r.run(2, r.source(1, "docker-image://debian", "b", "l"), "make", "b", "l", "m")
		}, layers: []string{"b", "l", "m"}, file: "etc/x", want: "image stage-0:etc/x docker-image://debian stated"},
		{name: "the base image, whose layers are not stated", build: func(r *recipe) string {
			r.dockerfile = "FROM debian\nRUN make\n"
			return r.run(2, r.source(1, "docker-image://debian"), "make", "b", "l", "m")
		}, layers: []string{"b", "l", "m"}, file: "etc/x", want: "image stage-0:etc/x docker-image://debian stated"},
		{name: "through two stages", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch AS a\nRUN make\nFROM scratch AS b\nCOPY --from=a /x /y\nFROM scratch\nCOPY --from=b /y /z\n"
			return r.copy(6, "", r.copy(4, "", r.run(2, "", "make"), "/x /y"), "/y /z", "l")
		}, file: "z", scans: map[string]map[string]string{"a": {"x": "x"}, "b": {"y": "x"}},
			want: "copied stage-2:z stated < copied b:y proved < run a:x proved"},
		{name: "a RUN behind a copy may have changed it", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch AS a\nCOPY x /x\nRUN make\nFROM scratch\nCOPY --from=a /x /z\n"
			return r.copy(5, "", r.run(3, r.copy(2, "", r.source(0, "local://context"), "/x /x"), "make"), "/x /z", "l")
		}, file: "z", want: "copied stage-1:z stated < run a:x stated"},
		{name: "a RUN behind a copy has not changed it", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch AS a\nCOPY x /x\nRUN make\nFROM scratch\nCOPY --from=a /x /z\n"
			return r.copy(5, "", r.run(3, r.copy(2, "", r.source(0, "local://context"), "/x /x"), "make"), "/x /z", "l")
		}, file: "z", scans: map[string]map[string]string{"context": {"x": "x"}},
			want: "copied stage-1:z stated < copied a:x stated < context context:x local://context proved"},
		{name: "--link, with the layer that the stage has", build: func(r *recipe) string {
			r.dockerfile = "FROM scratch AS tools\nCOPY tool /tool\nFROM debian\nCOPY --link --from=tools /tool /tool\n"
			tools := r.copy(2, "", r.source(0, "local://context"), "/tool /tool", "l")
			return r.merge(r.source(3, "docker-image://debian", "b"), r.copy(4, "", tools, "/tool /tool", "l"), "b", "l")
		}, layers: []string{"b", "l"}, file: "tool",
			want: "copied stage-1:tool stated < copied tools:tool stated < context context:tool local://context stated"},
		{name: "a stage with --link", build: func(r *recipe) string {
			r.dockerfile = "FROM debian AS a\nCOPY --link x /x\nFROM scratch\nCOPY --from=a /x /y\n"
			a := r.merge(r.source(1, "docker-image://debian"), r.copy(2, "", r.source(0, "local://context"), "/x /x"))
			return r.copy(4, "", a, "/x /y", "l")
		}, file: "y", want: "copied stage-1:y stated < copied a:x stated < context context:x local://context stated"},
		{name: "--from by number", build: func(r *recipe) string {
			r.dockerfile = "FROM debian\nRUN make\nFROM scratch\nCOPY --from=0 /x /y\n"
			return r.copy(4, "", r.run(2, "", "make"), "/x /y", "l")
		}, file: "y", want: "copied stage-1:y stated < run stage-0:x stated"},
		{name: "a stage that only renames another", build: func(r *recipe) string {
			r.dockerfile = "FROM debian AS a\nRUN make\nFROM a AS b\nFROM scratch\nCOPY --from=b /x /y\n"
			return r.copy(5, "", r.run(2, "", "make"), "/x /y", "l")
		}, file: "y", want: "copied stage-2:y stated < run b:x stated"},
		{name: "no Dockerfile", build: func(r *recipe) string {
			return r.copy(0, "", r.run(0, "", "make"), "/x /y", "l")
		}, file: "y", want: "copied :y stated < run :x stated"},
		{name: "a layer of no step", build: func(r *recipe) string {
			return r.run(0, r.run(0, "", "a", "a"), "b", "a", "b")
		}, layers: []string{"a", "l"}, file: "x", want: ""},
		{name: "other layers", build: func(r *recipe) string {
			return r.run(0, "", "make", "other")
		}, file: "x", want: "", gaps: 1},
		{name: "a merge of nothing", build: func(r *recipe) string {
			return r.copy(0, "", r.step(0, object{"merge": object{}}, nil), "/x /y", "l")
		}, file: "y", want: "copied :y stated <  :x stated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r recipe
			r.end(tt.build(&r))
			layers, content := tt.layers, tt.content
			if layers == nil {
				layers = []string{"l"}
			}
			if content == "" {
				content = "x"
			}
			content = strings.Trim(content, "-")
			for version, provenance := range map[string][]byte{"v1": r.v1(), "v0.2": r.v02()} {
				data := [][]byte{provenance}
				for stage, files := range tt.scans {
					data = append(data, scan(t, "sbom-"+stage, files))
				}
				build, inv := parse(data...), shipped(layers...)
				if len(build.Gaps) > 0 {
					t.Fatalf("%s: %+v", version, build.Gaps)
				}
				ref := &sbom.LayerRef{Index: slices.Index(layers, "l")}
				origins := join(t, build, inv, []sbom.File{fileOf(tt.file, content, ref)})
				got := ""
				if len(origins) > 0 {
					got = describe(&origins[0])
				}
				if got != tt.want {
					t.Errorf("%s: got  %s\nwant %s", version, got, tt.want)
				}
				if len(inv.Gaps) != tt.gaps || tt.gaps > 0 && inv.Gaps[0].Kind != sbom.GapContradiction {
					t.Errorf("%s: gaps %+v", version, inv.Gaps)
				}
			}
		})
	}
}

// TestTraceWork: a build that costs too much to trace is given up, and said to be.
func TestTraceWork(t *testing.T) {
	var r recipe
	r.dockerfile = "FROM scratch AS a\nRUN a\nFROM scratch\nCOPY --from=a / /\n"
	on := r.run(2, "", "0")
	for i := range 100 {
		on = r.run(2, on, fmt.Sprint(i))
	}
	r.end(r.copy(4, "", on, "/ /", "l"))
	var files []sbom.File
	for i := range 100 {
		files = append(files, fileOf(fmt.Sprintf("%03d", i), "x", &sbom.LayerRef{}))
	}
	build := buildkit.Parse("", unsigned(r.v1()), &buildkit.Options{MaxWork: 5000})
	inv := shipped("l")
	origins := join(t, build, inv, files)
	if len(origins) < 10 || len(origins) > 90 {
		t.Errorf("%d origins", len(origins))
	}
	want := fmt.Sprintf("%d of 100 files were not traced", 100-len(origins))
	if len(inv.Gaps) != 1 || inv.Gaps[0].Kind != sbom.GapLimit || !strings.HasPrefix(inv.Gaps[0].Message, want) {
		t.Errorf("gaps %+v, want %s", inv.Gaps, want)
	}
}

// TestTrailIsBounded: a chain of stages can be longer than anybody wants to read.
func TestTrailIsBounded(t *testing.T) {
	var r recipe
	on := r.run(0, "", "make")
	for range 1500 {
		on = r.copy(0, "", on, "/x /x")
	}
	r.end(r.copy(0, "", on, "/x /x", "l"))
	origins := join(t, parse(r.v1()), shipped("l"), []sbom.File{fileOf("x", "x", &sbom.LayerRef{})})
	if len(origins) != 1 || len(origins[0].Trail) != 1000 {
		t.Errorf("%d origins, trail of %d", len(origins), len(origins[0].Trail))
	}
}

// TestRecompressed: BuildKit states the layers of its cache, and can export them in
// another compression. Layers in the same one are others.
func TestRecompressed(t *testing.T) {
	for _, tt := range []struct {
		name, mediaType, want string
		layers                []string
	}{
		{"zstd", "application/vnd.oci.image.layer.v1.tar+zstd", "copied stage-0:x stated < context context:x local://context stated", []string{"base", "zstd l"}},
		{"gzip", "", "", []string{"base", "other l"}},
		{"another number", "application/vnd.oci.image.layer.v1.tar+zstd", "", []string{"base", "zstd l", "more"}},
	} {
		r := recipe{dockerfile: "FROM base\nCOPY x /x\n"}
		r.end(r.copy(2, r.source(1, "docker-image://base", "base"), r.source(0, "local://context"), "/x /x", "base", "l"))
		inv := shipped(tt.layers...)
		inv.Layers[1].MediaType = tt.mediaType
		origins := join(t, parse(r.v1()), inv, []sbom.File{fileOf("x", "x", inv.Layers[1].Ref())})
		got := ""
		if len(origins) > 0 {
			got = describe(&origins[0])
		}
		if got != tt.want || inv.Layers[0].Origin.Role != sbom.LayerBase || (inv.Layers[1].Origin.Role == sbom.LayerBuild) != (tt.want != "") {
			t.Errorf("%s: %s, want %s; layers %+v", tt.name, got, tt.want, inv.Layers)
		}
	}
}
