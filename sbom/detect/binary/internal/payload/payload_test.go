package payload

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

func TestSet(t *testing.T) {
	var s Set
	s.Add(Package{Type: "npm", Name: "b", Version: "1", Offset: 9})
	s.Add(Package{Type: "npm", Name: "b", Version: "1", Offset: 5, Text: "first"})
	s.Add(Package{Type: "npm", Name: "b", Version: "1", Offset: 7})
	s.Add(Package{Type: "npm", Name: "a", Version: "2", Own: true, Offset: 8})
	s.Add(Package{Type: "npm", Name: "a", Version: "2", Offset: 1})
	s.Add(Package{Type: "npm", Name: "none"})
	s.Add(Package{Type: "npm", Version: "1"})
	s.Add(Package{Type: "npm", Name: strings.Repeat("x", MaxName+1), Version: "1"})
	for _, n := range []string{"b", "z", "y", "z", ""} {
		s.Name(n)
	}
	var p Payload
	s.Tell(&p)
	want := []Package{{Type: "npm", Name: "a", Version: "2", Own: true, Offset: 8}, {Type: "npm", Name: "b", Version: "1", Offset: 5, Text: "first"}}
	if !slices.Equal(p.Packages, want) || !slices.Equal(p.Names, []string{"y", "z"}) || p.Err != nil {
		t.Errorf("%+v", p)
	}
}

// TestSetIsBounded keeps so many and says that there are more.
func TestSetIsBounded(t *testing.T) {
	var packages, names Set
	for i := range MaxPackages + 1 {
		packages.Add(Package{Type: "npm", Name: fmt.Sprint("p", i), Version: "1"})
		names.Name(fmt.Sprint("n", i))
	}
	var p, n Payload
	packages.Tell(&p)
	names.Tell(&n)
	if len(p.Packages) != MaxPackages || !errors.Is(p.Err, detect.ErrLimit) || len(n.Names) != MaxNames || !errors.Is(n.Err, detect.ErrLimit) {
		t.Errorf("%d packages, %v; %d names, %v", len(p.Packages), p.Err, len(n.Names), n.Err)
	}
}

func TestSource(t *testing.T) {
	s := Source{strings.NewReader("0123456789"), 10}
	if b, err := s.Bytes(2, 3, 3); string(b) != "234" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	for _, tt := range []struct {
		off, n, most int64
		want         error
	}{{8, 3, 10, detect.ErrFormat}, {-1, 1, 10, detect.ErrFormat}, {1, -1, 10, detect.ErrFormat}, {0, 1 << 62, 10, detect.ErrFormat}, {0, 4, 3, detect.ErrLimit}} {
		if _, err := s.Bytes(tt.off, tt.n, tt.most); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	if _, err := (Source{strings.NewReader("0"), 10}).Bytes(0, 10, 10); !errors.Is(err, detect.ErrFormat) {
		t.Errorf("a file that is shorter: %v", err)
	}
	if n := s.Part(8, 10).Size(); n != 2 {
		t.Errorf("a part of %d bytes", n)
	}
}

func TestManifests(t *testing.T) {
	for _, tt := range []struct {
		read func([]byte) (Package, bool)
		text string
		want string // type, name, version, licence; empty for none
	}{
		{PackageJSON, `{"name":"@s/x","version":"1.2.3","license":"MIT"}`, "npm @s/x 1.2.3 MIT"},
		{PackageJSON, `{"name":"x","version":" 1.2.3 ","license":{"type":"MIT"}}`, "npm x 1.2.3 "},
		{PackageJSON, `{"name":"x"}`, ""},
		{PackageJSON, `{"name":"../x","version":"1"}`, ""},
		{PackageJSON, `[]`, ""},
		{Metadata, "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\nLicense: BSD\n\nName: other\n", "pypi foo-bar 1.0 BSD"},
		{Metadata, "Name: a\nVersion: 1\nLicense: long text\nLicense-Expression: MIT\n", "pypi a 1 MIT"},
		{Metadata, "Name: a\n\nVersion: 1\n", ""},
		{Metadata, "Name: a\nVersion: 1\nName: b\nVersion: 2\nLicense: MIT\nLicense: BSD\n", "pypi a 1 MIT"},
		{Metadata, "Name: a b\nVersion: 1\n", ""},
		{PomProperties, "#Generated\nversion=1.0\ngroupId = org.x\nartifactId=y\n", "maven org.x/y 1.0 "},
		{PomProperties, "version=1.0\ngroupId=org/x\nartifactId=y\n", ""},
		{PomProperties, "version=1.0\n", ""},
	} {
		p, ok := tt.read([]byte(tt.text))
		if got := strings.Join([]string{p.Type, p.Name, p.Version, p.License}, " "); ok != (tt.want != "") || ok && (got != tt.want || p.Text == "") {
			t.Errorf("%q: %q, %t", tt.text, got, ok)
		}
	}
}
