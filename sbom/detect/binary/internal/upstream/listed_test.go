package upstream

import "testing"

func TestListed(t *testing.T) {
	for source, want := range map[string]string{"bash": "bash", "glib2.0": "glib", "postgresql-15": "postgresql", "rust-hyperfine": "hyperfine", "golang-1.19": "golang", "pcre2": "pcre2", "llvm-defaults": "llvm",
		"qtbase-opensource-src": "qtbase", "make-dfsg": "make", "llvm-toolchain-14": "llvm", "gnutls28": "gnutls28", "7zip": "7zip", "db5.3": "db5.3", "2048": "2048"} {
		if got := Listed(source); got != want {
			t.Errorf("Listed(%q) = %q, want %q", source, got, want)
		}
	}
}
