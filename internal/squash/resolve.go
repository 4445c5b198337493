package squash

import (
	"io/fs"
	"path"
	"strings"
)

const (
	maxLinks      = 255     // symlinks followed when resolving
	maxLinksWrite = 40      // symlinks followed when adding: what Linux allows
	maxPending    = 1 << 13 // longest path while symlinks are followed, in bytes
	maxSteps      = 1 << 14 // path elements looked at when resolving
)

// Resolve follows every symlink in path, as a program in the container would,
// and returns the path without symlinks and its node. Absolute targets begin at
// the root, and ".." stops there. The error is fs.ErrNotExist, ErrNotDirectory
// or ErrLoop; with fs.ErrNotExist of the last element alone, the path returned is
// where it would be.
func (t *Tree[T]) Resolve(name string) (string, *Node[T], error) { return t.resolve(name, true) }

// ResolveParent is Resolve that does not follow path itself, only its parents.
func (t *Tree[T]) ResolveParent(name string) (string, *Node[T], error) {
	return t.resolve(name, false)
}

func (t *Tree[T]) resolve(name string, last bool) (string, *Node[T], error) {
	if !valid(name) {
		return "", nil, ErrPath
	}
	if name == "." {
		return name, t.Root(), nil
	}
	dir, rest := "", name
	n := t.Root()
	for links, steps := 0, 0; rest != ""; {
		elem, tail, more := strings.Cut(rest, "/")
		if steps++; steps > maxSteps {
			return "", nil, ErrLoop
		}
		if !n.Mode.IsDir() {
			return "", nil, ErrNotDirectory
		}
		if elem == ".." {
			dir = parentOf(dir)
			n, _ = t.Lookup(orDot(dir))
			rest = tail
			continue
		}
		c := n.dir.child(elem)
		if c == nil {
			if more {
				return "", nil, fs.ErrNotExist
			}
			return join(dir, elem), nil, fs.ErrNotExist
		}
		if c.Mode.Type() == fs.ModeSymlink && (more || last) {
			if links++; links > maxLinks || len(c.Link)+len(rest) > maxPending {
				return "", nil, ErrLoop
			}
			if c.Link == "" {
				return "", nil, fs.ErrNotExist
			}
			if c.Link[0] == '/' {
				dir, n = "", t.Root()
			}
			rest = unslash(c.Link, tail)
			continue
		}
		dir, n, rest = join(dir, elem), c, tail
	}
	return orDot(dir), n, nil
}

// unslash appends tail to a symlink's target, without empty and "." elements.
// Elements ".." stay: they mean the parent of where the elements before them led.
func unslash(link, tail string) string {
	elems := strings.Split(link, "/")
	kept := elems[:0]
	for _, e := range elems {
		if e != "" && e != "." {
			kept = append(kept, e)
		}
	}
	if tail != "" {
		kept = append(kept, tail)
	}
	return strings.Join(kept, "/")
}

// follow returns the path that a symlink in dir points to, "" for the root. Its
// ".." are taken from the text, so a target that leads up through another
// symlink is not followed exactly; nobody extracts such a layer the same way.
func follow(dir, link string) string {
	if !strings.HasPrefix(link, "/") {
		link = dir + "/" + link
	}
	return strings.TrimPrefix(path.Clean("/"+link), "/")
}

func parentOf(dir string) string {
	i := strings.LastIndexByte(dir, '/')
	if i < 0 {
		return ""
	}
	return dir[:i]
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}
