package kernel_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/kernel"
)

const modules = "lib/modules/6.1.0-50-amd64/"

func Example() {
	data := module("name=wireguard", "version=1.0.0", "license=GPL v2", "vermagic=6.1.0-50-amd64 SMP preempt")
	f := &detect.File{
		Entry:    detect.Entry{Path: "lib/modules/6.1.0-50-amd64/updates/wireguard.ko", Size: int64(len(data)), Head: data},
		ReaderAt: bytes.NewReader(data),
	}
	frag, err := kernel.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := frag.Components[0]
	fmt.Println(c.PURL, "for", c.Property("kernel:release"))
	// Output: pkg:generic/linux-kernel-module/wireguard@1.0.0 for 6.1.0-50-amd64
}

// module returns the smallest ELF file with a section .modinfo of these strings.
func module(info ...string) []byte {
	text := []byte(strings.Join(info, "\x00") + "\x00")
	names := []byte("\x00.modinfo\x00.shstrtab\x00")
	var b bytes.Buffer
	h := elf.Header64{Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	h.Shoff = uint64(64 + len(text) + len(names))
	_ = binary.Write(&b, binary.LittleEndian, h)
	b.Write(text)
	b.Write(names)
	for _, s := range []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: 64, Size: uint64(len(text))},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: uint64(64 + len(text)), Size: uint64(len(names))},
	} {
		_ = binary.Write(&b, binary.LittleEndian, s)
	}
	return b.Bytes()
}

// image returns a boot image for x86 of the version.
func image(version string) []byte {
	data := make([]byte, 0x400)
	copy(data[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(data[0x20e:], 0x100)
	copy(data[0x300:], version+"\x00")
	return data
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func zstandard(data []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(data, nil)
}

// xzModule returns the module of testdata/demo.ko.xz: that of demoModule, which xz(1) of
// XZ Utils compressed as the kernel's Makefile does; UPDATE_XZ=1 has it made anew.
func xzModule(t testing.TB) []byte {
	t.Helper()
	if _, err := exec.LookPath("xz"); err == nil && os.Getenv("UPDATE_XZ") != "" {
		cmd := exec.Command("xz", "--check=crc32", "--lzma2=dict=1MiB")
		cmd.Stdin = bytes.NewReader(demoModule)
		data, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/demo.ko.xz", data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile("testdata/demo.ko.xz")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var demoModule = module("license=MIT", "name=demo", "version=3", "vermagic=6.12 SMP")

// zboot returns an image that unpacks itself for EFI.
func zboot(how string, payload []byte) []byte {
	data := make([]byte, 64)
	copy(data, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(data[8:], 64)
	binary.LittleEndian.PutUint32(data[12:], uint32(len(payload)))
	copy(data[24:], how)
	return append(data, payload...)
}

const banner = "Linux version 6.1.0-50-arm64 (builder@example.org) (gcc 12) #1 SMP Debian 6.1.176-1 (2026-07-02)\n\x00"

// rawImage has the banner behind its format, across the blocks it is searched in.
var rawImage = []byte(strings.Repeat("x", 256<<10-20) + "Linux version %s (\x00" + strings.Repeat("y", 100) + banner + "tail")

func quirks(t testing.TB) []detecttest.File {
	intree := module("license=GPL", "depends=xfrm_algo", "intree=Y", "name=af_key", "vermagic=6.1.0-50-amd64 SMP", "version=ignored")
	return []detecttest.File{
		{Path: modules + "kernel/net/af_key.ko", Data: intree},
		{Path: "usr/" + modules + "kernel/net/af_key.ko.gz", Data: gzipped(intree)},
		{Path: "usr/" + modules + "kernel/net/af_key.ko.zst", Data: zstandard(intree)},
		{Path: modules + "kernel/net/af_key.ko.xz", Data: []byte("\xfd7zXZ\x00")},
		{Path: modules + "updates/demo.ko.xz", Data: xzModule(t)},
		{Path: "opt/nvidia/nvidia.ko", Data: module("version=550.1", "license=NVIDIA", "author=N", "author=M", "description=A driver", "srcversion=AB", "vermagic=5.4 SMP")},
		{Path: "opt/dash-ed.ko", Data: module("license=MIT", "name", "=x")},
		{Path: "opt/bad.ko", Data: []byte("\x7fELF")},
		{Path: "boot/vmlinuz-6.1.0-50-amd64", Data: image("6.1.0-50-amd64 (debian-kernel@lists.debian.org) #1 SMP Debian 6.1.176-1")},
		{Path: modules + "vmlinuz", Data: rawImage},
		{Path: "boot/vmlinuz-lzma", Data: zboot("lzma", nil)},
		{Path: "boot/vmlinux", Data: []byte(banner[:40])},
		{Path: "boot/vmlinuz-unknown", Data: []byte("nothing")},
		{Path: "boot/vmlinuz-cut", Data: gzipped(rawImage)[:300]},
	}
}

// compressed are files of which the digest is that of a compressor's version.
func compressed() []detecttest.File {
	return []detecttest.File{
		{Path: "boot/Image.gz", Data: gzipped(rawImage)},
		{Path: "boot/Image", Data: zboot("zstd22", zstandard(rawImage))},
		{Path: "boot/vmlinuz-zboot", Data: zboot("gzip", gzipped(rawImage))},
	}
}

func TestQuirks(t *testing.T) { golden.Check(t, kernel.New(), quirks(t), "testdata/quirks.golden") }

func TestConformance(t *testing.T) {
	detecttest.Run(t, kernel.New(), append(quirks(t), compressed()...)...)
}

func TestCompressed(t *testing.T) {
	for _, f := range compressed() {
		frag := detecttest.Detect(t, kernel.New(), f.Path, f.Data)
		if c := frag.Components[0]; c.Version != "6.1.0-50-arm64" || c.Hashes[0].Algorithm() != "sha256" {
			t.Errorf("%s: %s", f.Path, golden.Text(frag))
		}
	}
}

func TestWants(t *testing.T) {
	const elfHead = "\x7fELF\x02"
	for _, tt := range []struct {
		path, head string
		want       bool
	}{
		{modules + "a.ko", elfHead, true},
		{modules + "a.ko.gz", "\x1f\x8b\x08", true},
		{modules + "a.ko.gz", elfHead, false},
		{modules + "a.gz", "\x1f\x8b\x08", false},
		{"usr/share/vim/tutor/tutor.ko", "=====", false},
		{"usr/share/locale/ko.ko", "", false},
		{"boot/vmlinuz", "MZ", true},
		{"boot/vmlinuz-6.1", "MZ", true},
		{"vmlinuz", "MZ", false},
		{"usr/lib/modules/6.9-arch1-1/vmlinuz", "MZ", true},
		{"usr/lib/modules/6.9-arch1-1/build/vmlinux", "\x7fELF", false},
		{"boot/Image", "MZ", true},
		{"srv/Image", "MZ", false},
		{"boot/config-6.1", "#", false},
	} {
		if got := kernel.New().Wants(&detect.Entry{Path: tt.path, Head: []byte(tt.head), Size: 1 << 20}); got != tt.want {
			t.Errorf("Wants(%s, %q) = %v", tt.path, tt.head, got)
		}
	}
}

// TestRealModules compares the modules of this machine with what modinfo says.
func TestRealModules(t *testing.T) {
	tool, err := exec.LookPath("modinfo")
	if err != nil {
		if tool, err = exec.LookPath("/usr/sbin/modinfo"); err != nil {
			t.Skip(err)
		}
	}
	files := realModules(t)
	for _, p := range files {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		frag := detecttest.Detect(t, kernel.New(), strings.TrimPrefix(p, "/"), data)
		out, err := exec.Command(tool, "-0", p).Output()
		if err != nil {
			t.Fatal(err)
		}
		var name, release, license string
		for line := range strings.SplitSeq(string(out), "\x00") {
			if v, ok := strings.CutPrefix(line, "name="); ok {
				name = v
			}
			if v, ok := strings.CutPrefix(line, "vermagic="); ok {
				release, _, _ = strings.Cut(v, " ")
			}
			if v, ok := strings.CutPrefix(line, "license="); ok && license == "" {
				license = v
			}
		}
		c := frag.Components[0]
		if c.Name != name || c.Property("kernel:release") != release || len(frag.Gaps) > 0 ||
			c.Licenses[0].Name != license && c.Licenses[0].Expression != license {
			t.Errorf("%s: modinfo has %s %s %s\n%s", p, name, release, license, golden.Text(frag))
		}
	}
	t.Logf("%d modules", len(files))
}

// realModules returns every 20th module of the machine.
func realModules(t *testing.T) []string {
	t.Helper()
	var files []string
	n := 0
	_ = filepath.WalkDir("/lib/modules/", func(p string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".ko") {
			if n++; n%20 == 1 {
				files = append(files, p)
			}
		}
		return nil
	})
	if len(files) == 0 {
		t.Skip("there are no modules in /lib/modules")
	}
	return files
}

func TestLimits(t *testing.T) {
	large := bytes.Repeat([]byte{0}, 64<<20+1)
	for _, f := range []detecttest.File{
		{Path: "a.ko.gz", Data: gzipped(large)},
		{Path: "a.ko.zst", Data: zstandard(large)},
		{Path: "boot/Image.gz", Data: gzipped(append(large, large...))},
	} {
		if _, err := detecttest.DetectFile(t, kernel.New(), f); !errors.Is(err, detect.ErrLimit) {
			t.Errorf("%s: error %v", f.Path, err)
		}
	}
}

// FuzzDetect checks the contract, and that a module's name is what it says.
func FuzzDetect(f *testing.F) {
	files := append(quirks(f), compressed()...)
	for i, q := range files {
		if len(q.Data) < 4096 {
			f.Add(uint8(i), q.Data)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		p := files[int(which)%len(files)].Path
		if err := detecttest.Check(kernel.New(), detecttest.File{Path: p, Data: data}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(string(data), "\x00=\n\r") || len(data) == 0 {
			return
		}
		ko := module("intree=Y", "name="+string(data), "vermagic=1")
		frag, err := kernel.New().Detect(context.Background(), detecttest.File{Path: "x.ko", Data: ko}.Open())
		if err != nil || len(frag.Components) != 1 || frag.Components[0].Version != "1" {
			t.Fatalf("%q: error %v", data, err)
		}
	})
}

func BenchmarkModule(b *testing.B) {
	data := module("license=GPL", "intree=Y", "name=af_key", "vermagic=6.1.0-50-amd64 SMP")
	golden.Benchmark(b, kernel.New(), detecttest.File{Path: "a.ko", Data: data})
}
