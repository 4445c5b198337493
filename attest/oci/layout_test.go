package oci_test

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/oci"
)

func TestLayoutResolve(t *testing.T) {
	one, digest := testImage(t, "one")
	two, _ := testImage(t, "two")
	dir := writeLayout(t, one)
	mustAttach(t, oci.Layout(dir), digest, newKeyPair(t).sign(t, digest, "x"))
	if got, err := oci.Resolve(t.Context(), oci.Layout(dir)); err != nil || got != digest {
		t.Errorf("beside a referrer: %s, %v", got, err)
	}
	if _, err := oci.Resolve(t.Context(), oci.Layout(writeLayout(t, one, two))); !errors.Is(err, oci.ErrAmbiguous) {
		t.Errorf("two images: %v", err)
	}
	if _, err := oci.Resolve(t.Context(), oci.Layout(writeLayout(t))); !errors.Is(err, oci.ErrNotFound) {
		t.Errorf("no image: %v", err)
	}
}

func TestBrokenLayouts(t *testing.T) {
	img, digest := testImage(t, "broken")
	key := newKeyPair(t)
	blob := func(dir string) string { return filepath.Join(dir, "blobs", "sha256", digest.Hex()) }
	tests := map[string]struct {
		damage func(t *testing.T, dir string)
		want   error
	}{
		"no directory": {func(t *testing.T, dir string) { remove(t, dir) }, oci.ErrLayout},
		"no marker":    {func(t *testing.T, dir string) { remove(t, dir, "oci-layout") }, oci.ErrLayout},
		"other version": {func(t *testing.T, dir string) {
			mustWrite(t, filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"2.0.0"}`))
		}, oci.ErrLayout},
		"no index": {func(t *testing.T, dir string) { remove(t, dir, "index.json") }, oci.ErrLayout},
		"truncated index": {func(t *testing.T, dir string) {
			mustWrite(t, filepath.Join(dir, "index.json"), []byte(`{"schemaVersion":2,"manif`))
		}, oci.ErrLayout},
		"index is a folder": {func(t *testing.T, dir string) { remove(t, dir, "index.json"); mkdir(t, dir, "index.json") }, oci.ErrLayout},
		"huge index":        {func(t *testing.T, dir string) { mustWrite(t, filepath.Join(dir, "index.json"), make([]byte, 9<<20)) }, oci.ErrLimit},
		"changed manifest":  {func(t *testing.T, dir string) { mustWrite(t, blob(dir), []byte(`{"schemaVersion":2,"x":1}`)) }, oci.ErrDigest},
		"huge manifest":     {func(t *testing.T, dir string) { mustWrite(t, blob(dir), make([]byte, 5<<20)) }, oci.ErrLimit},
		"missing manifest":  {func(t *testing.T, dir string) { remove(t, blob(dir)) }, oci.ErrNotFound},
		"link out of it": {func(t *testing.T, dir string) {
			outside := filepath.Join(t.TempDir(), "index.json")
			if err := os.Rename(filepath.Join(dir, "index.json"), outside); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, filepath.Join(dir, "index.json")); err != nil {
				t.Skip(err)
			}
		}, oci.ErrLayout},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := writeLayout(t, img)
			tt.damage(t, dir)
			if _, err := oci.Attach(t.Context(), oci.Layout(dir), "", key.sign(t, digest, "x"), nil); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			noTemps(t, dir)
		})
	}
}

func remove(t *testing.T, elem ...string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(elem...)); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, elem ...string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(elem...), 0o755); err != nil {
		t.Fatal(err)
	}
}

// noTemps checks that nothing but a layout's own files is in dir.
func noTemps(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "blobs" && name != "index.json" && name != "oci-layout" {
			t.Errorf("%s was left behind", name)
		}
	}
}

func TestLayoutWriteCleansUpAfterTheKilled(t *testing.T) {
	img, digest := testImage(t, "killed")
	dir := writeLayout(t, img)
	mustWrite(t, filepath.Join(dir, ".imagetrust-tmp-OLD"), []byte("half an index"))
	mustAttach(t, oci.Layout(dir), digest, newKeyPair(t).sign(t, digest, "x"))
	noTemps(t, dir)
}

func TestLayoutIndexKeepsWhatItHad(t *testing.T) {
	img, digest := testImage(t, "keeps")
	dir := writeLayout(t, img)
	file := filepath.Join(dir, "index.json")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var index map[string]any
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	index["annotations"], index["future"] = object{"html": "<&>"}, true
	index["manifests"].([]any)[0].(map[string]any)["platform"] = object{"os": "linux", "architecture": "amd64"}
	index["manifests"] = append(index["manifests"].([]any), object{"mediaType": "x", "digest": "sha256:bad", "future": 1})
	mustWrite(t, file, mustJSON(t, index))
	key := newKeyPair(t)
	mustAttach(t, oci.Layout(dir), digest, key.sign(t, digest, "x"))
	if raw, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	for _, keep := range []string{`"future":true`, `"platform":{"architecture":"amd64","os":"linux"}`, `"digest":"sha256:bad"`, `"annotations":{"html":`} {
		if !strings.Contains(string(raw), keep) {
			t.Errorf("%s is lost: %s", keep, raw)
		}
	}
	res, err := oci.Verify(t.Context(), oci.Layout(dir), digest, key.verifier, nil)
	if err != nil || len(res.Verified) != 1 || len(res.Rejected) != 1 || !errors.Is(res.Rejected[0].Err, attest.ErrDigest) {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestLayoutReadOnly: a failed write leaves the layout as it was.
func TestLayoutReadOnly(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write anywhere: a read-only layout is not tested")
	}
	img, digest := testImage(t, "readonly")
	dir := writeLayout(t, img)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	before, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oci.Attach(t.Context(), oci.Layout(dir), digest, newKeyPair(t).sign(t, digest, "x"), nil); !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, "index.json")); err != nil || string(after) != string(before) {
		t.Errorf("index.json changed: %v", err)
	}
}

// TestBuildKitStatementsAreUnsigned reads a real image with BuildKit's provenance.
func TestBuildKitStatementsAreUnsigned(t *testing.T) {
	dir := unpackLayout(t, "../../../shared/buildkit/multi-stage.oci.tar")
	subject := platformManifest(t, dir)
	target := oci.Layout(dir)
	list, err := oci.List(t.Context(), target, subject, nil)
	if err != nil || len(list.Unsigned) == 0 || len(list.Bundles) != 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	if u := list.Unsigned[0]; u.Store != oci.StoreBuildKit || u.Layer.Annotations["in-toto.io/predicate-type"] == "" {
		t.Errorf("%+v", u)
	}
	key := newKeyPair(t)
	if res, err := oci.Verify(t.Context(), target, subject, key.verifier, nil); !errors.Is(err, oci.ErrNoneVerified) || len(res.Verified) != 0 || len(res.Unsigned) != len(list.Unsigned) {
		t.Errorf("%+v, %v", res, err)
	}
	mustAttach(t, target, subject, key.sign(t, subject, "signed"))
	if res, err := oci.Verify(t.Context(), target, subject, key.verifier, nil); err != nil || len(res.Verified) != 1 || len(res.Unsigned) != len(list.Unsigned) {
		t.Errorf("beside a signed one: %+v, %v", res, err)
	}
}

func unpackLayout(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(filepath.FromSlash(file))
	if err != nil {
		t.Skipf("a BuildKit image is not tested: %v", err)
	}
	defer f.Close()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755); err != nil {
		t.Fatal(err)
	}
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			continue
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, filepath.Join(dir, h.Name), content)
	}
}

// platformManifest returns the first image of the index that a layout names.
func platformManifest(t *testing.T, dir string) attest.Digest {
	t.Helper()
	var index struct {
		Manifests []oci.Descriptor `json:"manifests"`
	}
	read := func(file string) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &index); err != nil {
			t.Fatal(err)
		}
	}
	read(filepath.Join(dir, "index.json"))
	read(filepath.Join(dir, "blobs", "sha256", index.Manifests[0].Digest.Hex()))
	return index.Manifests[0].Digest
}

// TestCosignSavedLayouts finds the attestations of nine real images.
func TestCosignSavedLayouts(t *testing.T) {
	dirs, err := filepath.Glob(filepath.FromSlash("../../../shared/attest/real/slsa-verifier/gha_generic_container/*/container_workflow_dispatch"))
	if err != nil || len(dirs) == 0 {
		t.Skip("real layouts are not tested: ../shared/attest is not there")
	}
	found := 0
	for _, dir := range dirs {
		raw, err := os.ReadFile(dir + ".digest")
		if err != nil {
			t.Error(err)
			continue
		}
		digest := attest.Digest(strings.TrimSpace(string(raw)))
		if !strings.HasPrefix(string(digest), "sha256:") {
			digest = "sha256:" + digest
		}
		list, err := oci.List(t.Context(), oci.Layout(dir), digest, nil)
		if err != nil || len(list.Bundles) != 1 || list.Bundles[0].Store != oci.StoreAtt || list.Bundles[0].Layer.Annotations["dev.sigstore.cosign/certificate"] == "" {
			t.Errorf("%s: %+v, %v", dir, list, err)
			continue
		}
		st, err := list.Bundles[0].Bundle.UnverifiedStatement()
		if err != nil || st.PredicateType != attest.TypeSLSAProvenance02 || !st.About(digest) {
			t.Errorf("%s: %+v, %v", dir, st, err)
		}
		if _, err := oci.Verify(t.Context(), oci.Layout(dir), digest, newKeyPair(t).verifier, nil); !errors.Is(err, attest.ErrSignature) {
			t.Errorf("%s: %v", dir, err)
		}
		found++
	}
	t.Logf("%d of %d layouts", found, len(dirs))
}
