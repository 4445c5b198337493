package binary

import (
	"bytes"
	"strings"

	"golang.org/x/mod/module"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// moduleKey is a Go module or a crate.
type moduleKey struct{ purlType, name, version string }

// imported is where it was found.
type imported struct {
	place
	toolchain bool
	count     int
}

func (c *collector) imported(kind, name, version string, toolchain bool, v *textscan.Version) {
	k := moduleKey{kind, name, version}
	if have := c.modules[k]; have != nil {
		have.count++
		have.toolchain = have.toolchain && toolchain
		return
	}
	if c.room(len(c.modules), maxModules, "modules") {
		c.modules[k] = &imported{place{v.Offset, show(v)}, toolchain, 1}
	}
}

// registries are the directories in which Cargo and distributions keep the sources of
// crates. What is below rust's own sources came with the compiler.
var registries = []string{"/registry/src/", "/cargo/registry/", "/cargo_registry/", "/share/cargo/", "/cargo/vendor/", "/vendor/", "/rust/deps/"}

// crate takes in the path of a crate's source in the message of a panic:
// ".../registry/src/index.crates.io-6f17d22bba15001f/memchr-2.5.0/src/lib.rs".
func (c *collector) crate(v *textscan.Version) bool {
	before, ok := bytes.CutSuffix(v.Before, []byte("-"))
	if !ok || bytes.Count(v.Core, []byte(".")) != 2 {
		return false
	}
	// What follows the numbers is part of the version up to the next directory:
	// "wasi-0.11.0+wasi-snapshot-preview1/src".
	more, file, ok := bytes.Cut(v.After, []byte("/"))
	dir := bytes.LastIndexByte(before, '/')
	if !ok || dir < 0 || !behindVersion(more) || !bytes.Contains(file, []byte(".rs")) {
		return false
	}
	root, name := before[:dir+1], string(before[dir+1:])
	toolchain, ok := registry(root)
	if !ok || !crateName(name) {
		return false
	}
	c.imported("cargo", name, string(v.Text)+string(more), toolchain, v)
	return true
}

// registry reports whether a directory is one of sources of crates, and whether they
// came with the compiler.
func registry(root []byte) (toolchain, ok bool) {
	at := -1
	for i, r := range registries {
		if j := bytes.LastIndex(root, []byte(r)); j > at {
			at, toolchain = j, i >= 4 && (bytes.Contains(root, []byte("/rustc-")) || bytes.Contains(root, []byte("/rust/deps/")) || bytes.Contains(root, []byte("library/")))
		}
	}
	if at < 0 {
		return false, false
	}
	if bytes.Contains(root[max(0, at-40):], []byte("rustc")) || bytes.Contains(root, []byte("/lib/rustlib/src/rust/")) {
		toolchain = true
	}
	return toolchain, true
}

// behindVersion reports whether the text may follow the numbers of a semantic version.
func behindVersion(more []byte) bool {
	if len(more) == 0 {
		return true
	}
	if len(more) > 40 || more[0] != '+' && more[0] != '-' {
		return false
	}
	for _, b := range more[1:] {
		if !(b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9' || b == '.' || b == '-' || b == '+') {
			return false
		}
	}
	return true
}

func crateName(name string) bool {
	for i := range len(name) {
		if b := name[i]; !(b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9' || b == '_' || b == '-') {
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64 && name[0]|0x20 >= 'a'
}

// goModule takes in the path of a Go module's source in a line table:
// "github.com/BurntSushi/toml@v1.2.0/decode.go".
func (c *collector) goModule(v *textscan.Version) bool {
	before, ok := bytes.CutSuffix(v.Before, []byte("@v"))
	if !ok {
		return false
	}
	// Pseudo-versions and "+incompatible" are not what other versions look like.
	rest := string(v.Text) + string(v.After)
	version, file, ok := strings.Cut(rest, "/")
	if !ok || !strings.HasSuffix(file, ".go") && !strings.Contains(file, ".go") && !strings.Contains(file, ".s") {
		return false
	}
	path := string(before)
	if i := strings.LastIndex(path, "/pkg/mod/"); i >= 0 {
		path = path[i+len("/pkg/mod/"):]
	}
	if strings.Contains(path, "!") { // As in the cache; with -trimpath it is the module's own path.
		if plain, err := module.UnescapePath(path); err == nil {
			path = plain
		}
	}
	if module.Check(path, "v"+version) != nil {
		return false
	}
	c.imported("golang", path, "v"+version, false, v)
	return true
}

// goToolchain takes in the version of the Go toolchain, which the runtime has as "go1.24.4".
func (c *collector) goToolchain(v *textscan.Version) bool {
	if !bytes.HasSuffix(v.Before, []byte("go")) || len(v.Before) > 2 && wordByte(v.Before[len(v.Before)-3]) || !bytes.HasPrefix(v.Text, []byte("1.")) {
		return false
	}
	if v.Opened && len(v.Before) == 2 || bytes.HasSuffix(v.Before, []byte("cmd/compile go")) {
		if len(c.goVersion) < 16 {
			c.goVersion[string(v.Text)] = v.Offset
		}
		return true
	}
	return false
}

// compiler takes in what compilers and linkers write into .comment.
func (c *collector) compiler(v *textscan.Version) bool {
	text := string(v.Before)
	for _, sign := range []string{"GCC: (", "clang version ", "rustc version ", "Linker: LLD ", "ldc version ", "GHC ", "mold "} {
		if strings.HasPrefix(text, sign) && v.Opened {
			if sign == "GHC " && len(text) > len(sign) {
				continue
			}
			if len(c.compilers) < 16 {
				c.compilers[show(v)] = true
			}
			return true
		}
	}
	return false
}
