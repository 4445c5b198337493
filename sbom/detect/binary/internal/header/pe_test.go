package header

import (
	"bytes"
	windowspe "debug/pe"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/petest"
)

func windows() *petest.File {
	return &petest.File{DLL: "foo.dll", Imports: []string{"KERNEL32.dll", "zlib1.dll"}, CodeView: "0123456789abcdef",
		Version: [][2]string{{"CompanyName", "Acme"}, {"ProductName", "Föö"}, {"FileVersion", "1.2.3.4"}, {"ProductVersion", "1.2.3"}, {"OriginalFilename", "foo.dll"}},
		Data:    [][2]string{{"OTHER", "x"}, {"NODE_SEA_BLOB", strings.Repeat("blob", 3000)}}}
}

func TestPE(t *testing.T) {
	data := windows().Bytes()
	if _, err := windowspe.NewFile(bytes.NewReader(data)); err != nil {
		t.Fatalf("the file is none for debug/pe: %v", err)
	}
	for _, piece := range []int{1, 7, 4096, len(data)} {
		got := read(data, piece)
		want := Stated{Field: "VERSIONINFO", Name: "Föö", Version: "1.2.3", Vendor: "Acme", File: "foo.dll"}
		if got.Stated == nil {
			t.Fatalf("pieces of %d: %+v", piece, got)
		}
		if want.Offset = got.Stated.Offset; *got.Stated != want || !bytes.HasPrefix(data[want.Offset+6:], []byte("V\x00S\x00")) {
			t.Errorf("pieces of %d: %+v, want %+v", piece, got.Stated, want)
		}
		if got.Damaged != "" || !got.Library || got.SONAME != "foo.dll" || !slices.Equal(got.Needed, []string{"KERNEL32.dll", "zlib1.dll"}) || got.BuildID != "303132333435363738396162636465661f"[:32]+"1" {
			t.Errorf("pieces of %d: %+v", piece, got)
		}
		if len(got.Payloads) != 1 || got.Payloads[0].Name != "NODE_SEA_BLOB" || !bytes.HasPrefix(data[got.Payloads[0].Offset:], []byte("blobblob")) || got.Payloads[0].Size != 12000 {
			t.Errorf("pieces of %d: %+v", piece, got.Payloads)
		}
	}
}

// TestVersionInfo takes the best of what is stated, and never more than there is.
func TestVersionInfo(t *testing.T) {
	for _, tt := range []struct {
		texts         [][2]string
		name, version string
	}{
		{[][2]string{{"ProductName", "a"}}, "a", "1.2.3.4"},
		{[][2]string{{"ProductName", "a"}, {"FileVersion", "5"}}, "a", "5"},
		{[][2]string{{"InternalName", "b"}, {"ProductVersion", " 6.0 "}, {"FileVersion", "5"}}, "b", "6.0"},
	} {
		if s := versionInfo(petest.VersionInfo(tt.texts), 0); s == nil || s.Name != tt.name || s.Version != tt.version {
			t.Errorf("%q: %+v", tt.texts, s)
		}
	}
	if s := versionInfo(petest.VersionInfo([][2]string{{"Comments", "c"}}), 0); s != nil {
		t.Errorf("without a name: %+v", s)
	}
	whole := petest.VersionInfo([][2]string{{"ProductName", "a"}, {"FileVersion", "5"}})
	for n := range whole {
		versionInfo(whole[:n], 0) // It must not panic.
	}
}

// TestCyclicResources has the tree lead to itself at each level: the work is bounded by
// the number of entries.
func TestCyclicResources(t *testing.T) {
	data := (&petest.File{Data: [][2]string{{"NODE_SEA_BLOB", "x"}}}).Bytes()
	tree := binary.LittleEndian.Uint32(data[0x80+24+112+8*peResources:]) - 0x1000 + 0x400
	entries := 0
	for at := int(tree); at+16 < len(data) && entries < 3; at += 16 {
		entries++
		binary.LittleEndian.PutUint16(data[at+14:], 0xffff)
		binary.LittleEndian.PutUint32(data[at+20:], highBit) // To the root.
	}
	if got := read(data, 512); got.Format != "PE" || len(got.Payloads) > maxParts {
		t.Errorf("%+v", got)
	}
}
