package binary

import (
	"slices"
	"testing"
)

// TestCrates finds crates by where Cargo, distributions and projects keep their sources.
func TestCrates(t *testing.T) {
	d := detector(t, false)
	for path, want := range map[string]string{
		"/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/memchr-2.7.1/src/lib.rs":     "memchr 2.7.1",
		"/cargo/registry/25cdd57fae9f0462/memchr-2.7.1/src/lib.rs":                               "memchr 2.7.1", // Remapped.
		"/usr/share/cargo/registry/memchr-2.7.1/src/lib.rs":                                      "memchr 2.7.1", // Debian.
		"/build/app/vendor/memchr-2.7.1/src/lib.rs":                                              "memchr 2.7.1",
		"/home/me/registry/src/github.com-1ecc6299db9ec823/wasi-0.11.0+wasi-snapshot/src/lib.rs": "wasi 0.11.0+wasi-snapshot",
		"/cargo/registry/src/x/rand_core-0.9.0-alpha.1/src/lib.rs":                               "rand_core 0.9.0-alpha.1",
		"/cargo/registry/src/x/zerocopy-0.8.0-nightly.3/src/lib.rs":                              "zerocopy 0.8.0-nightly.3",
		"/cargo/registry/src/x/memchr-2.7.1/README":                                              "",
		"/cargo/registry/src/x/memchr-2.7/src/lib.rs":                                            "",
		"/cargo/registry/src/x/memchr-2.7.1_x/src/lib.rs":                                        "",
		"/cargo/registry/src/x/mem chr-2.7.1/src/lib.rs":                                         "",
		"/opt/memchr-2.7.1/src/lib.rs":                                                           "",
	} {
		var expect []string
		if want != "" {
			expect = []string{"contains " + want + " crate-path"}
		}
		if got := identify(t, d, "opt/app/server", static(lines("panicked at "+path))); !slices.Equal(got, expect) {
			t.Errorf("%s: %q, want %q", path, got, expect)
		}
	}
}
