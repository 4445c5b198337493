// Package wordpress detects WordPress, its plugins and its themes. Their code is read
// as text, and never run.
//
// # What is read
//
//   - wp-includes/version.php: the version of WordPress, from the assignment to
//     $wp_version.
//   - The head of the PHP files in wp-content/plugins/NAME, and of those that lie
//     in wp-content/plugins or wp-content/mu-plugins: that of a plugin has a comment
//     with a field "Plugin Name" ("Header Requirements" in the Plugin
//     Handbook).
//   - wp-content/themes/NAME/style.css: that of a theme has "Theme Name".
//   - readme.txt of a plugin or theme: its licence.
//
// Directories of content that are called otherwise are read where Bedrock has them:
// app/plugins, app/mu-plugins and app/themes.
//
// # What is owned
//
// The directory of a plugin or theme, and wp-admin and wp-includes of WordPress itself.
// Digests are recorded nowhere: wordpress.org publishes them, and nothing here
// touches the network.
//
// # What is checked
//
// A plugin or theme without a version, and a version that is computed, are gaps. Only
// the first 8 KiB of a file count, as for WordPress (get_file_data).
//
// # Identity
//
// No type of package URL is defined for WordPress. Plugins and themes get the type
// "wordpress" with the name space "plugin" or "theme", since their names are
// independent; WordPress itself is "generic", and has its CPE.
package wordpress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// headSize is how much of a file is read.
const headSize = 8 << 10

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "wordpress", Version: "1"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "WordPress",
		Reads: []string{"wp-includes/version.php", "plugins/**/*.php", "mu-plugins/*.php",
			"themes/*/style.css", "plugins/*/readme.txt", "themes/*/readme.txt"},
		PURLs:    []string{"wordpress", "generic"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled},
		Owns:     []sbom.Claim{sbom.ClaimDirectory, sbom.ClaimContent},
		Licenses: true, Dependencies: true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	_, ok := locate(e.Path)
	return ok && e.Size > 0
}

// Detect implements detect.Detector.
func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	at, _ := locate(f.Path)
	head := make([]byte, min(f.Size, headSize))
	if n, err := f.ReadAt(head, 0); n < len(head) {
		return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, errors.Join(err, io.ErrUnexpectedEOF))
	}
	switch at.kind {
	case core:
		return at.readVersion(string(head))
	case readme:
		return at.readReadme(string(head)), nil
	}
	return at.readHead(string(head)), nil
}

type fileKind int

const (
	core fileKind = iota + 1
	plugin
	theme
	readme
)

// place is what a file is by its path.
type place struct {
	kind fileKind
	path string
	// home is the directory of the plugin, theme or installation; that of a plugin
	// of one file is the file.
	home string
	// name is the plugin's or theme's, by which wordpress.org knows it.
	name string
}

// contents are the directories that hold plugins and themes.
var contents = []string{"wp-content/", "app/"}

// locate says what the file at p can be. It is called for every file of an image.
func locate(p string) (place, bool) {
	switch path.Ext(p) {
	case ".php", ".css", ".txt":
	default:
		return place{}, false
	}
	dir, base := path.Split(p)
	dir = strings.TrimSuffix(dir, "/")
	if base == "version.php" && path.Base(dir) == "wp-includes" {
		home := strings.TrimSuffix(strings.TrimSuffix(dir, "wp-includes"), "/")
		return place{kind: core, path: p, home: home}, true
	}
	parent, name := path.Split(dir)
	switch {
	case inContent(parent, "plugins/"):
		return inPlugin(p, dir, name, base)
	case base == "style.css" && inContent(parent, "themes/"):
		return place{kind: theme, path: p, home: dir, name: name}, true
	case base == "readme.txt" && inContent(parent, "themes/"):
		return place{kind: readme, path: p, home: dir, name: name}, true
	case path.Ext(base) == ".php" && (inContent(dir+"/", "plugins/") || inContent(dir+"/", "mu-plugins/")):
		return place{kind: plugin, path: p, home: p, name: strings.TrimSuffix(base, ".php")}, true
	}
	return place{}, false
}

func inPlugin(p, dir, name, base string) (place, bool) {
	switch {
	case path.Ext(base) == ".php":
		return place{kind: plugin, path: p, home: dir, name: name}, true
	case base == "readme.txt":
		return place{kind: readme, path: p, home: dir, name: name}, true
	}
	return place{}, false
}

// inContent reports whether dir is a directory of content followed by sub.
func inContent(dir, sub string) bool {
	rest, ok := strings.CutSuffix(dir, sub)
	if !ok {
		return false
	}
	for _, c := range contents {
		if before, ok := strings.CutSuffix(rest, c); ok && (before == "" || before[len(before)-1] == '/') {
			return true
		}
	}
	return false
}
