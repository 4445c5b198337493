package upx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// compress returns a stream of LZMA with UPX's two bytes in front, as xz(1) makes it: the only
// chunk of LZMA2 in a file. The test is skipped where there is no xz.
func compress(t testing.TB, content string) []byte {
	t.Helper()
	tool, err := exec.LookPath("xz")
	if err != nil {
		t.Skip("no xz on this machine")
	}
	run := exec.Command(tool, "--stdout", "--format=xz", "--threads=1")
	run.Stdin = strings.NewReader(content)
	b, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	at := 12 + (int(b[12])+1)*4
	n := int(binary.BigEndian.Uint16(b[at+3:])) + 1
	if b[at+5] != 0x5d || b[at+6+n] != 0 {
		t.Fatalf("xz compresses in another way: %x", b[at:at+6])
	}
	return append([]byte{3<<3 | 2, 3}, b[at+6:][:n]...) // lc 3, lp 0, pb 2
}

// blockOf is a block of a packed program.
func blockOf(unpacked int, packed []byte, method byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(unpacked))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(packed)))
	return append(append(b, method, 0, 0, 0), packed...)
}

// packed is a program as UPX lays it out: ELF's headers, its own two, blocks, an empty one, and
// the PackHeader.
func packed(method byte, blocks ...[]byte) []byte {
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 229)...)
	b = append(append(b, magic...), make([]byte, 4+12)...)
	for _, x := range blocks {
		b = append(b, x...)
	}
	b = append(b, make([]byte, blockHeader)...)
	return append(b, packHeader(22, method, 50_000, 20_000)...)
}

func unpack(data []byte) *payload.Payload {
	return Unpack(payload.Source{ReaderAt: bytes.NewReader(data), Size: int64(len(data))}, data, data)
}

// content reads the program of a payload.
func content(p *payload.Payload) (string, error) {
	r, err := p.Programs[0].Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

// headers are those of a program of segments, as UPX stores them in the first block.
func headers(segments ...int) []byte {
	le := binary.LittleEndian
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 57)...)
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], uint16(len(segments)))
	for _, n := range segments {
		p := make([]byte, 56)
		p[0] = segmentLoad
		le.PutUint64(p[32:], uint64(n))
		b = append(b, p...)
	}
	return blockOf(len(b), b, methodLZMA)
}

func TestUnpack(t *testing.T) {
	first, second := strings.Repeat("first segment ", 1000), strings.Repeat("second segment ", 500)
	head := headers(64+2*56+len(first), 6, len(second))
	data := packed(methodLZMA, head, blockOf(len(first), compress(t, first), methodLZMA), blockOf(6, []byte("stored"), methodLZMA), blockOf(len(second), compress(t, second), methodLZMA), []byte("the launcher, which is no block"))
	want := string(head[blockHeader:]) + first + "stored" + second
	p := unpack(data)
	if p == nil || p.Err != nil || len(p.Programs) != 1 || !p.Programs[0].Whole || p.Programs[0].Size != int64(len(want)) {
		t.Fatalf("%+v", p)
	}
	for range 2 { // It can be opened again.
		if got, err := content(p); got != want || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

func TestNotUnpacked(t *testing.T) {
	for what, data := range map[string][]byte{
		"a block by NRV":            packed(methodLZMA, headers(10), blockOf(10, []byte("123"), 8)),
		"all by NRV":                packed(8, headers(10), blockOf(10, []byte("123"), 8)),
		"a block beyond the file":   packed(methodLZMA, headers(1000), []byte("\xff\xff\xff\x7f\xff\xff\xff\x7f\x0e\x00\x00\x00")),
		"a block that has grown":    packed(methodLZMA, headers(1000), blockOf(2, []byte("123"), methodLZMA)),
		"a block without a length":  packed(methodLZMA, headers(1000), blockOf(2, nil, methodLZMA)),
		"less than what is loaded":  packed(methodLZMA, headers(1000), blockOf(6, []byte("stored"), methodLZMA)),
		"headers that are none":     packed(methodLZMA, blockOf(100, make([]byte, 100), methodLZMA)),
		"headers without a segment": packed(methodLZMA, headers()),
		"headers of 4 GiB":          packed(methodLZMA, []byte("\xff\xff\xff\xff\x03\x00\x00\x00\x0e\x00\x00\x00\x1a\x03\x00")),
	} {
		if p := unpack(data); p == nil || !errors.Is(p.Err, detect.ErrUnsupported) || len(p.Programs) > 0 {
			t.Errorf("%s: %+v", what, p)
		}
	}
	for what, tt := range map[string]struct {
		block []byte
		want  error
	}{
		"4 GiB":                     {[]byte("\xff\xff\xff\xff\x03\x00\x00\x00\x0e\x00\x00\x00\x1a\x03\x00"), detect.ErrLimit},
		"properties that cannot be": {blockOf(9, []byte("\xff\xff12345"), methodLZMA), detect.ErrFormat},
		"damaged":                   {blockOf(9, []byte("\x1a\x031234"), methodLZMA), detect.ErrFormat},
		"short":                     {blockOf(9, []byte("\x1a"), methodLZMA), detect.ErrFormat},
	} {
		p := unpack(packed(methodLZMA, headers(9), tt.block))
		if p == nil || len(p.Programs) != 1 {
			t.Errorf("%s: %+v", what, p)
			continue
		}
		if _, err := content(p); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestTool unpacks what UPX packs, if this machine has it.
func TestTool(t *testing.T) {
	tool, err := exec.LookPath("upx")
	if err != nil {
		t.Skip("no UPX on this machine")
	}
	program, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	at := filepath.Join(t.TempDir(), "packed")
	if out, err := exec.Command(tool, "--lzma", "-qq", "-o", at, program).CombinedOutput(); err != nil {
		t.Skipf("UPX fails: %v\n%s", err, out)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	p := Unpack(payload.Source{ReaderAt: bytes.NewReader(data), Size: int64(len(data))}, data[:4096], data[max(0, len(data)-65536):])
	if p == nil || len(p.Programs) != 1 {
		t.Fatalf("%+v", p)
	}
	if got, err := content(p); err != nil || !strings.Contains(got, "TestTool unpacks") && !strings.Contains(got, "no UPX on this machine") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(packed(methodLZMA, headers(15), blockOf(6, []byte("stored"), methodLZMA), blockOf(9, []byte("\x1a\x031234"), methodLZMA)))
	f.Add(packed(8, headers(10), blockOf(10, []byte("123"), 8)))
	f.Add([]byte("MZ\x00\x004.24\x00" + packHeader(36, 10, 5000, 2000)))
	f.Add([]byte("$Id: UPX 3.96 Copyright" + packHeader(0x84, 2, 5000, 2000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := unpack(data)
		if p == nil {
			return
		}
		if v, ok := strings.CutPrefix(p.Tool, "UPX "); ok && !bytes.Contains(data, []byte(v)) || len(p.Packages) > 0 {
			t.Errorf("%+v", p)
		}
		if len(p.Programs) == 0 {
			if !errors.Is(p.Err, detect.ErrUnsupported) {
				t.Errorf("error %v", p.Err)
			}
			return
		}
		if p.Err != nil {
			t.Errorf("error %v of what can be read", p.Err)
		}
		if p.Programs[0].Size > 1<<20 {
			return // As much as the limits allow.
		}
		got, err := content(p)
		if err == nil && int64(len(got)) != p.Programs[0].Size || err != nil && !errors.Is(err, detect.ErrFormat) && !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%d bytes of %d, %v", len(got), p.Programs[0].Size, err)
		}
	})
}
