//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/imagetrust/imagetrust/sbom/buildkit"
)

// TestHostileRoot: a stage holds whatever its Dockerfile made. Links lead nowhere outside,
// nothing is opened that waits for a peer, and no name writes to the terminal.
func TestHostileRoot(t *testing.T) {
	outside := tree(t, t.TempDir(), map[string]string{"node_modules/secret/package.json": `{"name": "secret", "version": "1.0.0"}`})
	root := tree(t, filepath.Join(t.TempDir(), "sbom"), map[string]string{
		"app/a": "x", "node_modules/q\n\x1b[2J/package.json": "{", "new\nline\x1b[31m\xff": "#!/bin/sh\n"})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Symlink(outside, filepath.Join(root, "all")))
	must(os.Symlink(filepath.Join(outside, "node_modules/secret/package.json"), filepath.Join(root, "package.json")))
	must(os.Symlink(strings.Repeat("../", 40)+strings.TrimPrefix(outside, "/"), filepath.Join(root, "up")))
	must(os.Symlink("loop", filepath.Join(root, "loop")))
	must(os.MkdirAll(filepath.Join(root, "app/node_modules/p"), 0o755))
	must(syscall.Mkfifo(filepath.Join(root, "app/node_modules/p/package.json"), 0o644))
	t.Chdir(root) // The names of sockets are short.
	l, err := net.Listen("unix", "socket")
	must(err)
	defer l.Close()
	for i := range 300 {
		tree(t, root, map[string]string{fmt.Sprintf("node_modules/x%d/package.json", i): "{"})
	}

	dest, log := t.TempDir(), new(bytes.Buffer)
	must(run(t.Context(), env(root, "", dest), log))
	for line := range strings.Lines(log.String()) {
		if !strings.HasPrefix(line, `"sbom": `) || strings.Contains(line, "\x1b") || !utf8.ValidString(line) {
			t.Errorf("the log has %q", line)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != maxTold+2 {
		t.Errorf("%d lines in the log", n)
	}
	data, err := os.ReadFile(filepath.Join(dest, "sbom.spdx.json"))
	must(err)
	result := buildkit.Parse("", []buildkit.Statement{{Data: data}}, nil).Result
	if result == nil || len(result.Components) != 0 {
		t.Fatalf("the result has %+v", result)
	}
	want := digests(t, root)
	for _, f := range result.Files {
		if want[f.Path] != string(f.Digests[0]) {
			t.Errorf("%q is %v, want %s", f.Path, f.Digests, want[f.Path])
		}
		delete(want, f.Path)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %q", want)
	}
}
