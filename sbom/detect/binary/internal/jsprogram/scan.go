package jsprogram

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

const (
	piece  = 256 << 10 // bytes that are looked at together
	around = 1 << 10   // bytes that what is looked for has at most
)

// modulesDir is in the paths of all packages that npm and its like install.
const modulesDir = "node_modules/"

// origins are where modules come from that are not of npm.
var origins = []string{"https://jsr.io/@", "https://deno.land/x/", "https://deno.land/std@"}

// scan looks for packages in what is mostly text: paths of modules, and manifests.
func scan(file payload.Source, off, n int64, set *payload.Set) {
	buf := make([]byte, piece+around)
	for end := min(off+n, file.Size); off >= 0 && off < end; off += piece {
		b := buf[:min(int64(len(buf)), end-off)]
		if k, _ := file.ReadAt(b, off); k < len(b) {
			b = b[:k]
		}
		last := len(b) // What begins in the last bytes is seen with the next piece, whole.
		if off+int64(len(b)) < end {
			last = min(last, piece)
		}
		scanPiece(b, last, off, set)
	}
}

// scanPiece looks for what begins before last.
func scanPiece(b []byte, last int, off int64, set *payload.Set) {
	each(b, last, modulesDir, func(at int) { modulePath(b[at:min(len(b), at+around)], off+int64(at), set) })
	for _, origin := range origins {
		each(b, last, origin, func(at int) { remote(b[at:min(len(b), at+around)], off+int64(at), set) })
	}
	each(b, last, `"name"`, func(at int) { manifest(b[at:min(len(b), at+around)], off+int64(at), set) })
}

// each calls found for each place of a text that begins before last.
func each(b []byte, last int, text string, found func(at int)) {
	for at := 0; at < last; at++ {
		i := bytes.Index(b[at:], []byte(text))
		if i < 0 || at+i >= last {
			return
		}
		at += i
		found(at)
	}
}

// segment returns what a path has up to the next slash; empty for what is no part of a
// path.
func segment(b []byte) (name string, rest []byte) {
	n := bytes.IndexAny(b[:min(len(b), payload.MaxName)], "/\\\"'`\x00\n\r\t ()<>:;,|")
	if n < 0 || b[n] != '/' {
		return "", nil
	}
	return string(b[:n]), b[n+1:]
}

// stores are directories in node_modules where names have versions, and what stands there
// for the slash behind a scope.
var stores = map[string]string{".pnpm": "+", ".bun": "+", ".deno": "+"}

// modulePath takes in a path from node_modules on: NAME/..., or .pnpm/NAME@VERSION/....
func modulePath(b []byte, at int64, set *payload.Set) {
	name, rest := segment(b[len(modulesDir):])
	if slash := stores[name]; slash != "" {
		id, _ := segment(rest)
		if strings.HasPrefix(id, "@") {
			id = strings.Replace(id, slash, "/", 1)
		}
		if x, ok := nameAtVersion(unpeered(id)); ok {
			x.Offset, x.Rule, x.Text = at, RulePath, modulesDir+name+"/"+id
			set.Add(x)
		}
		return
	}
	if strings.HasPrefix(name, "@") {
		second, _ := segment(rest)
		if second == "" {
			return
		}
		name += "/" + second
	}
	if node.ValidName(name) && !strings.HasPrefix(name, ".") {
		set.Name(name)
	}
}

// unpeered returns an id without the peers that it was resolved with, which follow the
// version behind "_" or "+".
func unpeered(id string) string {
	i := strings.LastIndex(id, "@")
	if first := strings.Index(id[min(1, len(id)):], "@"); first >= 0 {
		i = first + 1
	}
	if i < 0 {
		return id
	}
	version := id[i:]
	if j := strings.IndexAny(version, "_+"); j > 0 {
		version = version[:j]
	}
	return id[:i] + version
}

// nameAtVersion splits NAME@VERSION of npm.
func nameAtVersion(id string) (p payload.Package, ok bool) {
	name, version := node.SplitVersion(id)
	if !node.ValidName(name) || !versionLike(version) {
		return p, false
	}
	return payload.Package{Type: "npm", Name: name, Version: version}, true
}

// versionLike reports whether s may be a version of npm: a digit, and then no space.
func versionLike(s string) bool {
	return s != "" && s[0] >= '0' && s[0] <= '9' && strings.Count(s, ".") >= 2 && oneline.Token(s, payload.MaxName) == s
}

var (
	jsrURL  = regexp.MustCompile(`^https://jsr\.io/(@[a-z0-9-]+/[a-z0-9-]+)/([0-9][0-9A-Za-z.+-]*)/`)
	denoURL = regexp.MustCompile(`^https://deno\.land/(x/[A-Za-z0-9_-]+|std)@(v?[0-9][0-9A-Za-z.+-]*)/`)
)

// remote takes in the address of a module that Deno loads by address.
func remote(b []byte, at int64, set *payload.Set) {
	p := payload.Package{Offset: at, Rule: RulePath}
	if m := jsrURL.FindSubmatch(b); m != nil {
		p.Type, p.Name, p.Version, p.Text = "jsr", string(m[1]), string(m[2]), string(m[0])
	} else if m := denoURL.FindSubmatch(b); m != nil {
		p.Type, p.Name, p.Version, p.Text = "generic", "deno.land/"+string(m[1]), string(m[2]), string(m[0])
	}
	set.Add(p)
}

// manifest takes in a name and a version that stand in one object of JSON.
func manifest(b []byte, at int64, set *payload.Set) {
	name, rest, ok := member(b, `"name"`)
	if !ok {
		return
	}
	first := b[:len(b)-len(rest)]
	for _, brace := range []byte("{}") { // Looking for one of several is slow, and names are many.
		if i := bytes.IndexByte(rest, brace); i >= 0 {
			rest = rest[:i]
		}
	}
	i := bytes.Index(rest, []byte(`"version"`))
	if i < 0 {
		return
	}
	version, after, ok := member(rest[i:], `"version"`)
	if !ok {
		return
	}
	if p, ok := nameAtVersion(name + "@" + version); ok {
		p.Offset, p.Rule, p.Text = at, RuleManifest, string(first)+", "+string(rest[i:len(rest)-len(after)])
		set.Add(p)
	}
}

// member returns the text that is the value of the key that b begins with.
func member(b []byte, key string) (value string, rest []byte, ok bool) {
	b = bytes.TrimLeft(b[len(key):], " \t\r\n")
	if len(b) == 0 || b[0] != ':' {
		return "", nil, false
	}
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	if len(b) == 0 || b[0] != '"' {
		return "", nil, false
	}
	n := bytes.IndexAny(b[1:], "\"\\")
	if n < 0 || b[1+n] != '"' {
		return "", nil, false
	}
	return string(b[1 : 1+n]), b[n+2:], true
}
