// Package corpustest finds the real attestations that lie beside the checkout, for
// the tests of several packages.
package corpustest

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Dir returns a directory of shared data, relative to the root of the repository
// that lies at root, or skips the test.
func Dir(tb testing.TB, root, name string) string {
	tb.Helper()
	dir := filepath.Join(filepath.FromSlash(root), "..", "shared", filepath.FromSlash(name))
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("real attestations are not tested: %v", err)
	}
	return dir
}

// Envelopes finds DSSE envelopes at any depth of the JSON documents, and of the
// lines of JSON, below dir.
func Envelopes(tb testing.TB, dir string, found func(file string, envelope []byte)) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		for _, doc := range documents(data) {
			walk(doc, func(envelope []byte) { found(file, envelope) })
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func documents(data []byte) (docs []any) {
	var doc any
	if json.Unmarshal(data, &doc) == nil {
		return []any{doc}
	}
	for line := range bytes.Lines(data) {
		var doc any
		if json.Unmarshal(line, &doc) == nil {
			docs = append(docs, doc)
		}
	}
	return docs
}

func walk(doc any, found func(envelope []byte)) {
	switch v := doc.(type) {
	case map[string]any:
		if v["payload"] != nil && v["signatures"] != nil {
			if raw, err := json.Marshal(v); err == nil {
				found(raw)
			}
		}
		for _, e := range v {
			walk(e, found)
		}
	case []any:
		for _, e := range v {
			walk(e, found)
		}
	}
}
