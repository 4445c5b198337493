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
	maxSteps      = 1 << 12 // path elements looked at: twice those of the longest path
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
	at := trail[T]{root: t.Root()}
	rest := name
	for links, steps := 0, 0; rest != ""; {
		elem, tail, more := strings.Cut(rest, "/")
		if steps++; steps > maxSteps {
			return "", nil, ErrLoop
		}
		if !at.node().Mode.IsDir() {
			return "", nil, ErrNotDirectory
		}
		if elem == ".." {
			at.up()
			rest = tail
			continue
		}
		c := at.node().dir.child(elem)
		if c == nil {
			if more {
				return "", nil, fs.ErrNotExist
			}
			at.down(elem, nil)
			return at.path(), nil, fs.ErrNotExist
		}
		if c.Mode.Type() == fs.ModeSymlink && (more || last) {
			if links++; links > maxLinks || len(c.Link)+len(rest) > maxPending {
				return "", nil, ErrLoop
			}
			if c.Link == "" {
				return "", nil, fs.ErrNotExist
			}
			if c.Link[0] == '/' {
				at.steps = at.steps[:0]
			}
			rest = unslash(c.Link, tail)
			continue
		}
		at.down(elem, c)
		rest = tail
	}
	return orDot(at.path()), at.node(), nil
}

// trail is the way from the root to where resolving stands. It makes ".." a step
// back and leaves the path to the end, so that a step costs the same in any depth.
type trail[T any] struct {
	root  *Node[T]
	steps []step[T]
}

type step[T any] struct {
	elem string
	node *Node[T]
}

func (w *trail[T]) node() *Node[T] {
	if len(w.steps) == 0 {
		return w.root
	}
	return w.steps[len(w.steps)-1].node
}

func (w *trail[T]) down(elem string, n *Node[T]) { w.steps = append(w.steps, step[T]{elem, n}) }

func (w *trail[T]) up() { w.steps = w.steps[:max(0, len(w.steps)-1)] }

// path returns the path without symlinks, "" for the root.
func (w *trail[T]) path() string {
	elems := make([]string, len(w.steps))
	for i := range w.steps {
		elems[i] = w.steps[i].elem
	}
	return strings.Join(elems, "/")
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

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}
