package composer

import (
	"path"
	"slices"
	"strings"
)

// enclosing splits a directory into that of the innermost package, which is
// vendor/VENDOR/NAME, and what is below it. Without such a package owner is empty and
// below is all.
func enclosing(dir string) (owner, below string) {
	segs := strings.Split(dir, "/")
	for i := len(segs) - 3; i >= 0; i-- {
		if segs[i] == "vendor" {
			return strings.Join(segs[:i+3], "/"), strings.Join(segs[i+3:], "/")
		}
	}
	return "", dir
}

// plugin reports whether a directory is in a plugin or theme of WordPress, which
// comes with the packages that it needs.
func plugin(dir string) bool {
	segs := strings.Split(dir, "/")
	i := slices.Index(segs, "wp-content")
	return i >= 0 && i+2 < len(segs) && slices.Contains([]string{"plugins", "mu-plugins", "themes"}, segs[i+1])
}

// resolve returns the directory of an installed package; empty if it has none that
// the list may give away. recorded is relative to vendor/composer, and empty in lists of
// Composer 1. Installers put packages elsewhere in the project, but not around
// the vendor directory, and a list must not hand out what lies outside.
func (p place) resolve(name, recorded string) string {
	dir := path.Join(p.vendor, name)
	if recorded != "" {
		if path.IsAbs(recorded) || len(recorded) > maxText {
			return ""
		}
		dir = path.Join(p.vendor, "composer", recorded)
	}
	within := p.project
	if within == "." || within == "" {
		within = p.vendor // A project in the root directory does not own the image.
	}
	switch {
	case !strings.HasPrefix(dir, within+"/"), strings.HasPrefix(p.vendor+"/", dir+"/"), dir == path.Join(p.vendor, "composer"), dir == path.Join(p.vendor, "bin"):
		return ""
	}
	return dir
}
