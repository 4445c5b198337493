package nativeimage

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

const document = `{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"type":"application","name":"app","version":"1.0","purl":"pkg:maven/com.acme/app@1.0"}},
"components":[{"type":"library","group":"io.netty","name":"netty-common","version":"4.1.100","purl":"pkg:maven/io.netty/netty-common@4.1.100","licenses":[{"license":{"id":"Apache-2.0"}}]},
{"type":"library","group":"org.x","name":"y","version":"2"},{"type":"library","name":"plain","version":"3"},{"name":"without version"}]}`

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

// program is an ELF file with the sections of a dynamic table of symbols, one of which
// names the SBOM and one its length.
func program(sbom string, length int) []byte {
	le := binary.LittleEndian
	const base, header, segment, section, symbol = 0x10000, 64, 56, 64, 24
	b := make([]byte, header+segment)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 3)
	le.PutUint64(b[32:], header)
	le.PutUint16(b[54:], segment)
	le.PutUint16(b[56:], 1)
	sbomAt := len(b)
	b = append(b, sbom...)
	lengthAt := len(b)
	b = le.AppendUint64(b, uint64(length))
	names := "\x00other\x00my_sbom\x00sbom_length\x00"
	namesAt := len(b)
	b = append(b, names...)
	symbolsAt := len(b)
	for _, s := range [][2]int{{0, 0}, {1, 1}, {strings.Index(names, "sbom\x00"), sbomAt}, {strings.Index(names, Sign), lengthAt}} {
		x := make([]byte, symbol)
		le.PutUint32(x, uint32(s[0]))
		if s[1] > 0 {
			le.PutUint64(x[8:], uint64(base+s[1]))
		}
		b = append(b, x...)
	}
	tableNames := "\x00.dynsym\x00.dynstr\x00.shstrtab\x00"
	tableNamesAt := len(b)
	b = append(b, tableNames...)
	sectionsAt := len(b)
	b = append(b, make([]byte, section)...)
	for _, s := range []struct {
		name        string
		off, length int
	}{{".dynsym", symbolsAt, 4 * symbol}, {".dynstr", namesAt, len(names)}, {".shstrtab", tableNamesAt, len(tableNames)}} {
		x := make([]byte, section)
		le.PutUint32(x, uint32(strings.Index(tableNames, s.name)))
		le.PutUint32(x[4:], 3)
		le.PutUint64(x[24:], uint64(s.off))
		le.PutUint64(x[32:], uint64(s.length))
		b = append(b, x...)
	}
	le.PutUint64(b[40:], uint64(sectionsAt))
	le.PutUint16(b[58:], section)
	le.PutUint16(b[60:], 4)
	le.PutUint16(b[62:], 3)
	p := b[header:]
	le.PutUint32(p, 1)
	le.PutUint64(p[16:], base)
	le.PutUint64(p[32:], uint64(len(b)))
	return b
}

func read(data []byte) *payload.Payload {
	return Read(payload.Source{ReaderAt: bytes.NewReader(data), Size: int64(len(data))})
}

func told(p *payload.Payload) []string {
	var out []string
	for _, x := range p.Packages {
		out = append(out, fmt.Sprint(x.Type, " ", x.Name, " ", x.Version, " ", x.Own))
	}
	return out
}

var want = []string{"generic plain 3 false", "maven com.acme/app 1.0 true", "maven io.netty/netty-common 4.1.100 false", "maven org.x/y 2 false"}

func TestRead(t *testing.T) {
	data := program(zipped(document), len(zipped(document)))
	p := read(data)
	if p == nil || !slices.Equal(told(p), want) || p.Err != nil || !bytes.HasPrefix(data[p.Offset:], []byte("\x1f\x8b")) {
		t.Fatalf("%+v", p)
	}
	if p.Packages[2].License != "Apache-2.0" || p.Packages[2].Offset != p.Offset {
		t.Errorf("%+v", p.Packages[2])
	}
	data = bytes.ReplaceAll(data, []byte("sbom"), []byte("mobs"))
	if p := read(data); p != nil {
		t.Errorf("without the symbols: %+v", p)
	}
	if p := read([]byte("MZ and more, to the length of a header of ELF and some bytes beyond it")); p == nil || !errors.Is(p.Err, detect.ErrUnsupported) {
		t.Errorf("PE: %+v", p)
	}
}

func TestHostile(t *testing.T) {
	whole := zipped(document)
	for what, tt := range map[string]struct {
		sbom   string
		length int
		want   error
	}{
		"length of 4 GiB":  {whole, 4 << 30, detect.ErrFormat},
		"cut off":          {whole, len(whole) - 10, detect.ErrFormat},
		"no gzip":          {document, len(document), detect.ErrFormat},
		"a bomb":           {zipped(strings.Repeat(" ", 64<<20)), len(zipped(strings.Repeat(" ", 64<<20))), detect.ErrLimit},
		"another document": {zipped(`{"spdxVersion":"SPDX-2.3"}`), len(zipped(`{"spdxVersion":"SPDX-2.3"}`)), detect.ErrFormat},
		"no JSON":          {zipped(`<bom/>`), len(zipped(`<bom/>`)), detect.ErrFormat},
		"no list":          {zipped(`{"bomFormat":"CycloneDX","components":{}}`), len(zipped(`{"bomFormat":"CycloneDX","components":{}}`)), detect.ErrFormat},
	} {
		if p := read(program(tt.sbom, tt.length)); p == nil || !errors.Is(p.Err, tt.want) || len(p.Packages) > 0 {
			t.Errorf("%s: %+v", what, p)
		}
	}
}

// TestLinker has this machine's C compiler make the program, whose symbols lie where
// GraalVM's do.
func TestLinker(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil || testing.Short() {
		t.Skip("no C compiler, or a short test")
	}
	dir := t.TempDir()
	var source strings.Builder
	source.WriteString("const unsigned char sbom[] = {")
	whole := zipped(document)
	for _, b := range []byte(whole) {
		fmt.Fprintf(&source, "%d,", b)
	}
	fmt.Fprintf(&source, "};\nconst unsigned long sbom_length = %d;\nint main(void) { return sbom[0]; }\n", len(whole))
	if err := os.WriteFile(filepath.Join(dir, "a.c"), []byte(source.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, args := range map[string][]string{"symbols": nil, "stripped": {"-s", "-rdynamic"}, "library": {"-s", "-shared", "-fPIC"}} {
		at := filepath.Join(dir, "a.out")
		if out, err := exec.Command(cc, append(args, "-o", at, filepath.Join(dir, "a.c"))...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		data, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		if p := read(data); p == nil || !slices.Equal(told(p), want) || p.Err != nil {
			t.Errorf("%s: %+v", what, p)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(program(zipped(document), len(zipped(document))))
	f.Add(program("text", 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := read(data)
		if p == nil {
			return
		}
		if p.Err != nil && !errors.Is(p.Err, detect.ErrFormat) && !errors.Is(p.Err, detect.ErrLimit) && !errors.Is(p.Err, detect.ErrUnsupported) {
			t.Errorf("error %v", p.Err)
		}
		if p.Err == nil && (p.Size <= 0 || p.Offset < 0 || p.Offset+p.Size > int64(len(data))) {
			t.Errorf("%d bytes at %d of %d", p.Size, p.Offset, len(data))
		}
	})
}
