package nix

import (
	"strings"
	"testing"
)

const hash = "0c0bvqyvyw0mprmg0jrh47m6kyjx1c5p"

func TestParse(t *testing.T) {
	for _, tt := range []struct{ base, deriver, name, version, output string }{
		{"glibc-2.38-27", "", "glibc", "2.38-27", ""},
		{"glibc-2.38-27-bin", "glibc-2.38-27", "glibc", "2.38-27", "bin"},
		{"openssl-3.0.13-bin", "", "openssl", "3.0.13", "bin"},
		{"gcc-13.2.0-libgcc", "", "gcc", "13.2.0", "libgcc"},
		{"x-1.0-odd", "x-1.0", "x", "1.0", "odd"},
		{"x-1.0-odd", "", "x", "1.0-odd", ""},
		{"x-1.0-odd", "other-1.0", "x", "1.0-odd", ""},
		{"zlib-ng-2.0", "zlib-ng-2.0", "zlib-ng", "2.0", ""},
		{"python3.11-requests-2.31.0", "", "python3.11-requests", "2.31.0", ""},
		{"bash-5.2p26", "", "bash", "5.2p26", ""},
		{"unstable-2024-01-01", "", "unstable", "2024-01-01", ""},
		{"X-restart-config", "", "", "", ""},
		{"hook.sh", "", "", "", ""},
		{"x-_1", "", "", "", ""},
		{"-1.0", "", "", "", ""},
		{"x-", "", "", "", ""},
	} {
		deriver := ""
		if tt.deriver != "" {
			deriver = "/nix/store/" + hash + "-" + tt.deriver + ".drv"
		}
		p, ok := parse(hash+"-"+tt.base, deriver)
		if ok != (tt.name != "") || ok && (p.name != tt.name || p.version != tt.version || p.output != tt.output || p.hash != hash) {
			t.Errorf("%s of %q: %+v, %v", tt.base, tt.deriver, p, ok)
		}
	}
}

func TestStorePath(t *testing.T) {
	for in, want := range map[string]bool{
		"/nix/store/" + hash + "-x":                           true,
		"/nix/store/" + hash + "-a+b._?=c":                    true,
		"/nix/store/" + hash + "-":                            false,
		"/nix/store/" + hash + "x":                            false,
		"/nix/store/" + hash + "-x/bin":                       false,
		"/nix/store/" + hash + "-x y":                         false,
		"/nix/store/" + strings.Repeat("e", 32) + "-x":        false,
		"/nix/store/" + hash + "-" + strings.Repeat("x", 255): false,
		"/gnu/store/" + hash + "-x":                           false,
		"":                                                    false,
	} {
		if base, ok := storePath(in); ok != want || ok && "/nix/store/"+base != in {
			t.Errorf("storePath(%q) = %q, %v", in, base, ok)
		}
	}
}
