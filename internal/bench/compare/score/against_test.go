package score

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

func packages(list ...Package) *Report { return &Report{Installed: list} }

// built is the truth that the tests compare with.
func built() *truth.Image {
	return &truth.Image{
		Packages: []truth.Package{
			{Ecosystem: truth.Debian, Name: "grown", Version: "2", Layer: 3, Introduced: 1},
			{Ecosystem: truth.Debian, Name: "old", Version: "1"},
			{Ecosystem: truth.NPM, Name: "a", Version: "1", Path: "x/node_modules/a/package.json", Layer: 1, Introduced: 1},
			{Ecosystem: truth.NPM, Name: "a", Version: "1", Path: "y/node_modules/a/package.json", Layer: 2, Introduced: 2},
		},
		Beside: []truth.Package{
			{Ecosystem: truth.NPM, Name: "fixture", Version: "9", Path: "x/node_modules/a/test/fixture/package.json"},
			{Ecosystem: truth.NPM, Name: "told", Version: "9", Path: "x/node_modules/a/dist/told/package.json"},
			{Ecosystem: truth.NPM, Name: "silent", Path: "x/node_modules/a/lib/package.json"},
		},
		Leftovers: []truth.Package{{Ecosystem: truth.Debian, Name: "removed", Version: "5"}},
	}
}

func TestAgainst(t *testing.T) {
	r := packages(
		Package{Ecosystem: truth.Debian, Name: "grown", Version: "2", Layer: 3, Introduced: 1},
		Package{Ecosystem: truth.Debian, Name: "removed", Version: "5"},
		Package{Ecosystem: truth.NPM, Name: "a", Version: "1", Path: "x/node_modules/a/package.json", Layer: 2, Introduced: 2},
		Package{Ecosystem: truth.NPM, Name: "fixture", Version: "9", Path: "x/node_modules/a/test/fixture/package.json"},
		Package{Ecosystem: truth.NPM, Name: "invented"},
		Package{Ecosystem: truth.Go, Name: "example.com/program", Version: "(devel)"},
		Package{Ecosystem: truth.Go, Name: "stdlib", Version: "1.26"},
		Package{Ecosystem: truth.Go, Name: "example.com/invented", Version: "1"},
		Package{Ecosystem: truth.Gem, Name: "rake", Version: "1"},
	)
	r.Apart = map[string]bool{"x/node_modules/a/dist/told/package.json": true}
	want := &Card{
		Ecosystems: []Ecosystem{
			{Ecosystem: truth.Debian, Truth: 2, Found: 1, Missing: []string{"old 1"}, Places: 2, PlacesFound: 1, Misplaced: []string{"old 1"}, Layers: 1},
			{
				Ecosystem: truth.NPM, Truth: 1, Found: 1, Extra: []string{"fixture 9", "invented"}, Beside: 1,
				Apart: 1, AllBeside: 3, Silent: []string{"silent x/node_modules/a/lib/package.json"},
				Places: 2, PlacesFound: 1, Misplaced: []string{"a 1 y/node_modules/a/package.json"}, Wrong: []string{"a 1 x/node_modules/a/package.json"},
			},
			{Ecosystem: truth.Go, Extra: []string{"example.com/invented 1"}},
			{Ecosystem: truth.Gem, Extra: []string{"rake 1"}},
		},
		Leftovers: []string{"removed 5"},
		Leftover:  1,
	}
	if diff := cmp.Diff(want, Against(built(), r, map[string]bool{"example.com/program": true})); diff != "" {
		t.Error(diff)
	}
}

func TestAttributed(t *testing.T) {
	deb := Package{Ecosystem: truth.Debian, Layer: 3, Introduced: 1}
	npm := Package{Ecosystem: truth.NPM, Layer: 3, Introduced: 3}
	for _, test := range []struct {
		what              string
		want              Package
		layer, introduced int
		right             bool
	}{
		{"both right", deb, 3, 1, true},
		{"introduced wrong", deb, 3, 3, false},
		{"changed wrong", deb, 1, 1, false},
		{"one, of the version", deb, 3, Unknown, true},
		{"one, of the package", deb, 1, Unknown, true},
		{"one, between", deb, 2, Unknown, false},
		{"none", deb, Unknown, Unknown, false},
		{"npm", npm, 3, Unknown, true},
		{"npm, replaced", npm, 3, 1, true},
		{"npm, wrong", npm, 1, 1, false},
	} {
		got := test.want
		got.Layer, got.Introduced = test.layer, test.introduced
		if attributed(got, test.want) != test.right {
			t.Errorf("%s: right is not %v", test.what, test.right)
		}
	}
}

func TestIntegrity(t *testing.T) {
	img := &truth.Image{
		Ghosts: []truth.Ghost{{Name: "ghost", Files: 2, Missing: 2}, {Name: "ghost2", Files: 2, Missing: 2}, {Name: "hurt", Files: 9, Missing: 2}, {Name: "hurt2", Files: 9, Missing: 1}},
		Changes: []truth.Change{
			{Kind: truth.Modified, Path: "usr/bin/a"},
			{Kind: truth.Modified, Path: "usr/bin/b"},
			{Kind: truth.Missing, Path: "usr/share/doc/ghost/copyright"},
			{Kind: truth.Missing, Path: "usr/share/documents"},
			{Kind: truth.Unowned, Path: "opt/sh"},
		},
	}
	r := &Report{
		Integrity: true,
		Changes:   []truth.Change{{Kind: truth.Modified, Path: "usr/bin/a"}, {Kind: truth.Missing, Path: "usr/bin/b"}, {Kind: truth.Unowned, Path: "opt/sh"}},
		Missing:   map[string]int{"ghost": 2, "ghost2": 2, "hurt": 1, "whole": 1},
		Ghosts:    map[string]bool{"ghost": true},
	}
	want := &Integrity{
		Kinds: map[truth.Kind]Tally{truth.Modified: {2, 1}, truth.Missing: {1, 0}, Undocumented: {1, 0}, truth.Unowned: {1, 1}},
		Unseen: []string{
			"missing usr/share/documents", "modified usr/bin/b", "undocumented usr/share/doc/ghost/copyright",
		},
		Alarms: []string{"missing usr/bin/b"},
		Ghosts: Tally{2, 1}, Damaged: Tally{2, 1},
		Unknown: []string{"ghost2", "hurt2"}, MadeUp: []string{"whole"},
	}
	if diff := cmp.Diff(want, Against(img, r, nil).Integrity); diff != "" {
		t.Error(diff)
	}
	if i := Against(img, packages(), nil).Integrity; i != nil {
		t.Errorf("of one that does not look: %+v", i)
	}
}
