package catalog

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/internal/squash"
)

// place is where a directory leads.
type place struct {
	path string
	node *squash.Node[node] // nil if it is not there
}

// find returns the path at which what owner ships at p was put, and what is there. The
// path is written into buf.
func (o *ownership) find(buf []byte, detector string, owner *tracked, p []byte) ([]byte, *squash.Node[node]) {
	buf, dir := o.at(buf, p)
	if dir != nil && o.diversions[string(buf)] == nil {
		if dir.node == nil {
			return buf, nil
		}
		return buf, dir.node.Child(p[bytes.LastIndexByte(p, '/')+1:])
	}
	if d := o.diversions[string(buf)].of(detector, owner); d != nil {
		buf = append(buf[:0], d.to...)
	}
	n, _ := o.fold.tree.Lookup(string(buf))
	return buf, n
}

// at returns the path that p leads to, diversions aside, and the directory in which it is,
// nil for the root. The path is written into buf.
func (o *ownership) at(buf, p []byte) ([]byte, *place) {
	i := bytes.LastIndexByte(p, '/')
	if i < 0 {
		return append(buf[:0], p...), nil
	}
	dir := o.realDirOf(p[:i])
	return append(append(append(buf[:0], dir.path...), '/'), p[i+1:]...), dir
}

// ownable reports whether a claim on a whole directory is taken. What a package says
// of itself must not give it the directories that all packages share, directly
// or through a link: only the links of a merged /usr may lead elsewhere.
func ownable(claimed, at string) bool {
	return (at == claimed || at == "usr/"+claimed) && !shared[at]
}

// shared are directories of the Filesystem Hierarchy Standard that are no package's own.
var shared = func() map[string]bool {
	dirs := map[string]bool{"": true, ".": true}
	for _, d := range []string{"bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "root",
		"run", "sbin", "srv", "sys", "tmp", "usr", "var", "games", "include", "libexec", "local", "share", "src",
		"local/bin", "local/etc", "local/games", "local/include", "local/lib", "local/lib64", "local/libexec", "local/sbin", "local/share", "local/src"} {
		dirs[d], dirs["usr/"+d] = true, true
	}
	return dirs
}()

// maxPath is the longest path that Linux knows.
const maxPath = 4096

// clean reports whether a claimed path can be that of a file.
func clean(p string) bool {
	return p != "" && len(p) < maxPath && p[0] != '/' && path.Clean(p) == p && p != ".." && !strings.HasPrefix(p, "../")
}

// real returns where p leads when the symlinks of its directories are followed,
// but not p itself.
func (o *ownership) real(p string) string {
	dir, base := path.Split(p)
	if dir == "" {
		return p
	}
	return path.Join(o.realDir(strings.TrimSuffix(dir, "/")).path, base)
}

// maxDepth is the deepest directory whose symlinks are followed when it is not
// there. No package ships deeper ones, and hostile paths must not cost the
// square of their length.
const maxDepth = 100

// realDir resolves a directory as far as it is there.
func (o *ownership) realDir(dir string) *place {
	to := o.dirs[dir]
	if to == nil {
		to = o.followDir(dir)
		o.dirs[dir] = to
	}
	return to
}

// realDirOf is realDir that makes a string of the path only when it is new.
func (o *ownership) realDirOf(dir []byte) *place {
	if to := o.dirs[string(dir)]; to != nil {
		return to
	}
	return o.realDir(string(dir))
}

func (o *ownership) followDir(dir string) *place {
	there := dir
	for range maxDepth {
		to, n, err := o.fold.tree.Resolve(there)
		switch {
		case err == nil && there == dir:
			return &place{path: to, node: n}
		case err == nil:
			return &place{path: path.Join(to, dir[len(there):])}
		}
		if there = parent(there); there == "" || !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return &place{path: dir}
}

// parent returns the directory of a clean path, "" for one at the root.
func parent(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i < 0 {
		return ""
	}
	return p[:i]
}
