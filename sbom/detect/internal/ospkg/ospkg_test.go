package ospkg

import (
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestRoot(t *testing.T) {
	const db = "var/lib/dpkg/status"
	for _, tt := range []struct {
		path, root string
		ok         bool
	}{
		{"var/lib/dpkg/status", "", true},
		{"opt/rootfs/var/lib/dpkg/status", "opt/rootfs", true},
		{"opt/xvar/lib/dpkg/status", "opt/x", false},
		{"lib/dpkg/status", "", false},
	} {
		if root, ok := Root(tt.path, db); ok != tt.ok || ok && root != tt.root {
			t.Errorf("Root(%s) = %q, %v", tt.path, root, ok)
		}
	}
}

func TestPath(t *testing.T) {
	for _, tt := range []struct {
		root, recorded, want string
		ok                   bool
	}{
		{"", "/usr/bin/ls", "usr/bin/ls", true},
		{"", "usr/bin/ls", "usr/bin/ls", true},
		{"", "./usr/bin/ls", "usr/bin/ls", true},
		{"", "//usr//bin/ls/", "usr/bin/ls", true},
		{"", "/.", "", true},
		{"", "/", "", true},
		{"", "", "", true},
		{"opt/r", "/.", "", true},
		{"opt/r", "/../../etc/passwd", "opt/r/etc/passwd", true},
		{"", "/usr/\x00", "", false},
		{"", "/usr/\xff", "", false},
		{"", "/" + strings.Repeat("a", MaxPath), "", false},
	} {
		got, ok := Path(tt.root, tt.recorded)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("Path(%q, %.20q) = %q, %v", tt.root, tt.recorded, got, ok)
		}
	}
}

func TestOptional(t *testing.T) {
	for p, want := range map[string]bool{
		"usr/share/doc/bash/README":         true,
		"usr/share/docker/x":                false,
		"usr/lib/python3/__pycache__/a.pyc": true,
		"usr/bin/ls":                        false,
		"opt/usr/share/doc/x":               false,
	} {
		if Optional(p) != want {
			t.Errorf("Optional(%s) = %v", p, !want)
		}
	}
}

func TestGapsAreBounded(t *testing.T) {
	var g Gaps
	for i := range 5000 {
		g.Add(sbom.GapCorrupt, "line %d: \xff", i)
	}
	list := g.List()
	if len(list) != MaxGaps+1 || !strings.HasPrefix(list[MaxGaps].Message, "4900 more") {
		t.Errorf("%d gaps, last %q", len(list), list[len(list)-1].Message)
	}
}

func TestValidNames(t *testing.T) {
	for s, want := range map[string]bool{"libstdc++6": true, "a/b": false, "a b": false, "": false, "a\n": false, ".build-deps": true} {
		if ValidName(s) != want {
			t.Errorf("ValidName(%q) = %v", s, !want)
		}
	}
	for s, want := range map[string]bool{"1:2.3~rc1-4+deb12u1": true, "1 2": false, "": false, "1\x00": false, "2.0^git1": true} {
		if ValidVersion(s) != want {
			t.Errorf("ValidVersion(%q) = %v", s, !want)
		}
	}
}
