package rpmdb_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	oracle "github.com/anchore/go-rpmdb/pkg"

	"github.com/imagetrust/imagetrust/internal/rpmdb"
	"github.com/imagetrust/imagetrust/internal/rpmdb/rpmdbtest"
)

func ExampleHeaders() {
	data := rpmdbtest.SQLite(rpmdbtest.Package("bash", "5.1.8", "6.el9", "x86_64"))
	for blob, err := range rpmdb.Headers(bytes.NewReader(data), int64(len(data))) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		p, err := rpmdb.Parse(blob)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(p.Name, p.Version, p.Release, p.Arch)
	}
	// Output: bash 5.1.8 6.el9 x86_64
}

// samples returns headers that fit into a page, that need one overflow page, and
// that need many.
func samples() [][]byte {
	var hs [][]byte
	for i, n := range []int{0, 100, 300, 400, 470, 1000, 20_000} {
		hs = append(hs, rpmdbtest.Package(fmt.Sprintf("p%d", i), "1", "1", "noarch",
			rpmdbtest.Value{Tag: 1004, Data: strings.Repeat("s", n)}))
	}
	return hs
}

func databases(hs ...[]byte) map[string][]byte {
	return map[string][]byte{
		"rpmdb.sqlite":       rpmdbtest.SQLite(hs...),
		"Packages.db":        rpmdbtest.NDB(hs...),
		"Packages":           rpmdbtest.BDB(false, hs...),
		"bigendian/Packages": rpmdbtest.BDB(true, hs...),
	}
}

// collect returns copies of the headers, and the errors.
func collect(data []byte) (hs [][]byte, errs []error) {
	for blob, err := range rpmdb.Headers(bytes.NewReader(data), int64(len(data))) {
		if err != nil {
			errs = append(errs, err)
		} else {
			hs = append(hs, bytes.Clone(blob))
		}
	}
	return hs, errs
}

func TestHeaders(t *testing.T) {
	want := samples()
	for name, data := range databases(want...) {
		t.Run(name, func(t *testing.T) {
			got, errs := collect(data)
			if len(errs) > 0 || !slices.EqualFunc(want, got, bytes.Equal) {
				t.Errorf("%d headers of %d, errors %v", len(got), len(want), errs)
			}
			n := 0
			for range rpmdb.Headers(bytes.NewReader(data), int64(len(data))) {
				if n++; n == 2 {
					break
				}
			}
			if n != 2 {
				t.Errorf("went on to %d after break", n)
			}
		})
	}
}

// TestBuilders checks the databases of rpmdbtest against another reader, so that
// our reader and our writer do not share an error.
func TestBuilders(t *testing.T) {
	for name, data := range databases(samples()[2:]...) {
		t.Run(name, func(t *testing.T) {
			p := filepath.Join(t.TempDir(), filepath.Base(name))
			if err := os.WriteFile(p, data, 0o644); err != nil {
				t.Fatal(err)
			}
			db, err := oracle.Open(p)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			packages, err := db.ListPackages()
			if err != nil {
				t.Fatal(err)
			}
			if len(packages) != len(samples())-2 || packages[0].Name != "p2" {
				t.Errorf("%d packages", len(packages))
			}
		})
	}
}

func TestEmptyDatabases(t *testing.T) {
	for name, data := range databases() {
		if hs, errs := collect(data); len(hs) > 0 || len(errs) > 0 {
			t.Errorf("%s: %d headers, errors %v", name, len(hs), errs)
		}
	}
}

// TestDamage damages one package in the middle, in one way for each format. The
// others must still be there.
func TestDamage(t *testing.T) {
	hs := samples()
	for _, tt := range []struct {
		name   string
		data   []byte
		damage func(data []byte)
		want   int
	}{
		{"sqlite overflow chain ends early", rpmdbtest.SQLite(hs...), func(d []byte) {
			binary.BigEndian.PutUint32(d[lastPage(d, 512):], 0)
			binary.BigEndian.PutUint32(d[lastPage(d, 512)-512:], 0)
		}, len(hs) - 1},
		{"sqlite overflow loop", rpmdbtest.SQLite(hs...), func(d []byte) {
			binary.BigEndian.PutUint32(d[lastPage(d, 512)-512:], uint32(lastPage(d, 512)/512))
		}, len(hs) - 1},
		{"sqlite leaf is no leaf", rpmdbtest.SQLite(hs...), func(d []byte) { d[2*512] = 0 }, len(hs) - 1},
		{"sqlite cell beyond the page", rpmdbtest.SQLite(hs...), func(d []byte) { d[2*512+8] = 0xff }, len(hs) - 1},
		{"ndb checksum", rpmdbtest.NDB(hs...), func(d []byte) { d[4096+20]++ }, len(hs) - 1},
		{"ndb slot beyond the file", rpmdbtest.NDB(hs...), func(d []byte) { d[32+8+3] = 0x7f }, len(hs) - 1},
		{"ndb slot without magic", rpmdbtest.NDB(hs...), func(d []byte) { d[32] = 0 }, len(hs) - 1},
		{"ndb two slots share a blob", rpmdbtest.NDB(hs...), func(d []byte) { copy(d[48:64], d[32:48]) }, len(hs) - 1},
		{"bdb chain loop", rpmdbtest.BDB(false, hs...), func(d []byte) {
			binary.LittleEndian.PutUint32(d[lastPage(d, 512)-512+16:], uint32(lastPage(d, 512)/512-1))
		}, len(hs) - 1},
		{"bdb chain leaves the overflow pages", rpmdbtest.BDB(false, hs...), func(d []byte) {
			binary.LittleEndian.PutUint32(d[lastPage(d, 512)-512+16:], 1)
		}, len(hs) - 1},
		{"bdb entry beyond the page", rpmdbtest.BDB(false, hs...), func(d []byte) { d[2*512+29] = 0xff }, len(hs) - 1},
		{"bdb odd entries", rpmdbtest.BDB(false, hs...), func(d []byte) { d[2*512+20] = 1 }, len(hs) - 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.damage(tt.data)
			got, errs := collect(tt.data)
			if len(got) != tt.want || len(errs) != 1 {
				t.Errorf("%d headers, want %d; errors %v", len(got), tt.want, errs)
			}
			for _, err := range errs {
				if !errors.Is(err, rpmdb.ErrFormat) {
					t.Errorf("error %v", err)
				}
			}
		})
	}
}

func lastPage(data []byte, size int) int { return len(data) - size }

func TestFiles(t *testing.T) {
	wal := rpmdbtest.SQLite(samples()...)
	utf16 := bytes.Clone(wal)
	utf16[59] = 2
	noTable := bytes.Replace(wal, []byte("Packages"), []byte("Packaged"), -1)
	encrypted := rpmdbtest.BDB(false)
	encrypted[24] = 1
	btree := rpmdbtest.BDB(false)
	binary.LittleEndian.PutUint32(btree[12:], 0x053162)
	ndb1 := rpmdbtest.NDB()
	ndb1[4] = 1
	ndbSlots := rpmdbtest.NDB()
	ndbSlots[14] = 0xff
	badPage := bytes.Clone(wal)
	badPage[17] = 7
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, rpmdb.ErrFormat},
		{"short", []byte("RpmP"), rpmdb.ErrFormat},
		{"unknown", make([]byte, 4096), rpmdb.ErrFormat},
		{"sqlite header alone", wal[:60], rpmdb.ErrFormat},
		{"sqlite page size", badPage, rpmdb.ErrFormat},
		{"sqlite in UTF-16", utf16, rpmdb.ErrUnsupported},
		{"sqlite without the table", noTable, rpmdb.ErrFormat},
		{"bdb encrypted", encrypted, rpmdb.ErrUnsupported},
		{"bdb btree", btree, rpmdb.ErrUnsupported},
		{"ndb version", ndb1, rpmdb.ErrUnsupported},
		{"ndb slots", ndbSlots, rpmdb.ErrFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hs, errs := collect(tt.data)
			if len(hs) > 0 || len(errs) != 1 || !errors.Is(errs[0], tt.want) {
				t.Errorf("%d headers, errors %v, want %v", len(hs), errs, tt.want)
			}
		})
	}
}

// TestTruncated cuts databases off everywhere: what is lost is an error.
func TestTruncated(t *testing.T) {
	hs := samples()
	for name, data := range databases(hs...) {
		for n := 0; n < len(data); n += 97 {
			got, errs := collect(data[:n])
			if len(got) < len(hs) && len(errs) == 0 {
				t.Errorf("%s cut off at %d: %d headers and no error", name, n, len(got))
			}
		}
	}
}

func TestParse(t *testing.T) {
	v := func(tag uint32, data any) rpmdbtest.Value { return rpmdbtest.Value{Tag: tag, Data: data} }
	p, err := rpmdb.Parse(rpmdbtest.Package("n", "1", "2", "noarch",
		v(1003, []uint32{7}), v(1047, []string{"n", "n(x)"}), v(1049, []string{"/bin/sh"}), v(5011, []uint32{8}),
		v(1116, []uint32{0, 1, 0}), v(1117, []string{"a", "b", "c"}), v(1118, []string{"/etc/", "/usr/"}),
		v(1030, []uint16{0o100644, 0o40755, 0o120777}), v(1037, []uint32{1, 64, 0}), v(1029, []byte{0, 2, 1}),
		v(1035, []string{"aa", "", ""}), v(1045, []uint32{0, 0xffffffff, 0xffffffff}),
		// Appended on installation, these replace the first.
		v(1000, "renamed")))
	if err != nil || p.Err != nil {
		t.Fatal(err, p.Err)
	}
	if p.Name != "renamed" || p.Epoch != 7 || p.DigestAlgorithm != 8 || len(p.Provides) != 2 || p.Requires[0] != "/bin/sh" {
		t.Errorf("%+v", p)
	}
	want := []rpmdb.File{
		{Dir: "/etc/", Base: "a", Digest: "aa", Mode: 0o100644, Flags: rpmdb.FlagConfig},
		{Dir: "/usr/", Base: "b", Mode: 0o40755, Flags: rpmdb.FlagGhost, State: rpmdb.StateNotInstalled, Verify: 0xffffffff},
		{Dir: "/etc/", Base: "c", Mode: 0o120777, State: rpmdb.StateReplaced, Verify: 0xffffffff},
	}
	if !slices.Equal(p.Files, want) || !p.Files[1].Directory() || p.Files[0].Directory() {
		t.Errorf("%+v", p.Files)
	}
}

// TestParsePartly: what cannot be read is named, and the rest is there.
func TestParsePartly(t *testing.T) {
	v := func(tag uint32, data any) rpmdbtest.Value { return rpmdbtest.Value{Tag: tag, Data: data} }
	names := []rpmdbtest.Value{v(1116, []uint32{0}), v(1117, []string{"a"}), v(1118, []string{"/"})}
	for _, tt := range []struct {
		name   string
		values []rpmdbtest.Value
		files  int
		want   string
	}{
		{"name is a number", []rpmdbtest.Value{v(1014, []uint32{1})}, 0, "tag 1014 has type 4"},
		{"epoch is a string", []rpmdbtest.Value{v(1003, "1")}, 0, "tag 1003 has type 6"},
		{"directory out of range", []rpmdbtest.Value{v(1116, []uint32{5}), v(1117, []string{"a"}), v(1118, []string{"/"})}, 0, "directory 5 of 1"},
		{"fewer directories", []rpmdbtest.Value{v(1116, []uint32{0}), v(1117, []string{"a", "b"}), v(1118, []string{"/"})}, 0, "1 directories of 2 files"},
		{"more digests", append(names, v(1035, []string{"a", "b"})), 1, "2 digests of 1 files"},
		{"more flags", append(names, v(1037, []uint32{1, 2})), 1, "2 values of tag 1037"},
		{"whole names", []rpmdbtest.Value{v(1027, []string{"/a", "/b"})}, 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := rpmdb.Parse(rpmdbtest.Package("n", "1", "2", "noarch", tt.values...))
			if err != nil {
				t.Fatal(err)
			}
			if p.Name != "n" || len(p.Files) != tt.files {
				t.Errorf("name %q, %d files", p.Name, len(p.Files))
			}
			if (tt.want == "") != (p.Err == nil) || p.Err != nil && !strings.Contains(p.Err.Error(), tt.want) {
				t.Errorf("error %v, want %q", p.Err, tt.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	h := rpmdbtest.Package("n", "1", "2", "noarch")
	many := bytes.Clone(h)
	many[1] = 1
	for _, tt := range []struct {
		name string
		blob []byte
		want error
	}{
		{"empty", nil, rpmdb.ErrFormat},
		{"cut off", h[:len(h)-1], rpmdb.ErrFormat},
		{"many entries", many, rpmdb.ErrLimit},
		{"long", make([]byte, rpmdb.MaxHeader+1), rpmdb.ErrLimit},
	} {
		if _, err := rpmdb.Parse(tt.blob); !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.want)
		}
	}
	// An offset, a count beyond the store.
	for at, what := range map[int]string{8 + 8: "offset", 8 + 16 + 12: "count"} {
		bad := bytes.Clone(h)
		bad[at] = 0x70
		if p, err := rpmdb.Parse(bad); err != nil || (what == "offset") != (p.Err != nil) {
			t.Errorf("%s: %v %v", what, err, p)
		}
	}
}

// TestParseValues: an array of very many values is over the limit, not allocated.
func TestParseValues(t *testing.T) {
	many := make([]string, 1<<20+1)
	for _, tt := range []rpmdbtest.Value{{Tag: 1117, Data: many}, {Tag: 1047, Data: many}, {Tag: 1003, Data: make([]uint32, 1<<20+1)}} {
		p, err := rpmdb.Parse(rpmdbtest.Package("n", "1", "2", "noarch", tt))
		if err != nil || !errors.Is(p.Err, rpmdb.ErrLimit) || len(p.Files) > 0 {
			t.Errorf("tag %d: %v, %v", tt.Tag, err, p.Err)
		}
	}
}

// countingReader counts the bytes read.
type countingReader struct {
	io.ReaderAt
	n int64
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// FuzzHeaders checks that the work is proportional to the file: its bytes are
// read at most a few times, and the headers have no more bytes than were read.
func FuzzHeaders(f *testing.F) {
	for _, data := range databases(samples()[1:4]...) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &countingReader{ReaderAt: bytes.NewReader(data)}
		var total int64
		n := 0
		for blob, err := range rpmdb.Headers(r, int64(len(data))) {
			if err != nil && !errors.Is(err, rpmdb.ErrFormat) && !errors.Is(err, rpmdb.ErrUnsupported) && !errors.Is(err, rpmdb.ErrLimit) {
				t.Fatalf("error %v has no type", err)
			}
			if n++; n > len(data)+1 {
				t.Fatalf("%d headers and errors from %d bytes", n, len(data))
			}
			total += int64(len(blob))
			if err == nil {
				_, _ = rpmdb.Parse(blob)
			}
		}
		if r.n > 2*int64(len(data))+4096 || total > r.n {
			t.Fatalf("read %d of %d bytes, %d bytes of headers", r.n, len(data), total)
		}
	})
}

// FuzzParse checks that what is said about a package is in its header.
func FuzzParse(f *testing.F) {
	for _, h := range samples()[:3] {
		f.Add(h)
	}
	f.Add(rpmdbtest.Package("n", "1", "2", "a", rpmdbtest.Value{Tag: 1116, Data: []uint32{0}},
		rpmdbtest.Value{Tag: 1117, Data: []string{"a"}}, rpmdbtest.Value{Tag: 1118, Data: []string{"/"}}))
	f.Fuzz(func(t *testing.T, blob []byte) {
		p, err := rpmdb.Parse(blob)
		if err != nil {
			return
		}
		if len(p.Files) > len(blob) || len(p.Provides) > len(blob) {
			t.Fatalf("%d files, %d provides of %d bytes", len(p.Files), len(p.Provides), len(blob))
		}
		for _, s := range append([]string{p.Name, p.Version, p.Summary}, p.Requires...) {
			if !bytes.Contains(blob, []byte(s)) {
				t.Fatalf("%q is not in the header", s)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	n := 500
	bases, dirs, modes := make([]string, n), make([]uint32, n), make([]uint16, n)
	digests := make([]string, n)
	for i := range n {
		bases[i], digests[i], modes[i] = fmt.Sprintf("file%d", i), strings.Repeat("0123456789abcdef", 4), 0o100644
	}
	v := func(tag uint32, data any) rpmdbtest.Value { return rpmdbtest.Value{Tag: tag, Data: data} }
	blob := rpmdbtest.Package("n", "1", "2", "a", v(1116, dirs), v(1117, bases), v(1118, []string{"/usr/lib/"}), v(1030, modes), v(1035, digests))
	b.SetBytes(int64(len(blob)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rpmdb.Parse(blob); err != nil {
			b.Fatal(err)
		}
	}
}
