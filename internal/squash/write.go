package squash

import (
	"errors"
	"io/fs"
	"strings"
)

func (t *Tree[T]) implicit() Node[T] {
	return Node[T]{Mode: fs.ModeDir | 0o755, Layer: t.layer, Implicit: true}
}

// errMissing is parentFor's answer when it may not make up a missing parent.
var errMissing = errors.New("no such directory")

// parentFor returns the directory that holds name, its path ("" for the root)
// and the last element of name. It replaces older layers' files and symlinks in
// the way by directories, follows this layer's symlinks, and makes up missing
// parents if asked to.
func (t *Tree[T]) parentFor(name string, create bool) (parent *Node[T], dir, base string, err error) {
	if !valid(name) {
		return nil, "", "", ErrPath
	}
	parent = &t.root
	full, at := name, 0 // full[:at] is the parent's path and its slash
	for links, steps := 0, 0; ; steps++ {
		elem, tail, more := strings.Cut(full[at:], "/")
		if !more {
			return parent, strings.TrimSuffix(full[:at], "/"), elem, nil
		}
		dir = strings.TrimSuffix(full[:at], "/")
		n := parent.dir.child(elem)
		switch {
		case n != nil && n.Mode.IsDir():
			parent, at = n, at+len(elem)+1
		case n == nil && !create:
			return nil, "", "", errMissing
		case n == nil || n.Layer != t.layer:
			if err := t.put(parent, dir, elem, t.implicit()); err != nil {
				return nil, "", "", err
			}
			parent, at = parent.dir.child(elem), at+len(elem)+1
		case n.Mode.Type() == fs.ModeSymlink:
			if links++; links > maxLinksWrite || steps > maxSteps || len(n.Link)+len(full) > maxPending {
				return nil, "", "", ErrLoop
			}
			full, at = join(follow(dir, n.Link), tail), 0
			parent = &t.root
		default:
			return nil, "", "", ErrNotDirectory
		}
	}
}

// put sets the child base of parent, whose path is dir.
func (t *Tree[T]) put(parent *Node[T], dir, base string, n Node[T]) error {
	if parent.dir == nil {
		parent.dir = &directory[T]{children: make(map[string]*Node[T], 1), searched: -1}
	}
	old := parent.dir.children[base]
	switch {
	case old == nil:
		if t.Limit > 0 && t.size >= t.Limit {
			return ErrLimit
		}
		t.size++
		// The name is cloned so that it does not keep the whole path alive.
		parent.dir.children[strings.Clone(base)] = &n
	case old.Mode.IsDir() && n.Mode.IsDir():
		n.dir = old.dir
		*old = n
	default:
		t.replace(join(dir, base), old)
		*old = n
	}
	return nil
}

// replace reports the node that another will take the place of, and all below it.
func (t *Tree[T]) replace(full string, old *Node[T]) {
	t.drop(full, old.dir)
	if t.Removed != nil {
		gone := *old
		t.Removed(full, &gone)
	}
}

// remove takes the child base out of parent. Its own children are gone already.
func (t *Tree[T]) remove(parent *Node[T], full, base string) {
	n := parent.dir.children[base]
	delete(parent.dir.children, base)
	t.size--
	if t.Removed != nil {
		t.Removed(full, n)
	}
}

// drop reports and uncounts all nodes below d.
func (t *Tree[T]) drop(full string, d *directory[T]) {
	if d == nil {
		return
	}
	for name, n := range d.children {
		t.size--
		child := full
		if t.Removed != nil {
			child = join(full, name)
		}
		t.drop(child, n.dir)
		if t.Removed != nil {
			t.Removed(child, n)
		}
	}
}

// prune removes everything of older layers below n, whose path is full ("" for the
// root, and when nobody asks), and reports whether anything is left below it.
func (t *Tree[T]) prune(full string, n *Node[T]) bool {
	d := n.dir
	if d == nil {
		return false
	}
	if d.searched == t.layer {
		return len(d.children) > 0
	}
	d.searched = t.layer
	for name, c := range d.children {
		child := ""
		if t.Removed != nil {
			child = join(full, name)
		}
		keep := t.prune(child, c)
		t.settle(n, c, child, name, keep)
	}
	return len(d.children) > 0
}
