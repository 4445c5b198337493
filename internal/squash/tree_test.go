package squash

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// apply runs a script: one operation a line, "layer N", "dir P", "file P",
// "link P TARGET" (symlink), "hard P TARGET", "hide P", "opaque P". Files have the
// line's number as value. It returns the errors by line.
func apply(t *testing.T, tree *Tree[int], script string) map[int]error {
	t.Helper()
	errs := map[int]error{}
	for n, line := range strings.Split(strings.TrimSpace(script), "\n") {
		n++
		f := append(strings.Fields(line), "", "")
		var err error
		switch f[0] {
		case "layer":
			var l int
			fmt.Sscan(f[1], &l)
			tree.Begin(l)
		case "dir":
			err = tree.Add(f[1], Node[int]{Mode: fs.ModeDir | 0o755, Value: n})
		case "file":
			err = tree.Add(f[1], Node[int]{Mode: 0o644, Value: n})
		case "link":
			err = tree.Add(f[1], Node[int]{Mode: fs.ModeSymlink | 0o777, Link: f[2], Value: n})
		case "hard":
			err = tree.Hardlink(f[1], f[2])
		case "hide":
			tree.Hide(f[1])
		case "opaque":
			tree.Opaque(f[1])
		default:
			t.Fatalf("line %d: %q", n, line)
		}
		if err != nil {
			errs[n] = err
		}
	}
	return errs
}

// dump lists the tree: path, "@layer", "=value" for what has one, "?" for a
// directory that no entry brought.
func dump(tree *Tree[int]) []string {
	var out []string
	for p, n := range tree.All() {
		s := fmt.Sprintf("%s@%d", p, n.Layer)
		switch {
		case n.Implicit:
			s = fmt.Sprintf("%s/?@%d", p, n.Layer)
		case n.Mode.IsDir():
			s = fmt.Sprintf("%s/@%d", p, n.Layer)
		case n.Mode.Type() == fs.ModeSymlink:
			s += "->" + n.Link
		default:
			s += fmt.Sprintf("=%d", n.Value)
		}
		out = append(out, s)
	}
	return out
}

func TestTree(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"file over file", "layer 0\nfile a\nlayer 1\nfile a", "a@1=4"},
		{"missing parents are made up", "layer 2\nfile a/b/c", "a/?@2 a/b/?@2 a/b/c@2=2"},
		{"parent entry after its child", "layer 0\nfile a/b\ndir a", "a/@0 a/b@0=2"},
		{"directory merges", "layer 0\ndir a\nfile a/x\nlayer 1\ndir a\nfile a/y", "a/@1 a/x@0=3 a/y@1=6"},
		{"file replaces directory", "layer 0\nfile a/b/c\nlayer 1\nfile a", "a@1=4"},
		{"directory replaces file", "layer 0\nfile a\nlayer 1\ndir a\nfile a/b", "a/@1 a/b@1=5"},
		{"made-up directory replaces older file", "layer 0\nfile a\nlayer 1\nfile a/b", "a/?@1 a/b@1=4"},
		{"made-up directory replaces older symlink", "layer 0\ndir usr/lib\nlink lib usr/lib\nlayer 1\nfile lib/x",
			"lib/?@1 lib/x@1=5 usr/?@0 usr/lib/@0"},
		{"own layer's symlink is followed", "layer 0\ndir usr/lib\nlink lib usr/lib\nfile lib/x",
			"lib@0->usr/lib usr/?@0 usr/lib/@0 usr/lib/x@0=4"},
		{"own layer's symlink stays in the root", "layer 0\nlink a ../../../b\nfile a/x", "a@0->../../../b b/?@0 b/x@0=3"},
		{"symlink replaces directory", "layer 0\nfile a/x\nlayer 1\nlink a b", "a@1->b"},
		{"whiteout", "layer 0\nfile a\nfile b\nlayer 1\nhide a", "b@0=3"},
		{"whiteout of a directory", "layer 0\nfile a/b/c\nlayer 1\nhide a", ""},
		{"whiteout of nothing", "layer 0\nfile a\nlayer 1\nhide b\nhide c/d\nhide a/b", "a/?@1"},
		{"whiteout before its layer's file", "layer 0\nfile a\nlayer 1\nhide a\nfile a", "a@1=5"},
		{"whiteout behind its layer's file", "layer 0\nfile a\nlayer 1\nfile a\nhide a", "a@1=4"},
		{"whiteout of a new file hides nothing", "layer 0\nfile a\nhide a", "a@0=2"},
		{"whiteout and new directory", "layer 0\nfile a/old\nlayer 1\nhide a\ndir a\nfile a/new", "a/@1 a/new@1=6"},
		{"whiteout behind new directory", "layer 0\nfile a/old\nlayer 1\ndir a\nfile a/new\nhide a", "a/@1 a/new@1=5"},
		{"whiteout behind new file in old directory", "layer 0\ndir a\nfile a/old\nlayer 1\nfile a/new\nhide a",
			"a/?@1 a/new@1=5"},
		{"whiteout of the root", "layer 0\nfile a\nlayer 1\nfile b\nhide .", "b@1=4"},
		{"whiteout below older symlink hides it", "layer 0\nfile usr/lib/x\nlink lib usr/lib\nlayer 1\nhide lib/x",
			"lib/?@1 usr/?@0 usr/lib/?@0 usr/lib/x@0=2"},
		{"opaque", "layer 0\nfile a/b/c\nfile a/d\nlayer 1\nopaque a\nfile a/new", "a/?@0 a/new@1=6"},
		{"opaque behind its files", "layer 0\nfile a/b/c\nlayer 1\nfile a/b/new\nopaque a", "a/?@0 a/b/?@1 a/b/new@1=4"},
		{"opaque twice", "layer 0\nfile a/b\nlayer 1\nopaque a\nfile a/c\nopaque a\nlayer 2\nopaque a", "a/?@0"},
		{"opaque root", "layer 0\nfile a/b\nfile c\nlayer 1\nfile d\nopaque .", "d@1=5"},
		{"opaque over a file", "layer 0\nfile a\nlayer 1\nopaque a", "a/?@1"},
		{"opaque of nothing", "layer 0\nfile b\nlayer 1\nopaque a\nopaque a/c", "b@0=2"},
		{"opaque beside its layer's file", "layer 0\nfile a\nopaque a", "a@0=2"},
		{"hard link", "layer 0\nfile a\nhard b a", "a@0=2 b@0=2"},
		{"hard link to a lower layer", "layer 0\nfile a\nlayer 1\nhard b a", "a@0=2 b@1=2"},
		{"hard link outlives its target", "layer 0\nfile a\nlayer 1\nhard b a\nlayer 2\nhide a", "b@1=2"},
		{"hard link keeps what it named", "layer 0\nfile a\nhard b a\nlayer 1\nfile a", "a@1=5 b@0=2"},
		{"hard link to itself", "layer 0\nfile a\nlayer 1\nhard a a", "a@0=2"},
		{"hard link to a symlink", "layer 0\nlink a x\nhard b a", "a@0->x b@0->x"},
		{"hard link replaces", "layer 0\nfile b/c\nlayer 1\nfile a\nhard b a", "a@1=4 b@1=4"},
		{"deleted and made again", "layer 0\nfile a\nlayer 1\nhide a\nlayer 2\nfile a", "a@2=6"},
		{"root entry", "layer 0\nfile a\nlayer 1\ndir .", "a@0=2"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var tree Tree[int]
			errs := apply(t, &tree, tc.script)
			if len(errs) > 0 {
				t.Errorf("errors: %v", errs)
			}
			if diff := cmp.Diff(strings.Fields(tc.want), append([]string{}, dump(&tree)...)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			if got := len(dump(&tree)); tree.Len() != got {
				t.Errorf("Len() = %d, want %d", tree.Len(), got)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		script string
		line   int
		want   error
	}{
		{"file ../a", 1, ErrPath},
		{"file a/../b", 1, ErrPath},
		{"file /a", 1, ErrPath},
		{"hard ../a b\nfile b", 1, fs.ErrNotExist},
		{"hard a b", 1, fs.ErrNotExist},
		{"dir b\nhard a b", 2, ErrTarget},
		{"file a\nfile a/b", 2, ErrNotDirectory},
		{"link a b\nlink b a\nfile a/c", 3, ErrLoop},
		{"link a a\nfile a/c", 2, ErrLoop},
		{"file .", 1, ErrNotDirectory},
		{"link a a\nhard b a/c", 2, ErrLoop},
	}
	for _, tc := range tests {
		var tree Tree[int]
		errs := apply(t, &tree, tc.script)
		if !errors.Is(errs[tc.line], tc.want) || len(errs) != 1 {
			t.Errorf("%q: errors %v, want %v in line %d", tc.script, errs, tc.want, tc.line)
		}
		var pathErr *fs.PathError
		if !errors.As(errs[tc.line], &pathErr) {
			t.Errorf("%q: error is a %T, want an *fs.PathError", tc.script, errs[tc.line])
		}
	}
}

func TestLimitCountsMadeUpParents(t *testing.T) {
	tree := Tree[int]{Limit: 3}
	if err := tree.Add("a/b/c", Node[int]{}); err != nil {
		t.Fatal(err)
	}
	if err := tree.Add("a/b/c", Node[int]{}); err != nil {
		t.Fatal("replacing adds nothing:", err)
	}
	if err := tree.Add("d", Node[int]{}); !errors.Is(err, ErrLimit) {
		t.Errorf("error = %v, want ErrLimit", err)
	}
	tree.Begin(1)
	tree.Hide("a")
	if err := tree.Add("d", Node[int]{}); err != nil {
		t.Error("after removal:", err)
	}
}

func TestRemoved(t *testing.T) {
	var gone []string
	tree := Tree[int]{Removed: func(p string, n *Node[int]) { gone = append(gone, fmt.Sprintf("%s@%d", p, n.Layer)) }}
	steps := []struct{ script, want string }{
		{"layer 0\nfile a/b/c\nfile d\nfile e/f\nfile e/g\nfile h", ""},
		{"layer 1\nhide a", "a/b/c@0 a/b@0 a@0"},
		{"layer 2\nfile d", "d@0"},
		{"layer 3\nfile e/new\nopaque e", "e/f@0 e/g@0"},
		{"layer 4\nfile e", "e/new@3 e@0"},
		{"layer 5\ndir h", "h@0"},
		{"layer 6\nopaque .", "d@2 e@4 h@5"},
	}
	for _, s := range steps {
		gone = nil
		apply(t, &tree, s.script)
		slices.Sort(gone)
		want := strings.Fields(s.want)
		slices.Sort(want)
		if !slices.Equal(gone, want) {
			t.Errorf("%q removed %v, want %v", s.script, gone, want)
		}
	}
	if tree.Len() != 0 {
		t.Errorf("%d nodes left: %v", tree.Len(), dump(&tree))
	}
}

func TestResolve(t *testing.T) {
	var tree Tree[int]
	apply(t, &tree, `layer 0
dir usr/bin
file usr/bin/sh
link bin usr/bin
link etc/up ../../../../usr
link etc/abs /bin/sh
link etc/self .
link etc/rel ../bin/sh
link loop loop
link ping pong
link pong ping
link dangling nowhere/x
link gone usr/missing
link slash /
link empty_up bin/..
file plain`)
	tests := []struct {
		path, want, parent string // parent: what ResolveParent gives, if different
		err                error
	}{
		{path: ".", want: "."},
		{path: "usr/bin/sh", want: "usr/bin/sh"},
		{path: "bin/sh", want: "usr/bin/sh"},
		{path: "bin", want: "usr/bin", parent: "bin"},
		{path: "etc/up/bin/sh", want: "usr/bin/sh"},
		{path: "etc/abs", want: "usr/bin/sh", parent: "etc/abs"},
		{path: "etc/self/self/rel", want: "usr/bin/sh", parent: "etc/rel"},
		{path: "slash/slash/bin/sh", want: "usr/bin/sh"},
		{path: "slash", want: ".", parent: "slash"},
		{path: "empty_up", want: "usr", parent: "empty_up"}, // The parent of where bin leads, not of bin.
		{path: "loop", err: ErrLoop, parent: "loop"},
		{path: "ping/x", err: ErrLoop},
		{path: "dangling", err: fs.ErrNotExist, parent: "dangling"},
		{path: "gone", want: "usr/missing", err: fs.ErrNotExist, parent: "gone"},
		{path: "bin/none", want: "usr/bin/none", err: fs.ErrNotExist},
		{path: "none/none", err: fs.ErrNotExist},
		{path: "plain/x", err: ErrNotDirectory},
		{path: "../usr", err: ErrPath},
		{path: "", err: ErrPath},
	}
	for _, tc := range tests {
		got, n, err := tree.Resolve(tc.path)
		if got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("Resolve(%q) = %q, %v; want %q, %v", tc.path, got, err, tc.want, tc.err)
		}
		if (n != nil) != (err == nil) {
			t.Errorf("Resolve(%q): node %v with error %v", tc.path, n, err)
		}
		if tc.parent != "" {
			if got, _, err := tree.ResolveParent(tc.path); got != tc.parent || err != nil {
				t.Errorf("ResolveParent(%q) = %q, %v; want %q", tc.path, got, err, tc.parent)
			}
		}
	}
}

// A chain of exactly as many symlinks as are allowed resolves; one more does not.
func TestResolveLinkLimit(t *testing.T) {
	var tree Tree[int]
	mustAdd := func(name, link string) {
		mode := fs.ModeSymlink
		if link == "" {
			mode = 0
		}
		if err := tree.Add(name, Node[int]{Mode: mode, Link: link}); err != nil {
			t.Fatal(err)
		}
	}
	mustAdd("l0", "")
	for i := range maxLinks + 1 {
		mustAdd(fmt.Sprintf("l%d", i+1), fmt.Sprintf("l%d", i))
	}
	if got, _, err := tree.Resolve(fmt.Sprintf("l%d", maxLinks)); got != "l0" || err != nil {
		t.Errorf("%d links: %q, %v", maxLinks, got, err)
	}
	if _, _, err := tree.Resolve(fmt.Sprintf("l%d", maxLinks+1)); !errors.Is(err, ErrLoop) {
		t.Errorf("%d links: %v, want ErrLoop", maxLinks+1, err)
	}
}

// Paths that double with each symlink end at the bound on length, not in memory.
func TestResolveExponentialPath(t *testing.T) {
	var tree Tree[int]
	_ = tree.Add("d", Node[int]{Mode: fs.ModeDir})
	_ = tree.Add("d/l0", Node[int]{Mode: fs.ModeSymlink, Link: "."})
	for i := range 60 {
		prev := fmt.Sprintf("l%d", i)
		_ = tree.Add(fmt.Sprintf("d/l%d", i+1), Node[int]{Mode: fs.ModeSymlink, Link: prev + "/" + prev})
	}
	if _, _, err := tree.Resolve("d/l60"); !errors.Is(err, ErrLoop) {
		t.Errorf("error = %v, want ErrLoop", err)
	}
}

func TestOrderAndChildren(t *testing.T) {
	var tree Tree[int]
	apply(t, &tree, "layer 0\nfile b\nfile a/z\nfile a-b\nfile a/y\nfile a.c")
	var got []string
	for p := range tree.All() {
		got = append(got, p)
	}
	if want := strings.Fields("a a/y a/z a-b a.c b"); !slices.Equal(got, want) {
		t.Errorf("All() = %v, want %v", got, want)
	}
	got = nil
	for p := range tree.Children(tree.Root()) {
		if got = append(got, p); len(got) == 2 {
			break
		}
	}
	if want := strings.Fields("a a-b"); !slices.Equal(got, want) {
		t.Errorf("Children() = %v, want %v", got, want)
	}
}

// Hiding the same directory again and again must not search it again and again.
func TestHideIsNotQuadratic(t *testing.T) {
	var tree Tree[int]
	const n = 20_000
	tree.Begin(1)
	for i := range n {
		_ = tree.Add(fmt.Sprintf("d/%d", i), Node[int]{})
	}
	allocs := testing.AllocsPerRun(1, func() {
		for range n {
			tree.Hide("d")
			tree.Opaque("d")
		}
	})
	if tree.Len() != n+1 {
		t.Errorf("%d nodes, want %d", tree.Len(), n+1)
	}
	// A search would build every child's path or at least visit it: 4e8 visits
	// take longer than the test may.
	if allocs > n {
		t.Errorf("%v allocations", allocs)
	}
}

// FuzzTree compares the tree with a slow model: a map from path to layer.
func FuzzTree(f *testing.F) {
	f.Add([]byte("\x00a\x01a/b\x03a\x04a\x02b"))
	f.Add([]byte{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 5, 5, 5})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var tree Tree[int]
		model := map[string]modelNode{}
		layer := 0
		for i := 0; i+1 < len(ops) && i < 400; i += 2 {
			name := fuzzPath(ops[i+1])
			switch ops[i] % 5 {
			case 0:
				layer++
				tree.Begin(layer)
			case 1:
				if tree.Add(name, Node[int]{Mode: 0o644}) == nil {
					modelAdd(model, name, modelNode{layer, false})
				}
			case 2:
				if tree.Add(name, Node[int]{Mode: fs.ModeDir}) == nil {
					modelAdd(model, name, modelNode{layer, true})
				}
			case 3:
				if !modelBlocked(model, name, layer) {
					modelCover(model, name, layer)
					modelHide(model, name, layer, true)
				}
				tree.Hide(name)
			case 4:
				if n, ok := model[name]; !modelBlocked(model, name, layer) && !(ok && !n.dir && n.layer == layer) {
					modelCover(model, name, layer)
					modelHide(model, name, layer, false)
				}
				tree.Opaque(name)
			}
		}
		got := map[string]modelNode{}
		for p, n := range tree.All() {
			got[p] = modelNode{n.Layer, n.Mode.IsDir()}
		}
		if diff := cmp.Diff(model, got, cmp.AllowUnexported(modelNode{})); diff != "" {
			t.Fatalf("tree (-model +got):\n%s", diff)
		}
		if tree.Len() != len(got) {
			t.Fatalf("Len() = %d, want %d", tree.Len(), len(got))
		}
	})
}

type modelNode struct {
	layer int
	dir   bool
}

// fuzzPath makes one of 84 paths up to three deep.
func fuzzPath(b byte) string {
	n := int(b) % 84
	name := string(rune('a' + n%4))
	for n /= 4; n > 0; n /= 5 {
		name += "/" + string(rune('a'+n%5))
	}
	return name
}

func parents(name string) []string {
	var list []string
	for i := range name {
		if name[i] == '/' {
			list = append(list, name[:i])
		}
	}
	return list
}

// modelBlocked reports whether a parent is missing, or is a file of this layer.
func modelBlocked(m map[string]modelNode, name string, layer int) bool {
	for _, p := range parents(name) {
		n, ok := m[p]
		if !ok || !n.dir && n.layer == layer {
			return true
		}
		if !n.dir {
			// An older file is covered by a directory, which is empty then.
			return p != parents(name)[len(parents(name))-1] && modelCoverOnly(m, p, layer)
		}
	}
	return false
}

func modelCoverOnly(m map[string]modelNode, p string, layer int) bool {
	m[p] = modelNode{layer, true}
	return true
}

// modelCover turns older files among the parents into directories.
func modelCover(m map[string]modelNode, name string, layer int) {
	for _, p := range parents(name) {
		if n, ok := m[p]; ok && !n.dir {
			m[p] = modelNode{layer, true}
		}
	}
}

func modelAdd(m map[string]modelNode, name string, n modelNode) {
	for _, p := range parents(name) {
		if old, ok := m[p]; !ok || !old.dir {
			m[p] = modelNode{n.layer, true}
		}
	}
	if !n.dir {
		modelDrop(m, name)
	}
	m[name] = n
}

func modelDrop(m map[string]modelNode, name string) {
	for p := range m {
		if strings.HasPrefix(p, name+"/") {
			delete(m, p)
		}
	}
}

// modelHide removes what is older than layer below name, and name itself.
func modelHide(m map[string]modelNode, name string, layer int, self bool) {
	n, ok := m[name]
	if !ok {
		return
	}
	if !self && !n.dir {
		m[name] = modelNode{layer, true}
		return
	}
	for p, c := range m {
		if strings.HasPrefix(p, name+"/") && c.layer < layer && !modelHolds(m, p, layer) {
			delete(m, p)
		} else if strings.HasPrefix(p, name+"/") && c.layer < layer {
			m[p] = modelNode{layer, true}
		}
	}
	switch {
	case !self || n.layer == layer:
	case modelHolds(m, name, layer):
		m[name] = modelNode{layer, true}
	default:
		delete(m, name)
	}
}

// modelHolds reports whether something of the layer is below name.
func modelHolds(m map[string]modelNode, name string, layer int) bool {
	for p, c := range m {
		if strings.HasPrefix(p, name+"/") && c.layer == layer {
			return true
		}
	}
	return false
}

func BenchmarkTree(b *testing.B) {
	var paths []string
	for i := range 180_000 {
		paths = append(paths, fmt.Sprintf("usr/share/package-%d/doc/file-%d", i/40, i))
	}
	b.ReportAllocs()
	for b.Loop() {
		var tree Tree[[3]int64]
		for _, p := range paths {
			if err := tree.Add(p, Node[[3]int64]{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// TestResolveCost asserts that a step of resolving costs the same in any depth: a
// hostile layer can ask for many, each through a long way up and down.
func TestResolveCost(t *testing.T) {
	var tree Tree[string]
	deep := strings.Repeat("d/", 1000)
	for name, link := range map[string]string{"a": strings.Repeat("x/../", 600) + "b", "b": "x"} {
		if err := tree.Add(deep+name, Node[string]{Mode: fs.ModeSymlink, Link: link}); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Add(deep+"x", Node[string]{Mode: fs.ModeDir}); err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(1, func() {
		if at, _, err := tree.Resolve(deep + "a"); err != nil || at != deep+"x" {
			t.Fatal(at, err)
		}
	})
	if allocs > 100 {
		t.Errorf("%v allocations", allocs)
	}
	loops := strings.Repeat("x/../", 1600) + "b"
	if err := tree.Add(deep+"c", Node[string]{Mode: fs.ModeSymlink, Link: loops}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := tree.Resolve(deep + "c"); !errors.Is(err, ErrLoop) {
		t.Errorf("a way of %d elements: %v", 3200+1000, err)
	}
}
