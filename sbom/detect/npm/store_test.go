package npm

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// archive returns a zip of names and contents, in pairs.
func archive(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// yarnZip is an archive as in Yarn's cache: a package with one that it bundles, a
// hint for loaders, and a copy.
func yarnZip(t testing.TB) detecttest.File {
	return detecttest.File{Path: "srv/.yarn/cache/@s-a-npm-1.0.0-0123456789-abcdef0123.zip", Data: archive(t,
		"node_modules/@s/a/", "",
		"node_modules/@s/a/package.json", `{"name": "@s/a", "version": "1.0.0", "license": "MIT", "dependencies": {"b": "2"}}`,
		"node_modules/@s/a/node_modules/b/package.json", `{"name": "b", "version": "2.0.0"}`,
		"node_modules/@s/a/esm/package.json", `{"type": "module"}`,
		"node_modules/@s/a/dist/c/package.json", `{"name": "c", "version": "3.0.0"}`,
		"node_modules/@s/a/bad/package.json", `{`,
		"elsewhere/package.json", `{"name": "d", "version": "4.0.0"}`,
	)}
}

func TestYarnArchive(t *testing.T) {
	f := yarnZip(t)
	frag := detecttest.Detect(t, New(), f.Path, f.Data)
	var got []string
	for _, c := range frag.Components {
		got = append(got, fmt.Sprintf("%s %q at %s", c.PURL, c.Scope, strings.TrimPrefix(c.Location().Path, f.Path+"!/")))
	}
	want := []string{
		`pkg:npm/%40s/a@1.0.0 "" at node_modules/@s/a/package.json`,
		`pkg:npm/b@2.0.0 "" at node_modules/@s/a/node_modules/b/package.json`,
		`pkg:npm/c@3.0.0 "bundled" at node_modules/@s/a/dist/c/package.json`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	if key := frag.Components[0].Key; key != "srv/.yarn/cache @s/a" {
		t.Errorf("key %q has the version of the archive in it", key)
	}
	claim := []detect.Claim{{Key: "srv/.yarn/cache @s/a", Path: f.Path, Ground: sbom.ClaimContent}}
	if diff := cmp.Diff(claim, frag.Claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	root := f.Path + "!/node_modules/@s/a"
	dependency := detect.Relation{From: root, To: root + "/node_modules/b", Type: sbom.DependsOn}
	if r := frag.Relations[0]; r.From != dependency.From || r.To != dependency.To || r.Type != dependency.Type {
		t.Errorf("relations %+v", frag.Relations)
	}
	if len(frag.Gaps) != 1 || frag.Gaps[0].Kind != sbom.GapCorrupt {
		t.Errorf("gaps %+v", frag.Gaps)
	}
}

func TestYarnArchiveLimits(t *testing.T) {
	const path = "srv/.yarn/cache/a.zip"
	if _, err := detecttest.DetectFile(t, New(), detecttest.File{Path: path, Data: []byte("PK")}); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("no archive: %v", err)
	}
	bomb := archive(t, "node_modules/a/package.json", `{"name": "`+strings.Repeat(" ", maxManifest)+`"}`)
	if frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: path, Data: bomb}); frag != nil || !errors.Is(err, detect.ErrLimit) {
		t.Errorf("large manifest: %v, %v", frag, err)
	}
	var many []string
	for i := range maxManifests + 1 {
		many = append(many, fmt.Sprintf("node_modules/a/dist/%d/package.json", i), `{"name": "b", "version": "1"}`)
	}
	frag, err := detecttest.DetectFile(t, New(), detecttest.File{Path: path, Data: archive(t, many...)})
	if !errors.Is(err, detect.ErrLimit) || len(frag.Components) != maxManifests {
		t.Errorf("many manifests: %v", err)
	}
	twice := archive(t, "node_modules/a/package.json", `{"name": "a", "version": "1"}`, "node_modules/a/package.json", `{"name": "a", "version": "2"}`)
	if frag := detecttest.Detect(t, New(), path, twice); len(frag.Components) != 1 || frag.Components[0].Version != "1" {
		t.Errorf("a name twice: %+v", frag.Components)
	}
}
