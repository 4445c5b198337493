package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/buildkit"
)

const status = `Package: gcc-12
Status: install ok installed
Architecture: amd64
Version: 12.2.0-14
Description: compiler

`

// tree writes files below a directory.
func tree(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// env is what BuildKit sets.
func env(src, extras, dest string) func(string) string {
	return func(name string) string {
		return map[string]string{"BUILDKIT_SCAN_SOURCE": src, "BUILDKIT_SCAN_SOURCE_EXTRAS": extras,
			"BUILDKIT_SCAN_DESTINATION": dest, "SOURCE_DATE_EPOCH": "1700000000"}[name]
	}
}

// TestProtocol scans directories as BuildKit mounts them, and reads the statements as
// package buildkit does.
func TestProtocol(t *testing.T) {
	dir := tree(t, t.TempDir(), map[string]string{
		"core/sbom/app/package.json":                  "{}",
		"core/sbom/node_modules/b/package.json":       `{"name":"b","version":"1.2.3"}`,
		"extras/sbom-build/var/lib/dpkg/status":       status,
		"extras/sbom-build/etc/os-release":            "ID=debian\nVERSION_ID=12\n",
		"extras/sbom-build/out/app":                   "#!/bin/sh\n",
		"extras/sbom-build/var/lib/dpkg/info/x.shlib": "",
		"extras/sbom-empty/.keep":                     "",
		"extras/file":                                 "no directory, so no root file system",
	})
	dest := t.TempDir()
	var log bytes.Buffer
	if err := run(t.Context(), env(filepath.Join(dir, "core/sbom"), filepath.Join(dir, "extras"), dest), &log); err != nil {
		t.Fatal(err)
	}
	var statements []buildkit.Statement
	var names []string
	entries, err := os.ReadDir(dest)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dest, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, e.Name())
		statements = append(statements, buildkit.Statement{Data: data})
		var st struct {
			Type          string `json:"_type"`
			PredicateType string
			Subject       []any
			Predicate     struct{ SPDXVersion, Name string }
		}
		if err := json.Unmarshal(data, &st); err != nil {
			t.Fatal(err)
		}
		if st.Type != "https://in-toto.io/Statement/v1" || st.PredicateType != "https://spdx.dev/Document" || st.Subject == nil ||
			st.Predicate.SPDXVersion != "SPDX-2.3" || st.Predicate.Name+".spdx.json" != e.Name() {
			t.Errorf("%s: %+v", e.Name(), st)
		}
	}
	if want := []string{"sbom-build.spdx.json", "sbom-empty.spdx.json", "sbom.spdx.json"}; !slices.Equal(names, want) {
		t.Errorf("statements %q, want %q", names, want)
	}
	build := buildkit.Parse("", statements, nil)
	if len(build.Gaps) > 0 || len(build.Stages) != 2 || build.Result == nil {
		t.Fatalf("gaps %+v, stages %+v", build.Gaps, build.Stages)
	}
	if c := build.Result.Components; len(c) != 1 || c[0].PURL != "pkg:npm/b@1.2.3" {
		t.Errorf("the result has %+v", c)
	}
	stage := build.Stages[0].Inventory
	if i := slices.IndexFunc(stage.Components, func(c sbom.Component) bool {
		return c.PURL == "pkg:deb/debian/gcc-12@12.2.0-14?arch=amd64&distro=debian-12"
	}); i < 0 {
		t.Errorf("stage build has %+v", stage.Components)
	}
	if !stage.Created.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("made at %s", stage.Created)
	}
	want := digests(t, filepath.Join(dir, "extras/sbom-build"))
	for _, f := range stage.Files {
		if want[f.Path] != string(f.Digests[0]) {
			t.Errorf("%s: %v, want %s", f.Path, f.Digests, want[f.Path])
		}
		delete(want, f.Path)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
	if !strings.Contains(log.String(), `"sbom-build": 2 components, 4 files`) {
		t.Errorf("log: %s", &log)
	}
}

// TestOptional: what the protocol lets be missing.
func TestOptional(t *testing.T) {
	root := tree(t, filepath.Join(t.TempDir(), "sbom"), map[string]string{"a": "x"})
	for name, extras := range map[string]string{"not set": "", "not there": filepath.Join(root, "nothing"), "empty": t.TempDir()} {
		dest := t.TempDir()
		if err := run(t.Context(), env(root, extras, dest), new(bytes.Buffer)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if entries, err := os.ReadDir(dest); err != nil || len(entries) != 1 {
			t.Errorf("%s: %v, %v", name, entries, err)
		}
	}
}

func TestFailures(t *testing.T) {
	root := t.TempDir()
	for name, get := range map[string]func(string) string{
		"nothing set":     func(string) string { return "" },
		"no destination":  env(root, "", ""),
		"no source":       env("", "", root),
		"missing source":  env(filepath.Join(root, "nothing"), "", root),
		"no such target":  env(root, "", filepath.Join(root, "nothing")),
		"extras no dir":   env(root, filepath.Join(tree(t, t.TempDir(), map[string]string{"f": ""}), "f"), root),
		"no number in it": func(n string) string { return map[string]string{"SOURCE_DATE_EPOCH": "x"}[n] + root },
	} {
		if err := run(t.Context(), get, new(bytes.Buffer)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := run(t.Context(), env(filepath.Join(root, "nothing"), "", root), new(bytes.Buffer)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing source: %v", err)
	}
}

// TestExecutables: what is left of the files of a root that has too many.
func TestExecutables(t *testing.T) {
	inv := &sbom.Inventory{Files: []sbom.File{{Path: "a", Kind: sbom.KindELF}, {Path: "b"}, {Path: "c", Owner: "x"}}}
	executables(inv)
	if len(inv.Files) != 2 || inv.Files[0].Path != "a" || inv.Files[1].Path != "c" {
		t.Errorf("%+v", inv.Files)
	}
}

// TestDestination: a statement replaces no other, and is written nowhere else.
func TestDestination(t *testing.T) {
	root := tree(t, filepath.Join(t.TempDir(), "sbom"), map[string]string{"a": "x"})
	extras := t.TempDir()
	tree(t, filepath.Join(extras, "sbom"), map[string]string{"b": "y"})
	dest := t.TempDir()
	if err := run(t.Context(), env(root, extras, dest), new(bytes.Buffer)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a stage called as the result: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(dest, "sbom.spdx.json"))
	if err != nil || !bytes.Contains(data, []byte(`"name":"a"`)) {
		t.Errorf("the statement about the result: %s, %v", data, err)
	}
	victim := filepath.Join(tree(t, t.TempDir(), map[string]string{"f": "keep"}), "f")
	dest = t.TempDir()
	if err := os.Symlink(victim, filepath.Join(dest, "sbom.spdx.json")); err != nil {
		t.Skip(err)
	}
	if err := run(t.Context(), env(root, "", dest), new(bytes.Buffer)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a link in the destination: %v", err)
	}
	if b, err := os.ReadFile(victim); string(b) != "keep" {
		t.Errorf("%q, %v", b, err)
	}
}

// digests lists the regular files below a directory with their SHA-256, by nothing but
// the standard library.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		all[filepath.ToSlash(rel)] = fmt.Sprintf("sha256:%x", h.Sum(nil))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
