package binary

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/unwind"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib"
)

// frames is a section .eh_frame in which functions of a static library are, as far as
// they are told from others: see package unwind.
func frames(sizes ...uint32) string {
	b := []byte("\x14\x00\x00\x00\x00\x00\x00\x00\x01zR\x00\x01\x78\x10\x01\x1b\x0c\x07\x08\x90\x01\x00\x00")
	for _, size := range sizes {
		r := binary.LittleEndian.AppendUint32(nil, uint32(len(b)+4)) // The way back to the first record.
		r = binary.LittleEndian.AppendUint32(append(r, 0, 0, 0, 0), size)
		r = append(r, 0, 0x42, 0x0e, 0x10, 0x8f, 2, 2, byte(size/2), 0x0a, 0x0e, 8, 0x0b, 3, byte(size), byte(size>>8), 3, byte(size), byte(size>>8), 3, 1, 1, 3, 2, 2, 0x0e, 8)
		r = append(r, make([]byte, -len(r)&3)...)
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(r))), r...)
	}
	return string(append(b, 0, 0, 0, 0))
}

// fingerprints are those of frames.
func fingerprints(sizes ...uint32) []uint64 {
	var out []uint64
	unwind.Functions([]byte(frames(sizes...)), func(f uint64, _, _ int64) { out = append(out, f) })
	return out
}

// TestUnwound has programs with all, some and too few of the functions of libraries.
func TestUnwound(t *testing.T) {
	alpha, beta, zlib := fingerprints(300, 400, 500, 600), fingerprints(1300, 1400, 1500), fingerprints(2300, 2400, 2500, 2600)
	if len(alpha) != 4 || len(beta) != 3 || len(zlib) != 4 {
		t.Fatalf("%d, %d and %d functions", len(alpha), len(beta), len(zlib))
	}
	functions := make(map[uint64]int)
	for group, list := range [][]uint64{alpha[:2], alpha[2:], beta, zlib} {
		for _, f := range list {
			functions[f] = group
		}
	}
	libraries := []staticlib.Library{{Name: "alpha", Version: "1.2", Origin: "libalpha-dev 1.2-1"}, {Name: "beta", Version: "3", Origin: "libbeta-dev 3-1"},
		{Name: "zlib", Version: "1.2.13", Origin: "zlib1g-dev 1.2.13-1"}, {Name: "huge", Version: "9", Origin: "libhuge-dev 9-1"}}
	groups := []int{0, 0, 1, 2}
	copied := fingerprints(4300, 4400, 4500)
	for range 13 {
		groups = append(groups, 3)
	}
	for _, f := range copied {
		functions[f] = 4
	}
	for group := 5; group < len(groups); group++ {
		functions[uint64(group)<<50] = group
	}
	d := detector(t, false)
	table := staticlib.New(libraries, groups, functions)
	d.library = table
	for what, tt := range map[string]struct {
		path, text string
		needed     []string
		want       []string
	}{
		"whole":                      {"bin/x", frames(300, 400, 500, 600), nil, []string{"contains alpha 1.2 unwind-table-few"}},
		"two libraries":              {"bin/x", frames(300, 400, 500, 600, 9, 1300, 1400, 1500), nil, []string{"contains alpha 1.2 unwind-table-few", "contains beta 3 unwind-table-few"}},
		"the library itself":         {"lib/libalpha.so.1", frames(300, 400, 500, 600), nil, []string{"is alpha 1.2 unwind-table-few"}},
		"one object file of two":     {"bin/x", frames(300, 400), nil, nil},
		"another version":            {"bin/x", frames(300, 400, 500, 601), nil, nil},
		"a row of the table":         {"bin/x", frames(2300, 2400, 2500, 2600), nil, []string{"contains zlib 1.2.13 unwind-table-few"}},
		"which is loaded":            {"bin/x", frames(2300, 2400, 2500, 2600), []string{"libz.so.1"}, nil},
		"text of another":            {"bin/x", frames(2300, 2400, 2500, 2600) + lines(strings.Replace(inflate, "1.2.13", "1.3.1", 1)), nil, []string{"contains zlib 1.3.1 table"}},
		"what a large one copied":    {"bin/x", frames(4300, 4400, 4500), nil, nil},
		"with others between":        {"bin/x", frames(300, 400, 77, 500, 600), nil, []string{"contains alpha 1.2 unwind-table-few"}},
		"nothing that is in a table": {"bin/x", frames(301, 401, 501), nil, nil},
	} {
		if got := identify(t, d, tt.path, dynamic("\x00"+tt.text, tt.needed...)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", what, got, tt.want)
		}
	}
}
