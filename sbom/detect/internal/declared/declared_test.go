package declared

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

func pkg(name, version string, properties ...string) sbom.Component {
	c := sbom.Component{Name: name, Version: version, PURL: sbom.NewPURL("generic", "", name, version, nil)}
	for _, p := range properties {
		c.Properties = append(c.Properties, sbom.Property{Name: p, Value: "true"})
	}
	return c
}

func file(path string, size int64) *detect.File {
	return &detect.File{Entry: detect.Entry{Path: path, Size: size}}
}

func TestList(t *testing.T) {
	l := New(file("srv/a.lock", 100))
	a := l.Add(pkg("a", "1", "x:dev", "x:patched"))
	if again := l.Add(pkg("a", "1", "x:optional", "x:other")); again != a {
		t.Errorf("the same package has keys %q and %q", a, again)
	}
	b := l.Add(pkg("a", "2"))
	if a != "srv a" || b != "srv pkg:generic/a@2" {
		t.Errorf("keys %q, %q", a, b)
	}
	for range 2 {
		l.Depend(a, b)
	}
	l.Depend(a, a)
	l.Depend("", b)
	frag, err := l.Fragment()
	if err != nil {
		t.Fatal(err)
	}
	if len(frag.Components) != 2 || frag.Components[0].Scope != sbom.ScopeDeclared || frag.Components[0].Type != sbom.TypeLibrary {
		t.Errorf("components %+v", frag.Components)
	}
	want := []sbom.Property{{Name: "x:patched", Value: "true"}, {Name: "x:other", Value: "true"}}
	if diff := cmp.Diff(want, frag.Components[0].Properties); diff != "" {
		t.Errorf("what holds of some mentions only stays (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]detect.Relation{{From: a, To: b, Type: sbom.DependsOn}}, frag.Relations); diff != "" {
		t.Error(diff)
	}
}

func TestScope(t *testing.T) {
	bundled := pkg("a", "1")
	bundled.Scope = sbom.ScopeBundled
	for _, tt := range []struct {
		path string
		c    sbom.Component
		want sbom.Scope
	}{
		{"a.lock", pkg("a", "1"), sbom.ScopeDeclared},
		{"srv/testdata/a.lock", pkg("a", "1"), sbom.ScopeFixture},
		{"a.lock", bundled, sbom.ScopeBundled},
		{"test/a.lock", bundled, sbom.ScopeFixture},
	} {
		l := New(file(tt.path, 100))
		l.Add(tt.c)
		if frag, _ := l.Fragment(); frag.Components[0].Scope != tt.want {
			t.Errorf("%s: %q, want %q", tt.path, frag.Components[0].Scope, tt.want)
		}
	}
}

func TestEmpty(t *testing.T) {
	if frag, err := New(file("a", 1)).Fragment(); frag != nil || err != nil {
		t.Errorf("%v, %v", frag, err)
	}
}

// TestLimits fills lists with more than a file of their size may name.
func TestLimits(t *testing.T) {
	l := New(file("a", 1<<40))
	for i := range MaxPackages + 1 {
		l.Add(pkg(fmt.Sprint(i), "1"))
	}
	frag, err := l.Fragment()
	if !errors.Is(err, detect.ErrLimit) || len(frag.Components) != MaxPackages {
		t.Errorf("%d packages, %v", len(frag.Components), err)
	}
	l = New(file("a", 10))
	for i := 0; !l.Full(); i++ {
		l.Claim(detect.Claim{Key: "k", Path: strings.Repeat("p", 1000)})
		l.Depend(fmt.Sprint(i), "b")
		if i > 1e6 {
			t.Fatal("claims without end")
		}
	}
	if l.Add(pkg("a", "1")) != "" {
		t.Error("added to a full list")
	}
	if _, err := l.Fragment(); !errors.Is(err, detect.ErrLimit) {
		t.Error(err)
	}
}

func TestForeign(t *testing.T) {
	for path, want := range map[string]bool{
		"a.lock": false, "srv/a.lock": false, "srv/node_modules/a/a.lock": true, "usr/share/nodejs/a/a.lock": true,
		"srv/nodejs/a.lock": false, "gems/a-1/a.lock": true, "gems/a/a.lock": false, "pkg/mod/e.com/a@v1/a.lock": true,
		"srv/mod/a@v1/a.lock": false, "vendor/a.lock": true, "vendor": false, "node_modules": false,
		"lib/python3/dist-packages/a/a.lock": true,
	} {
		if got := Foreign(path); got != want {
			t.Errorf("Foreign(%q) = %t", path, got)
		}
	}
}
