//go:build linux

package main

import (
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// linked are files of lower layers that the layer of deletions links to and does
// not hold.
var linked = []string{"usr/share/common-licenses/GPL-3", "usr/bin/jq"}

// deletions changes what lower layers brought in every way that a layer can.
func deletions(b *builder, root string) error {
	app := filepath.Join(root, appDir)
	modules := filepath.Join(app, "node_modules")
	python := filepath.Join(root, "usr/lib/python3/dist-packages")
	return errors.Join(
		// Whiteouts of a file, of a directory, and of all that a package has.
		os.Remove(filepath.Join(root, "opt/bin/scalibr")),
		os.RemoveAll(filepath.Join(modules, "left-pad")),
		removeFiles(root, "python3-yaml"),
		// Directories that hide what was in them: with other content, with nearly none.
		os.RemoveAll(filepath.Join(modules, "lodash")),
		unpack("lodash@4.17.21", filepath.Join(modules, "lodash")),
		emptied(python, "Markdown-*.egg-info"),
		// One file of a package is another version's.
		replaceManifest("minimist@1.2.8", filepath.Join(modules, "minimist")),
		// A directory in place of a file, a file and a link in place of a directory.
		os.Remove(filepath.Join(app, "config")),
		os.MkdirAll(filepath.Join(app, "config/production"), 0o755),
		os.RemoveAll(filepath.Join(app, "static/old")),
		os.WriteFile(filepath.Join(app, "static/old"), []byte("gone\n"), 0o644),
		os.RemoveAll(filepath.Join(modules, "cookie-parser")),
		os.Symlink("body-parser", filepath.Join(modules, "cookie-parser")),
		// Hard links: to a file of this layer, and to files of lower layers.
		os.WriteFile(filepath.Join(app, "static/a.js"), []byte("2\n"), 0o644),
		os.Link(filepath.Join(app, "static/a.js"), filepath.Join(app, "static/b.js")),
		os.Link(filepath.Join(root, linked[0]), filepath.Join(app, "LICENSE")),
		os.Link(filepath.Join(root, linked[1]), filepath.Join(root, "opt/bin/jq-linked")),
		// What dpkg does to its packages.
		chroot{root, b.cache}.run("dpkg", "-r", "redis-server"),
		upgrade(b, root, "less"),
	)
}

// emptied removes what matches and makes it anew, empty.
func emptied(dir, glob string) error {
	found, err := filepath.Glob(filepath.Join(dir, glob))
	if err != nil || len(found) != 1 {
		return errors.Join(err, fmt.Errorf("%s: %d found", glob, len(found)))
	}
	return errors.Join(os.RemoveAll(found[0]), os.Mkdir(found[0], 0o755))
}

// replaceManifest gives an installed npm package the package.json of pkg.
func replaceManifest(pkg, dir string) error {
	tmp, err := os.MkdirTemp("", "manifest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	return errors.Join(unpack(pkg, tmp), copyFile(filepath.Join(tmp, "package.json"), filepath.Join(dir, "package.json"), 0o644))
}

// upgrade installs a newer version of an installed Debian package: Debian's own,
// with a file more changed and a version of ours, so that there always is one.
func upgrade(b *builder, root, pkg string) error {
	debs, err := filepath.Glob(filepath.Join(b.cache, "apt/archives", pkg+"_*.deb"))
	if err != nil || len(debs) == 0 {
		return errors.Join(err, fmt.Errorf("no archive of %s", pkg))
	}
	tmp, err := os.MkdirTemp("", "upgrade-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	tree := filepath.Join(tmp, "tree")
	if err := output(exec.Command("dpkg-deb", "-R", debs[len(debs)-1], tree)); err != nil {
		return err
	}
	if err := bumpVersion(tree, pkg); err != nil {
		return err
	}
	deb := filepath.Join(root, "tmp/new.deb")
	if err := output(exec.Command("dpkg-deb", "--root-owner-group", "-b", tree, deb)); err != nil {
		return err
	}
	return errors.Join(chroot{root, b.cache}.run("dpkg", "-i", "/tmp/new.deb"), os.Remove(deb))
}

// bumpVersion makes an unpacked Debian package newer.
func bumpVersion(tree, pkg string) error {
	control := filepath.Join(tree, "DEBIAN/control")
	data, err := os.ReadFile(control)
	if err != nil {
		return err
	}
	before, after, found := strings.Cut(string(data), "\nVersion: ")
	version, rest, _ := strings.Cut(after, "\n")
	if !found {
		return fmt.Errorf("%s has no version", control)
	}
	if err := os.WriteFile(control, []byte(before+"\nVersion: "+version+"+bench1\n"+rest), 0o644); err != nil {
		return err
	}
	note := filepath.Join("usr/share/doc", pkg, "NEWS.bench")
	if err := os.WriteFile(filepath.Join(tree, note), []byte("A newer version.\n"), 0o644); err != nil {
		return err
	}
	return appendTo(filepath.Join(tree, "DEBIAN/md5sums"), fmt.Sprintf("%x  %s\n", md5.Sum([]byte("A newer version.\n")), note))
}
