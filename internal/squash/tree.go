package squash

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
)

var (
	// ErrLoop is the error of a path with too many symlinks, or too long when
	// they are followed.
	ErrLoop = errors.New("too many levels of symbolic links")
	// ErrNotDirectory is the error of a path that leads through something that
	// is no directory.
	ErrNotDirectory = errors.New("not a directory")
	// ErrLimit is the error of a tree that would have more than Tree.Limit nodes.
	ErrLimit = errors.New("too many files")
	// ErrPath is the error of a path that is not clean and relative (".", "a/b").
	ErrPath = errors.New("path is not clean and relative")
	// ErrTarget is the error of a hard link to a directory.
	ErrTarget = errors.New("hard link to a directory")
)

// Node is a file, directory or symlink in the tree. Its exported fields may be
// changed in place, except Mode's type.
type Node[T any] struct {
	// Value is the caller's.
	Value T
	// Size in bytes.
	Size int64
	// Link is the target of a symlink, as recorded.
	Link string
	// Layer is the layer that last wrote the node, set by the tree.
	Layer int
	// Mode has the type, permission, setuid, setgid and sticky bits.
	Mode fs.FileMode
	// Implicit marks a directory that no entry brought.
	Implicit bool

	dir *directory[T] // nil unless Mode is a directory's and it has or had children
}

// directory is apart from Node because most nodes are files.
type directory[T any] struct {
	children map[string]*Node[T]
	// searched is the layer in which everything older was last removed below
	// this directory; nothing older can have come back within that layer.
	searched int
}

// Tree is the squashed view. The zero value is an empty tree at layer 0. Any
// number of goroutines may read it; writing excludes all others.
type Tree[T any] struct {
	// Limit is the most nodes that the tree may have, unlimited if 0.
	Limit int
	// Removed, if not nil, is called for each node that leaves the tree because
	// it is hidden or replaced, also by another of the same path in the same
	// layer. It is not called for a directory that is merged with a newer one.
	// It must not use the tree.
	Removed func(path string, n *Node[T])

	root  Node[T]
	layer int
	size  int
}

// Begin says that what follows belongs to the given layer, which is newer than
// all before it.
func (t *Tree[T]) Begin(layer int) { t.layer = layer }

// Layer returns the layer of the last Begin.
func (t *Tree[T]) Layer() int { return t.layer }

// Len returns the number of nodes, without the root.
func (t *Tree[T]) Len() int { return t.size }

// Add puts a node of the current layer at path. The tree sets its Layer. An
// error is an *fs.PathError of ErrLoop, ErrNotDirectory, ErrLimit or ErrPath, and
// leaves the tree with no more than parents added.
func (t *Tree[T]) Add(name string, n Node[T]) error {
	n.Layer, n.dir = t.layer, nil
	if name == "." {
		if !n.Mode.IsDir() {
			return &fs.PathError{Op: "add", Path: name, Err: ErrNotDirectory}
		}
		n.dir = t.root.dir
		t.root = n
		return nil
	}
	parent, dir, base, err := t.parentFor(name, true)
	if err == nil {
		err = t.put(parent, dir, base, n)
	}
	if err != nil {
		return &fs.PathError{Op: "add", Path: name, Err: err}
	}
	return nil
}

// Hardlink adds path as a second name of target: a copy of its node, with the
// current layer. The error is an *fs.PathError of fs.ErrNotExist when target is
// not there, of ErrTarget when it is a directory, or of one of Add's.
func (t *Tree[T]) Hardlink(name, target string) error {
	err := t.hardlink(name, target)
	if err != nil {
		return &fs.PathError{Op: "link", Path: name, Err: err}
	}
	return nil
}

func (t *Tree[T]) hardlink(name, target string) error {
	_, old, err := t.ResolveParent(target)
	if err != nil {
		return err
	}
	if old.Mode.IsDir() {
		return ErrTarget
	}
	n := *old
	n.Layer = t.layer
	parent, dir, base, err := t.parentFor(name, true)
	if err != nil {
		return err
	}
	if parent.dir.child(base) == old {
		return nil // A link to itself replaces nothing.
	}
	return t.put(parent, dir, base, n)
}

// Hide applies a whiteout: it removes path and all below it, as far as older
// layers brought them. A path that is not there is no error.
func (t *Tree[T]) Hide(name string) {
	if name == "." {
		t.Opaque(name)
		return
	}
	parent, dir, base, err := t.parentFor(name, false)
	if err != nil {
		return
	}
	n := parent.dir.child(base)
	if n == nil {
		return
	}
	keep := t.prune(join(dir, base), n)
	t.settle(parent, n, join(dir, base), base, keep)
}

// settle decides about n itself once nothing older is left below it.
func (t *Tree[T]) settle(parent, n *Node[T], full, base string, keep bool) {
	switch {
	case n.Layer == t.layer:
	case keep:
		// The directory is gone, and is there again for what this layer put
		// into it.
		d := n.dir
		*n = t.implicit()
		n.dir = d
	default:
		t.remove(parent, full, base)
	}
}

// Opaque removes all that older layers brought below dir, and keeps dir.
func (t *Tree[T]) Opaque(name string) {
	if name == "." {
		t.prune("", &t.root)
		return
	}
	parent, dir, base, err := t.parentFor(name, false)
	if err != nil {
		return
	}
	n := parent.dir.child(base)
	switch {
	case n == nil:
	case n.Mode.IsDir():
		t.prune(join(dir, base), n)
	case n.Layer != t.layer:
		// Only a directory can be opaque: the older file or symlink is covered.
		_ = t.put(parent, dir, base, t.implicit())
	}
}

// Lookup returns the node at path, taking no symlink into account. The pointer
// stays valid until the node leaves the tree.
func (t *Tree[T]) Lookup(name string) (*Node[T], bool) {
	if name == "." {
		return t.Root(), true
	}
	n := &t.root
	for rest, more := name, true; more; {
		var base string
		base, rest, more = strings.Cut(rest, "/")
		if n = n.dir.child(base); n == nil {
			return nil, false
		}
	}
	return n, true
}

// Root returns the root directory.
func (t *Tree[T]) Root() *Node[T] {
	if t.root.Mode == 0 {
		// The zero tree; a data race of readers would write the same values, but
		// it is avoided by not writing.
		return &Node[T]{Mode: fs.ModeDir | 0o755, Implicit: true, dir: t.root.dir}
	}
	return &t.root
}

// All returns every node but the root, each directory before its children and
// children in the order of their names, as fs.WalkDir does.
func (t *Tree[T]) All() iter.Seq2[string, *Node[T]] {
	return func(yield func(string, *Node[T]) bool) { walk("", t.root.dir, yield) }
}

// Child returns the node of that name in the directory n, nil if there is none or n
// is no directory.
func (n *Node[T]) Child(name []byte) *Node[T] {
	if n.dir == nil {
		return nil
	}
	return n.dir.children[string(name)]
}

// Nodes returns every node but the root, in no order.
func (t *Tree[T]) Nodes() iter.Seq[*Node[T]] {
	return func(yield func(*Node[T]) bool) { nodes(t.root.dir, yield) }
}

func nodes[T any](d *directory[T], yield func(*Node[T]) bool) bool {
	if d == nil {
		return true
	}
	for _, n := range d.children {
		if !yield(n) || !nodes(n.dir, yield) {
			return false
		}
	}
	return true
}

// Children returns the nodes in the directory n by name.
func (t *Tree[T]) Children(n *Node[T]) iter.Seq2[string, *Node[T]] {
	return func(yield func(string, *Node[T]) bool) {
		for _, name := range n.dir.names() {
			if !yield(name, n.dir.children[name]) {
				return
			}
		}
	}
}

func walk[T any](prefix string, d *directory[T], yield func(string, *Node[T]) bool) bool {
	for _, name := range d.names() {
		n := d.children[name]
		full := prefix + name
		if !yield(full, n) {
			return false
		}
		if n.dir != nil && !walk(full+"/", n.dir, yield) {
			return false
		}
	}
	return true
}

func (d *directory[T]) child(name string) *Node[T] {
	if d == nil {
		return nil
	}
	return d.children[name]
}

func (d *directory[T]) names() []string {
	if d == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(d.children))
}

func join(dir, base string) string {
	if dir == "" {
		return base
	}
	return dir + "/" + base
}

// valid is fs.ValidPath without its demand for UTF-8: file names are bytes.
func valid(name string) bool {
	return name != "" && name[0] != '/' && path.Clean(name) == name && name != ".." && !strings.HasPrefix(name, "../")
}
