package main

import (
	"archive/tar"
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// control is the part of a Debian package that dpkg keeps in its database.
type control struct {
	stanza string
	files  map[string][]byte // md5sums, conffiles, shlibs, maintainer scripts
}

// install adds the package to the tree and to its dpkg database, as dpkg does
// (deb(5), dpkg(1)), without running maintainer scripts.
func (t tree) install(deb string) error {
	fsys, err := output("dpkg-deb", "--fsys-tarfile", deb)
	if err != nil {
		return err
	}
	if err := t.addTar(bytes.NewReader(fsys), func(name string) string { return name }); err != nil {
		return err
	}
	list, err := fileList(fsys)
	if err != nil {
		return err
	}
	c, err := readControl(deb)
	if err != nil {
		return err
	}
	info := path.Join("var/lib/dpkg/info", c.infoName())
	t.file(info+".list", 0o644, list)
	for name, data := range c.files {
		t.file(info+"."+name, 0o644, data)
	}
	status := t["var/lib/dpkg/status"].data
	t.file("var/lib/dpkg/status", 0o644, append(status, c.status(t)...))
	return nil
}

// fileList returns the package's file list as dpkg writes it.
func fileList(fsys []byte) ([]byte, error) {
	var list bytes.Buffer
	for tr := tar.NewReader(bytes.NewReader(fsys)); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return list.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		name := path.Clean("/" + h.Name)
		if name == "/" {
			name = "/."
		}
		fmt.Fprintln(&list, name)
	}
}

func readControl(deb string) (*control, error) {
	b, err := output("dpkg-deb", "--ctrl-tarfile", deb)
	if err != nil {
		return nil, err
	}
	files := make(tree)
	if err := files.addTar(bytes.NewReader(b), func(name string) string { return name }); err != nil {
		return nil, err
	}
	c := &control{files: make(map[string][]byte)}
	for name, n := range files {
		if name == "control" {
			c.stanza = strings.TrimSpace(string(n.data))
		} else if n.hdr.Typeflag == tar.TypeReg {
			c.files[name] = n.data
		}
	}
	return c, nil
}

func (c *control) field(name string) string {
	for line := range strings.Lines(c.stanza) {
		if v, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// infoName is the package's name in info/: with the architecture where several
// can be installed side by side.
func (c *control) infoName() string {
	if c.field("Multi-Arch") == "same" {
		return c.field("Package") + ":" + c.field("Architecture")
	}
	return c.field("Package")
}

// status returns the package's paragraph in the status file.
func (c *control) status(t tree) string {
	var b strings.Builder
	for line := range strings.Lines(c.stanza + "\n") {
		b.WriteString(line)
		if strings.HasPrefix(line, "Package: ") {
			b.WriteString("Status: install ok installed\n")
		}
	}
	if conf := strings.Fields(string(c.files["conffiles"])); len(conf) > 0 {
		b.WriteString("Conffiles:\n")
		for _, name := range conf {
			fmt.Fprintf(&b, " %s %x\n", name, md5.Sum(t[strings.TrimPrefix(name, "/")].data))
		}
	}
	b.WriteString("\n")
	return b.String()
}

// fromDeb returns the content of one file of a package.
func fromDeb(deb, name string) ([]byte, error) {
	fsys, err := output("dpkg-deb", "--fsys-tarfile", deb)
	if err != nil {
		return nil, err
	}
	t := make(tree)
	if err := t.addTar(bytes.NewReader(fsys), func(n string) string { return n }); err != nil {
		return nil, err
	}
	n, ok := t[name]
	if !ok || len(n.data) == 0 {
		return nil, fmt.Errorf("%s: no file %s, only %v", deb, name, slices.Sorted(maps.Keys(t)))
	}
	return n.data, nil
}

func output(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w: %s", name, args, err, stderr.Bytes())
	}
	return b, nil
}
