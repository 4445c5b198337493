package catalog_test

import (
	"testing"

	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// TestProgramsAreNotHeld checks that every default detector which wants programs has a
// sieve for them: one without would have all large programs of an image held.
func TestProgramsAreNotHeld(t *testing.T) {
	elf := func(class byte, kind byte) string {
		return "\x7fELF" + string([]byte{class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, kind, 0})
	}
	for what, magic := range map[string]string{
		"ELF program": elf(2, 2), "ELF position-independent": elf(2, 3), "ELF 32": elf(1, 2),
		"PE": "MZ", "Mach-O": "\xcf\xfa\xed\xfe", "universal": "\xca\xfe\xba\xbe\x00\x00\x00\x02", "WebAssembly": "\x00asm\x01\x00\x00\x00",
	} {
		head := make([]byte, detect.HeadSize)
		copy(head, magic)
		for _, path := range []string{"usr/bin/tool", "usr/lib/libtool.so.1", "app/tool.exe", "app/tool.dll", "app/tool.wasm"} {
			wanted := 0
			for _, d := range catalog.Detectors() {
				e := &detect.Entry{Path: path, Mode: 0o755, Size: 100 << 20, Head: head}
				if !d.Wants(e) {
					continue
				}
				wanted++
				if s, ok := d.(detect.Sifter); !ok || s.Sift(e) == nil {
					t.Errorf("%s: %s has no sieve for %s", what, d.ID(), path)
				}
			}
			if wanted == 0 {
				t.Errorf("%s: nobody wants %s", what, path)
			}
		}
	}
}
