package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// write makes the report's files. Each is written whole or not at all.
func (t *trust) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	page, err := t.page()
	if err != nil {
		return err
	}
	files := map[string][]byte{"trust-report.html": page, "examiner.pub": t.publicKey}
	for name, b := range t.bundles {
		files[name] = b.Bytes()
	}
	if files["decision.json"], err = json.MarshalIndent(t.decision, "", "  "); err != nil {
		return err
	}
	// What an earlier run signed is about another image, or by a key that is gone.
	for _, name := range signedFiles {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for name, b := range files {
		if err := writeWhole(filepath.Join(dir, name), b); err != nil {
			return err
		}
	}
	return nil
}

// writeWhole replaces a file by renaming a finished one over it.
func writeWhole(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone if all went well
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
