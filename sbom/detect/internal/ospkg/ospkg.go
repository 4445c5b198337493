// Package ospkg holds what the detectors of distributions' package databases
// have in common: how a recorded path becomes a claimed one, which files images
// leave out on purpose, how many gaps one file may cause, and how a file is read.
package ospkg

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// MaxPath is the length of the longest path that is claimed (PATH_MAX).
const MaxPath = 4096

// Root returns the root file system that a database lies in: p without suffix.
// It is empty for the image's own root; ok is false when p has no such suffix.
func Root(p, suffix string) (root string, ok bool) {
	root, ok = strings.CutSuffix(p, suffix)
	if !ok || root == "" {
		return "", ok
	}
	return strings.TrimSuffix(root, "/"), root[len(root)-1] == '/'
}

// Path returns the path of a file that a database in root records, in the form
// of detect.Entry.Path. It is empty for the root directory itself. ok is false
// for what no archive entry can be called: not UTF-8, a NUL byte, too long, or
// out of the root.
func Path(root, recorded string) (p string, ok bool) {
	if len(recorded) > MaxPath || strings.IndexByte(recorded, 0) >= 0 {
		return "", false
	}
	p = strings.TrimLeft(recorded, "/")
	if !fs.ValidPath(p) || p == "." {
		p = strings.TrimPrefix(path.Clean("/"+p), "/")
	}
	if p == "" {
		return "", true
	}
	if root != "" {
		p = root + "/" + p
	}
	return p, fs.ValidPath(p)
}

// Join puts a name of a database in root into the name space of keys, so that
// two databases of one image do not share keys.
func Join(root, name string) string {
	if root == "" {
		return name
	}
	return root + "/" + name
}

// Optional reports whether p, relative to the database's root, is of a kind that
// images leave out on purpose: documentation, translations, and caches that are
// made on installation.
func Optional(p string) bool {
	if strings.HasSuffix(p, ".pyc") || strings.HasSuffix(p, ".pyo") {
		return true
	}
	rest, ok := strings.CutPrefix(p, "usr/share/")
	if !ok {
		return false
	}
	dir, _, _ := strings.Cut(rest, "/")
	switch dir {
	case "doc", "man", "locale", "info", "lintian", "bug", "help", "licenses":
		return true
	}
	return false
}

// MaxGaps is the number of gaps that one file causes at most. One more says how
// many there would have been.
const MaxGaps = 100

// Gaps collects the gaps of one file. The zero value is empty.
type Gaps struct {
	list []sbom.Gap
	more int
}

// Add adds a gap with a message as by fmt.Sprintf.
func (g *Gaps) Add(kind sbom.GapKind, format string, args ...any) {
	if len(g.list) == MaxGaps {
		g.more++
		return
	}
	msg := strings.ToValidUTF8(fmt.Sprintf(format, args...), "\uFFFD")
	msg = strings.ReplaceAll(msg, "\n", "; ") // Joined errors are one sentence here.
	g.list = append(g.list, sbom.Gap{Kind: kind, Message: msg})
}

// List returns the gaps.
func (g *Gaps) List() []sbom.Gap {
	if g.more == 0 {
		return g.list
	}
	return append(g.list[:MaxGaps:MaxGaps], sbom.Gap{
		Kind:    sbom.GapLimit,
		Message: fmt.Sprintf("%d more gaps in this file are not listed", g.more),
	})
}

// Text returns s as text for people: valid UTF-8, without surrounding space.
func Text(s string) string {
	return strings.Clone(strings.ToValidUTF8(strings.TrimSpace(s), "\uFFFD"))
}

// Clip returns s quoted for a message, shortened when it is long.
func Clip(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%.80q…", s)
	}
	return fmt.Sprintf("%q", s)
}

// ValidName reports whether s can be the name of a package or an architecture:
// letters, digits and the marks that package managers allow, of at most 255
// bytes. No such name can be mistaken for a path.
func ValidName(s string) bool { return valid(s, "+-._") }

// ValidVersion reports whether s can be a version.
func ValidVersion(s string) bool { return valid(s, "+-._:~^") }

func valid(s, marks string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case strings.IndexByte(marks, c) < 0:
			return false
		}
	}
	return true
}

// PathBudget returns how many bytes the paths claimed from a file of size bytes
// may have together. Databases that name directories once and files by their last
// element, or that lie deep in another root, could otherwise be small and make
// very many long paths.
func PathBudget(size int64) int64 { return 1<<20 + 32*size }
