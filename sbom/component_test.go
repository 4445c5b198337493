package sbom_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestNewPURL(t *testing.T) {
	tests := []struct {
		name                         string
		typ, namespace, pkg, version string
		qualifiers                   map[string]string
		want                         string
	}{
		{name: "no type", pkg: "bash", want: ""},
		{name: "no name", typ: "deb", namespace: "debian", want: ""},
		{name: "deb", typ: "deb", namespace: "debian", pkg: "bash", version: "5.2.15-2+b7",
			qualifiers: map[string]string{"arch": "amd64", "distro": "debian-12"},
			want:       "pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12"},
		{name: "empty qualifier is dropped", typ: "deb", pkg: "bash", version: "5",
			qualifiers: map[string]string{"arch": "", "upstream": "bash"}, want: "pkg:deb/bash@5?upstream=bash"},
		{name: "npm scope is encoded", typ: "npm", namespace: "@babel", pkg: "core", version: "7.20.12",
			want: "pkg:npm/%40babel/core@7.20.12"},
		{name: "PyPI name is normalised", typ: "pypi", pkg: "Zope_Interface", version: "5.4", want: "pkg:pypi/zope-interface@5.4"},
		{name: "Go namespace has several elements", typ: "golang", namespace: "github.com/google", pkg: "uuid", version: "v1.6.0",
			want: "pkg:golang/github.com/google/uuid@v1.6.0"},
		{name: "type is lowered", typ: "NPM", pkg: "left-pad", version: "1.3.0", want: "pkg:npm/left-pad@1.3.0"},
		{name: "no version", typ: "generic", pkg: "node", want: "pkg:generic/node"},
		{name: "parts that look like a purl", typ: "generic", pkg: "a@1?b=c#d", version: "2/3",
			want: "pkg:generic/a%401%3Fb%3Dc%23d@2%2F3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sbom.NewPURL(tt.typ, tt.namespace, tt.pkg, tt.version, tt.qualifiers)
			if got != tt.want {
				t.Fatalf("got  %s\nwant %s", got, tt.want)
			}
			if got == "" {
				return
			}
			c := sbom.Component{PURL: got}
			p, err := c.ParsePURL()
			if err != nil {
				t.Fatal(err)
			}
			if p.Version != tt.version {
				t.Errorf("version %q came back as %q", tt.version, p.Version)
			}
			if again := p.ToString(); again != got {
				t.Errorf("parsed and written again: %s", again)
			}
		})
	}
}

// FuzzNewPURL asserts that every purl made of arbitrary parts that parses is
// canonical.
func FuzzNewPURL(f *testing.F) {
	f.Add("deb", "debian", "bash", "1:5.2", "arch", "amd64")
	f.Add("npm", "@a/b", "..", "@", "k", "&=?")
	f.Add("golang", "GitHub.com//x/", "y", "v0#1", "", "\xff")
	f.Fuzz(func(t *testing.T, typ, namespace, name, version, key, value string) {
		purl := sbom.NewPURL(typ, namespace, name, version, map[string]string{key: value})
		if (purl == "") != (typ == "" || name == "") {
			t.Fatalf("NewPURL(%q, %q) = %q", typ, name, purl)
		}
		c := sbom.Component{PURL: purl}
		p, err := c.ParsePURL()
		if err != nil {
			return
		}
		once := p.ToString()
		c.PURL = once
		p, err = c.ParsePURL()
		if err != nil {
			t.Fatalf("%q parses, and what it writes, %q, does not: %v", purl, once, err)
		}
		if twice := p.ToString(); twice != once {
			t.Fatalf("%q, %q", once, twice)
		}
	})
}

func TestComponentID(t *testing.T) {
	base := func() *sbom.Component {
		return &sbom.Component{Type: sbom.TypeLibrary, PURL: "pkg:deb/debian/bash@5", Group: "g", Name: "bash", Version: "5",
			Evidence: []sbom.Evidence{{Location: sbom.Location{Path: "var/lib/dpkg/status"}}}}
	}
	id := sbom.ComponentID(base())
	// NCName (XML 1.0), bom-ref (CycloneDX) and idstring (SPDX 2.3, 3.2) at once.
	if !regexp.MustCompile(`^c-[a-z2-7]{26}$`).MatchString(id) {
		t.Errorf("id %q", id)
	}
	const pinned = "c-hs3khse53oh2pkxbxnhettjoni"
	if id != pinned {
		t.Errorf("id %q, was %q: ids are in documents and must not change", id, pinned)
	}
	changes := map[string]func(*sbom.Component){
		"type":    func(c *sbom.Component) { c.Type = sbom.TypeApplication },
		"purl":    func(c *sbom.Component) { c.PURL = "pkg:deb/debian/bash@6" },
		"group":   func(c *sbom.Component) { c.Group = "h" },
		"name":    func(c *sbom.Component) { c.Name = "dash" },
		"version": func(c *sbom.Component) { c.Version = "6" },
		"scope":   func(c *sbom.Component) { c.Scope = sbom.ScopeDeclared },
		"path":    func(c *sbom.Component) { c.Evidence[0].Location.Path = "other" },
		// The fields are delimited: moving a letter is a change.
		"boundary": func(c *sbom.Component) { c.Group, c.Name = "gb", "ash" },
	}
	for what, change := range changes {
		c := base()
		change(c)
		if sbom.ComponentID(c) == id {
			t.Errorf("a change of %s does not change the id", what)
		}
	}
	same := base()
	same.ID, same.Supplier, same.Licenses = "x", "y", []sbom.License{{Name: "z"}}
	same.Attribution.Visible = true
	if sbom.ComponentID(same) != id {
		t.Error("the id depends on what does not identify the component")
	}
}

func TestComponentAccessors(t *testing.T) {
	var zero sbom.Component
	if zero.Location() != (sbom.Location{}) || zero.Property("a") != "" {
		t.Error("the zero component has a place or a property")
	}
	c := sbom.Component{
		Evidence:   []sbom.Evidence{{Location: sbom.Location{Path: "a"}}, {Location: sbom.Location{Path: "b"}}},
		Properties: []sbom.Property{{Name: "k", Value: "1"}, {Name: "k", Value: "2"}},
	}
	if c.Location().Path != "a" || c.Property("k") != "1" {
		t.Errorf("got %v, %q", c.Location(), c.Property("k"))
	}
}

func ExampleNewPURL() {
	fmt.Println(sbom.NewPURL("npm", "@babel", "core", "7.20.12", nil))
	fmt.Println(sbom.NewPURL("deb", "debian", "libssl3", "3.0.16-1~deb12u1", map[string]string{"arch": "amd64", "upstream": "openssl"}))
	// Output:
	// pkg:npm/%40babel/core@7.20.12
	// pkg:deb/debian/libssl3@3.0.16-1~deb12u1?arch=amd64&upstream=openssl
}

func ExampleComponentID() {
	c := &sbom.Component{Type: sbom.TypeLibrary, Name: "left-pad", Version: "1.3.0", PURL: "pkg:npm/left-pad@1.3.0"}
	c.ID = sbom.ComponentID(c)
	fmt.Println(len(c.ID), c.ID[:2])
	// Output: 28 c-
}
