package binary

import (
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
)

// The rules of siblings.
const (
	ruleLinkedSibling = "linked-sibling"
	ruleSibling       = "sibling"
)

// speechless are the rules by which a file does not speak for others: because another spoke for it, or
// by a mere name.
var speechless = map[string]bool{ruleLinkedSibling: true, ruleSibling: true, ruleFileName: true}

// File is a file and what is known of it. Path is as in image layers: "usr/bin/psql".
type File struct {
	Path   string
	Report *Report
}

// Siblings completes the reports of files that say nothing of themselves, by other files of the
// same project: those that they are linked with, or that are linked with them; else those of the
// same directory; else those of the same tree, in the first directory under which standard
// ones (usr, bin, lib ...) are. All of these have to be of one version, and to say so themselves. Reports without
// [Report.Project], or with a [Report.Main], are left as they are.
func Siblings(files []File) {
	known := make(map[string][]File) // by project
	for _, f := range files {
		if main := f.Report.Main(); main != nil && !speechless[main.Rule()] {
			known[names.Key(main.Name)] = append(known[names.Key(main.Name)], f)
		}
	}
	for _, f := range files {
		if f.Report.Main() != nil || f.Report.Project == "" {
			continue
		}
		if main, ok := f.sibling(known[names.Key(f.Report.Project)]); ok {
			f.Report.Findings = append(f.Report.Findings, main)
			f.Report.sort()
		}
	}
}

// sibling returns what the file is, if those of its project that are nearest agree.
func (f File) sibling(kin []File) (main Finding, ok bool) {
	for _, near := range []struct {
		rule       string
		confidence float64
		near       func(File) bool
	}{
		{ruleLinkedSibling, 0.9, f.linkedWith},
		{ruleSibling, 0.86, func(k File) bool { return path.Dir(k.Path) == path.Dir(f.Path) }},
		{ruleSibling, 0.82, func(k File) bool { return installed(f.Path) && installed(k.Path) && root(k.Path) == root(f.Path) }},
	} {
		versions := make(map[string]File)
		for _, k := range kin {
			if near.near(k) && f.numbered(k.Report.Main().Version) {
				versions[k.Report.Main().Version] = k
			}
		}
		if len(versions) == 0 {
			continue
		}
		if len(versions) > 1 {
			return main, false
		}
		for _, k := range versions {
			main = *k.Report.Main()
			main.Evidence = []Evidence{{Rule: near.rule, Text: k.Path + ": " + main.Evidence[0].Text, Confidence: near.confidence}}
			return main, strings.HasPrefix(main.PURL, "pkg:generic/")
		}
	}
	return main, false
}

// linkedWith reports whether one of two files loads the other.
func (f File) linkedWith(other File) bool {
	loads := func(a, b File) bool {
		name := b.Report.SONAME
		if name == "" {
			name = path.Base(b.Path)
		}
		return slices.Contains(a.Report.Needed, name)
	}
	return loads(f, other) || loads(other, f)
}

// numbered reports whether the number at the end of the file's name, if there is one, is what the version
// begins with: libgtk-x11-2.0 is not of GTK 3.24.
func (f File) numbered(version string) bool {
	name := stem(f.Path)
	number := strings.Trim(name[len(strings.TrimRight(name, ".0123456789")):], ".")
	return number == "" || strings.HasPrefix(version+".", strings.TrimSuffix(number, ".0")+".")
}

// installed reports whether a file is where distributions have what all may use.
func installed(file string) bool {
	dir := strings.TrimPrefix(path.Dir(file), root(file))
	switch path.Base(dir) {
	case "bin", "sbin", "lib", "lib64", "libexec":
		dir = path.Dir(dir)
	default:
		if dir = path.Dir(dir); path.Base(dir) != "lib" || !strings.Contains(path.Base(path.Dir(file)), "-linux-") {
			return false
		}
		dir = path.Dir(dir)
	}
	switch strings.Trim(dir, "/") {
	case "", ".", "usr", "usr/local":
		return true
	}
	return false
}

// standard are the directories at the top of a system.
var standard = []string{"bin", "sbin", "lib", "lib64", "libexec", "usr", "opt", "srv", "app"}

// root returns what is above the first standard directory.
func root(file string) string {
	parts := strings.Split(path.Dir(file), "/")
	for i, p := range parts {
		if slices.Contains(standard, p) {
			return strings.Join(parts[:i], "/")
		}
	}
	return path.Dir(file)
}
