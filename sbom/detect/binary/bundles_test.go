package binary

import (
	"slices"
	"testing"
)

// TestBundled takes what a release lists of itself, if the file is the release's own build.
func TestBundled(t *testing.T) {
	d := detector(t, false)
	const node = "node.js/v26.10.0"
	has := func(got []string, want string) bool { return slices.Contains(got, want) }
	got := identify(t, d, "usr/local/bin/node", dynamic(lines(node)))
	for _, want := range []string{"is nodejs 26.10.0 table-self", "contains openssl 3.5.8 bundled-table", "contains zlib 1.3.2.1 bundled-table", "contains undici 8.10.2 bundled-table",
		"contains v8 14.6.202.34 bundled-table"} {
		if !has(got, want) {
			t.Errorf("%s is not in %q", want, got)
		}
	}
	// Built with another zlib: what the release lists is not what is there.
	got = identify(t, d, "usr/local/bin/node", dynamic(lines(node, inflate, "1.34.8")))
	if want := []string{"is nodejs 26.10.0 table-self", "contains c-ares 1.34.8 bundled-table", "contains zlib 1.2.13 table"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// A build of a distribution links its own, and has what says its version.
	got = identify(t, d, "usr/bin/node", dynamic(lines(node, "1.34.8"), "libssl.so.3", "libuv.so.1"))
	if want := []string{"is nodejs 26.10.0 table-self", "contains c-ares 1.34.8 bundled-table"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for what, text := range map[string]string{"an unknown release": "node.js/v0.0.1", "Electron": node + "\x00ELECTRON_RUN_AS_NODE"} {
		if got := identify(t, d, "usr/bin/node", dynamic(lines(text))); len(got) != 1 {
			t.Errorf("%s: %q", what, got)
		}
	}
}

// TestBundledIsNoSurer has a file of which it is less sure that it is the release than that the release
// has the libraries.
func TestBundledIsNoSurer(t *testing.T) {
	r := identified(t, "usr/local/bin/node", dynamic(lines("node.js/v26.10.0")))
	for _, f := range r.Findings {
		if f.Rule() == ruleBundled && f.Confidence() > r.Main().Confidence() {
			t.Errorf("%s: %v, of what is so by %v", f.Name, f.Confidence(), r.Main().Confidence())
		}
	}
}
