//go:build linux

package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tamper does what an intruder does, and what no package manager does.
func tamper(_ *builder, root string) error {
	// A program of Debian's that is another program.
	if err := copyFile(filepath.Join(root, "usr/bin/curl"), filepath.Join(root, "usr/bin/openssl"), 0o755); err != nil {
		return err
	}
	lib, err := filepath.Glob(filepath.Join(root, "usr/lib/*/libssl.so.3"))
	if err != nil || len(lib) != 1 {
		return errors.Join(err, errors.New("no libssl.so.3"))
	}
	if err := patch(lib[0]); err != nil {
		return err
	}
	if err := appendTo(filepath.Join(root, "usr/bin/c_rehash"), "# one line more\n"); err != nil {
		return err
	}
	// A shell for everybody, of no package.
	if err := copyFile(filepath.Join(root, "usr/bin/dash"), filepath.Join(root, "usr/local/bin/.helper"), fs.ModeSetuid|0o755); err != nil {
		return err
	}
	// The database says it is installed; its files say no.
	return removeFiles(root, "jq")
}

// patch changes 16 bytes in the middle of a file, and neither its size nor its time.
func patch(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var b [16]byte
	if _, err := f.ReadAt(b[:], info.Size()/2); err != nil {
		return err
	}
	for i := range b {
		b[i] = ^b[i]
	}
	if _, err := f.WriteAt(b[:], info.Size()/2); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Chtimes(name, info.ModTime(), info.ModTime())
}

func appendTo(name, text string) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.Close()
}

// removeFiles deletes the files of a Debian package without telling dpkg.
func removeFiles(root, pkg string) error {
	f, err := os.Open(filepath.Join(root, "var/lib/dpkg/info", pkg+".list"))
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name := filepath.Join(root, strings.TrimPrefix(lines.Text(), "/"))
		if info, err := os.Lstat(name); err != nil || info.IsDir() {
			continue
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return lines.Err()
}
