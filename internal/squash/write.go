package squash

import (
	"io/fs"
	"strings"
)

func (t *Tree[T]) implicit() Node[T] {
	return Node[T]{Mode: fs.ModeDir | 0o755, Layer: t.layer, Implicit: true}
}

// parentForWrite returns the directory that will hold name, its path ("" for the
// root) and the last element of name. It makes up missing parents, replaces
// older layers' files and symlinks in the way, and follows this layer's symlinks.
func (t *Tree[T]) parentForWrite(name string) (parent *Node[T], dir, base string, err error) {
	if !valid(name) {
		return nil, "", "", ErrPath
	}
	parent = &t.root
	rest := name
	for links := 0; ; {
		elem, tail, more := strings.Cut(rest, "/")
		if !more {
			return parent, dir, elem, nil
		}
		n := parent.dir.child(elem)
		switch {
		case n != nil && n.Mode.IsDir():
			parent, dir, rest = n, join(dir, elem), tail
		case n == nil || n.Layer != t.layer:
			if err := t.put(parent, dir, elem, t.implicit()); err != nil {
				return nil, "", "", err
			}
			parent, dir, rest = parent.dir.child(elem), join(dir, elem), tail
		case n.Mode.Type() == fs.ModeSymlink:
			if links++; links > maxLinksWrite {
				return nil, "", "", ErrLoop
			}
			target, ok := follow(dir, n.Link)
			if !ok {
				return nil, "", "", ErrLoop
			}
			rest = join(target, tail)
			parent, dir = &t.root, ""
		default:
			return nil, "", "", ErrNotDirectory
		}
	}
}

// parentForHide is parentForWrite for whiteouts, which make no missing parents.
func (t *Tree[T]) parentForHide(name string) (parent *Node[T], dir, base string, ok bool) {
	for at := 0; ; {
		i := strings.IndexByte(name[at:], '/')
		if i < 0 {
			break
		}
		at += i
		if n, found := t.Lookup(name[:at]); !found || !n.Mode.IsDir() {
			if !found {
				return nil, "", "", false
			}
			break
		}
		at++
	}
	parent, dir, base, err := t.parentForWrite(name)
	return parent, dir, base, err == nil
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
		t.drop(join(dir, base), old.dir)
		if t.Removed != nil {
			gone := *old
			t.Removed(join(dir, base), &gone)
		}
		*old = n
	}
	return nil
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

// prune removes everything of older layers below n and reports whether anything
// is left below it.
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
		child := join(strings.TrimPrefix(full, "."), name)
		keep := t.prune(child, c)
		switch {
		case c.Layer == t.layer:
		case keep:
			kept := c.dir
			*c = t.implicit()
			c.dir = kept
		default:
			t.remove(n, child, name)
		}
	}
	return len(d.children) > 0
}
