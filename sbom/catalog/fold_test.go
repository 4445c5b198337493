package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// foldSeed is one for all folds, so that their sums can be compared.
var foldSeed = maphash.MakeSeed()

// foldAll folds layers and completes the inventory.
func foldAll(t testing.TB, layers []*layerResult) (*fold, *sbom.Inventory) {
	t.Helper()
	f := newFold()
	f.seed = foldSeed
	inv := new(sbom.Inventory)
	for i, l := range layers {
		info := sbom.Layer{Index: i}
		inv.Layers = append(inv.Layers, info)
		if err := f.add(info.Ref(), l); err != nil {
			t.Fatal(err)
		}
	}
	f.complete(inv, f.own(inv))
	return f, inv
}

// script makes layers of a program of three bytes an instruction: what, where and
// with what.
type script []byte

var (
	scriptPaths = []string{"a", "b", "d/a", "d/b", "d/e/a", "d/e/b", "bin/x", "usr/bin/x", "usr/bin/y"}
	scriptDirs  = []string{"d", "d/e", "bin", "usr/bin", "usr"}
)

func (s script) layers() []*layerResult {
	var layers []*layerResult
	facts := new(draft)
	for ; len(s) >= 3 && len(layers) < 12; s = s[3:] {
		what, where, with := s[0], int(s[1]), s[2]
		path, dir := scriptPaths[where%len(scriptPaths)], scriptDirs[where%len(scriptDirs)]
		switch what % 8 {
		case 0:
			layers = append(layers, &layerResult{facts: facts.pack(nil)})
			facts = new(draft)
		case 1, 2, 3:
			facts.put(path, with)
		case 4:
			facts.Entries = append(facts.Entries, entry{Op: opHide, Path: []string{path, dir}[with%2]})
		case 5:
			facts.Entries = append(facts.Entries, entry{Op: opOpaque, Path: dir})
		case 6:
			facts.Entries = append(facts.Entries, entry{Op: opLink, Path: path, Link: scriptPaths[int(with)%len(scriptPaths)]})
		case 7:
			facts.Entries = append(facts.Entries, entry{Path: dir, Mode: fs.ModeSymlink | 0o777, Link: scriptDirs[int(with)%len(scriptDirs)]})
		}
	}
	return append(layers, &layerResult{facts: facts.pack(nil)})
}

// yields is the detector that gives way: what is there of its components depends on the
// others' claims, and not on layers alone.
const yields = "y"

// put adds a file that is executable, names components, or both.
func (l *draft) put(path string, with byte) {
	digest := sbom.Digest(fmt.Sprintf("md5:%032x", with%4))
	l.Entries = append(l.Entries, entry{
		Path: path, Mode: 0o755, Size: int64(with), Kind: sbom.KindOther,
		Digests: []sbom.Digest{sbom.Digest(fmt.Sprintf("sha256:%064x", with%4)), digest},
	})
	if with&0x08 != 0 {
		l.Fragments = append(l.Fragments, newFragment(len(l.Entries)-1, detect.ID{Name: yields, Version: "1"}, &detect.Fragment{
			Yields: true,
			Components: []detect.Component{
				{Key: path, Component: sbom.Component{Type: sbom.TypeLibrary, Name: "y", Version: fmt.Sprint(with >> 6)}},
				{Key: path + " in", Component: sbom.Component{Type: sbom.TypeLibrary, Name: "in", Version: "1"}},
			},
			Claims:    []detect.Claim{{Key: path, Path: path, Ground: sbom.ClaimContent}},
			Relations: []detect.Relation{{To: path + " in", Type: sbom.Contains}},
		}, nil))
	}
	if with&0x10 == 0 {
		return
	}
	var facts detect.Fragment
	for i := range with & 3 {
		key := fmt.Sprint("k", i)
		facts.Components = append(facts.Components, detect.Component{
			Key: key, Aliases: []string{"all"},
			Component: sbom.Component{Type: sbom.TypeLibrary, Name: key, Version: fmt.Sprint(with >> 6), PURL: "pkg:generic/" + key},
		})
		facts.Claims = append(facts.Claims, detect.Claim{Key: key, Path: "usr/bin/x", Digest: digest})
	}
	facts.Claims = append(facts.Claims,
		detect.Claim{Key: "all", Path: "bin/x"}, detect.Claim{Key: "all", Path: "d", Ground: sbom.ClaimDirectory, Tree: true})
	if with&0x20 != 0 {
		facts.Diversions = []detect.Diversion{{From: "bin/x", To: "usr/bin/y", By: "k1"}}
		facts.Relations = []detect.Relation{{From: "k0", To: "all", Type: sbom.DependsOn}}
		facts.Gaps = []sbom.Gap{{Kind: sbom.GapLimit, Component: "k0", Message: "m"}}
	}
	l.Fragments = append(l.Fragments, newFragment(len(l.Entries)-1, detect.ID{Name: "t", Version: "1"}, &facts, nil))
}

// FuzzFold folds any sequence of layers. Beside the invariants of every inventory
// it compares attribution, which the fold keeps layer by layer, with what the
// squashed views of all prefixes of the image say, one by one.
func FuzzFold(f *testing.F) {
	f.Add([]byte{1, 0, 0x11, 0, 0, 0, 1, 0, 0x52, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0x11})
	f.Add([]byte{1, 4, 0x33, 1, 7, 1, 7, 2, 3, 0, 0, 0, 5, 0, 0, 1, 5, 0x12})
	f.Add([]byte{1, 7, 0x12, 6, 8, 7, 0, 0, 0, 4, 7, 0, 6, 7, 8, 0, 0, 0, 7, 0, 4})
	f.Add([]byte{1, 7, 0x0a, 1, 6, 0x3f, 2, 2, 0x1b, 0, 0, 0, 4, 7, 0, 1, 6, 0x0c})
	f.Add([]byte{7, 2, 3, 1, 6, 0x3f, 0, 0, 0, 1, 6, 0x72, 1, 6, 0x13})
	f.Fuzz(func(t *testing.T, data []byte) {
		layers := script(data).layers()
		whole, inv := foldAll(t, layers)
		CheckInvariants(t, inv)
		checkAttributions(t, layers, whole)
		checkExecutables(t, whole, inv)
		checkLostNames(t, whole, inv)
		checkCacheable(t, layers, inv)
	})
}

// checkAttributions derives every component's attribution from the components
// that are visible after each layer.
func checkAttributions(t *testing.T, layers []*layerResult, whole *fold) {
	t.Helper()
	type state struct {
		facts   string
		digests uint64
	}
	before := make(map[identity]state)
	count := func(in, notIn map[identity]state, n name) (alone identity, times int) {
		for id := range in {
			if _, both := notIn[id]; !both && n == (name{id.detector, id.key}) {
				alone, times = id, times+1
			}
		}
		return alone, times
	}
	want := make(map[identity]sbom.Attribution)
	for i := range layers {
		f, _ := foldAll(t, layers[:i+1])
		ref := &sbom.LayerRef{Index: i}
		now := make(map[identity]state)
		for id, c := range f.components {
			if c.attr.Visible && id.detector != yields {
				now[id] = state{c.facts, f.digestsOf(c)}
			}
		}
		for id, s := range now {
			a, had := want[id], before[id]
			switch {
			case !a.Visible:
				a = sbom.Attribution{Introduced: ref, Visible: true}
			case had.facts != s.facts, had.digests != 0 && s.digests != 0 && had.digests != s.digests:
				a.Modified = ref
			}
			if s.digests == 0 && a.Introduced.Index != i {
				s.digests = had.digests // what was once recorded is remembered
			}
			want[id], now[id] = a, s
		}
		for id := range now {
			// What alone came of a key of which one alone went is that one.
			n := name{id.detector, id.key}
			old, went := count(before, now, n)
			if to, came := count(now, before, n); went == 1 && came == 1 && to == id {
				want[id] = sbom.Attribution{Introduced: want[old].Introduced, Modified: ref, Visible: true}
				delete(want, old)
				if s := now[id]; s.digests == 0 {
					s.digests = before[old].digests
					now[id] = s
				}
			}
		}
		for id, a := range want {
			if _, there := now[id]; !there && a.Visible {
				a.Visible, a.Removed = false, ref
				want[id] = a
			}
		}
		before = now
	}
	for id, a := range want {
		got := whole.components[id]
		if got == nil {
			t.Fatalf("%v is not in the inventory", id)
		}
		if !reflect.DeepEqual(got.attr, a) {
			t.Errorf("%v: %s, want %s", id, DescribeAttribution(got.attr), DescribeAttribution(a))
		}
	}
	for id := range whole.components {
		if _, wanted := want[id]; !wanted && id.detector != yields {
			t.Errorf("%v should not be there", id)
		}
	}
}

// checkExecutables asserts that every executable of the tree is in the inventory,
// once, and nothing else is there.
func checkExecutables(t *testing.T, f *fold, inv *sbom.Inventory) {
	t.Helper()
	want := make(map[string]bool)
	for path, n := range f.tree.All() {
		if executable(n) {
			want[path] = true
		}
	}
	got := make(map[string]bool)
	for i := range inv.Files {
		if inv.Files[i].Executable() {
			got[inv.Files[i].Path] = true
		}
	}
	if !maps.Equal(want, got) {
		t.Errorf("executables %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// checkLostNames asserts that no executable that a detector found components in
// is there without them and without a gap.
func checkLostNames(t *testing.T, f *fold, inv *sbom.Inventory) {
	t.Helper()
	known := make(map[*content]bool)
	for path, s := range f.live {
		if n, there := f.tree.Lookup(path); there && slices.ContainsFunc(s.fragments, func(fr *fragment) bool { return fr.Detector.Name != yields }) {
			known[n.Value.content] = true
		}
	}
	for i := range inv.Gaps {
		if g := &inv.Gaps[i]; g.Kind == sbom.GapUnsupported && g.Detector != yields+"@1" {
			n, there := f.tree.Lookup(g.Path)
			if !there || !executable(n) || known[n.Value.content] {
				t.Fatalf("gap without a reason: %+v", g)
			}
			known[n.Value.content] = true
		}
	}
	for path, n := range f.tree.All() {
		said := func(s *source) bool {
			return slices.ContainsFunc(s.fragments, func(fr *fragment) bool { return fr.Detector.Name != yields && len(fr.Facts.Components) > 0 })
		}
		if c := n.Value.content; !known[c] && slices.ContainsFunc(f.multiple.lost[c], said) {
			t.Errorf("%s lost what was found in it, and no gap says so", path)
		}
	}
}

// checkCacheable asserts that facts that were encoded give the same inventory.
func checkCacheable(t *testing.T, layers []*layerResult, want *sbom.Inventory) {
	t.Helper()
	cached := make([]*layerResult, len(layers))
	for i, l := range layers {
		value, err := encodeResult(context.Background(), "key", l)
		if err != nil {
			t.Fatal(err)
		}
		if cached[i], err = decodeResult(context.Background(), "key", value); err != nil {
			t.Fatal(err)
		}
	}
	_, got := foldAll(t, cached)
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		t.Errorf("from the cache:\n%s\nwant\n%s", b, a)
	}
}

// TestNestedRoot qualifies the packages of each root file system with its own
// distribution.
func TestNestedRoot(t *testing.T) {
	facts := new(draft)
	add := func(path string, f detect.Fragment) {
		facts.Entries = append(facts.Entries, entry{Path: path, Mode: 0o644})
		facts.Fragments = append(facts.Fragments, newFragment(len(facts.Entries)-1, detect.ID{Name: "t", Version: "1"}, &f, nil))
	}
	for root, d := range map[string]string{"": "debian", "opt/root/": "alpine"} {
		add(root+"etc/os-release", detect.Fragment{Distribution: &sbom.Distribution{ID: d, VersionID: "1"}})
		add(root+"db", detect.Fragment{Components: []detect.Component{{Key: "k" + root, Component: sbom.Component{
			Type: sbom.TypeLibrary, Name: d, PURL: "pkg:deb/" + d}}}})
	}
	_, inv := foldAll(t, []*layerResult{{facts: facts.pack(nil)}})
	if inv.Distribution == nil || inv.Distribution.ID != "debian" {
		t.Errorf("distribution %v", inv.Distribution)
	}
	for _, c := range inv.Components {
		if !strings.HasPrefix(c.PURL, "pkg:deb/"+c.Name+"/") {
			t.Errorf("%s: %s", c.Location().Path, c.PURL)
		}
	}
}

// TestSystems makes one component of an operating system that two files name.
func TestSystems(t *testing.T) {
	facts := new(draft)
	system := detect.Fragment{
		Distribution: &sbom.Distribution{ID: "debian", VersionID: "12"},
		Components: []detect.Component{{Key: "debian", Component: sbom.Component{
			Type: sbom.TypeOperatingSystem, Name: "debian", Version: "12",
			Evidence: []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: 1}}}}},
	}
	for i, path := range []string{"usr/lib/os-release", "etc/os-release"} {
		facts.Entries = append(facts.Entries, entry{Path: path, Mode: 0o644})
		facts.Fragments = append(facts.Fragments, newFragment(i, detect.ID{Name: "t", Version: "1"}, &system, nil))
	}
	_, inv := foldAll(t, []*layerResult{{facts: facts.pack(nil)}})
	if len(inv.Components) != 1 {
		t.Fatalf("%d components", len(inv.Components))
	}
	c := &inv.Components[0]
	if len(c.Evidence) != 2 || c.Location().Path != "etc/os-release" || c.ID != sbom.ComponentID(c) {
		t.Errorf("got %+v", c)
	}
}

// TestHostileClaims bounds what absurd claims cost.
func TestHostileClaims(t *testing.T) {
	deep := strings.Repeat("d/", 1<<20) + "f"
	facts := &draft{Entries: []entry{{Path: "db", Mode: 0o644}, {Path: "l", Mode: fs.ModeSymlink, Link: "l"}}}
	claims := []detect.Claim{{Key: "k", Path: deep}, {Key: "k", Path: "l/x"}, {Key: "k", Path: "db/x/y"}, {Key: "k", Path: ".."}, {Key: "k"}}
	facts.Fragments = []fragment{newFragment(0, detect.ID{Name: "t", Version: "1"}, &detect.Fragment{
		Components: []detect.Component{{Key: "k", Component: sbom.Component{Type: sbom.TypeLibrary, Name: "k", Version: "1"}}},
		Claims:     claims,
		Diversions: []detect.Diversion{{From: deep, To: deep}, {From: "l", To: "l"}},
	}, nil)}
	_, inv := foldAll(t, []*layerResult{{facts: facts.pack(nil)}})
	CheckInvariants(t, inv)
	if got := inv.Components[0].Files; got.Missing != 2 || got.Owned != 2 {
		t.Errorf("counts %+v", got)
	}
}

// TestHomeless: what is wrong with the entries of a layer is told so many times, and then
// counted.
func TestHomeless(t *testing.T) {
	facts := new(draft)
	for i := range maxProblems + 7 {
		facts.Entries = append(facts.Entries, entry{Op: opLink, Path: fmt.Sprint("l", i), Link: "nothing"})
	}
	_, inv := foldAll(t, []*layerResult{{facts: facts.pack(nil)}})
	if len(inv.Gaps) != maxProblems+1 {
		t.Fatalf("%d gaps", len(inv.Gaps))
	}
	for _, g := range inv.Gaps {
		if g.Kind == sbom.GapLimit && strings.HasPrefix(g.Message, "7 more entries") {
			return
		}
	}
	t.Error("the rest is not counted")
}
