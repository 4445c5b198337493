package debian_test

import (
	"debug/elf"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex/debian"
)

var update = flag.Bool("update", false, "write testdata/lookups.golden")

func ExampleSource() {
	buildID, err := hex.DecodeString("82a0acb92e6288fb69856b6bab91f23854738fb9") // Of a /usr/bin/bash.
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := debian.Source().Find(fileindex.BuildID, buildID)
	fmt.Println(records[0].Name, records[0].Version, records[0].PURL, err)
	// Output: bash 5.2.15 pkg:deb/debian/bash@5.2.15-2%2Bb13?arch=amd64&distro=debian-12&upstream=bash%405.2.15-2 <nil>
}

// TestVerify has the index be whole, of the size that the documentation says, and without digests.
func TestVerify(t *testing.T) {
	x := debian.Source()
	if err := x.Verify(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat("debian.idx")
	if err != nil {
		t.Fatal(err)
	}
	if x.Len() < 5_000 || info.Size() > 3<<20 || float64(info.Size())/float64(x.Len()) > 14 {
		t.Errorf("%d entries in %d bytes", x.Len(), info.Size())
	}
	if debian.Source() != x {
		t.Error("another one at the second call")
	}
}

// TestLookups compares what is said of each build-id in testdata/lookups.golden, which are of packages
// of both suites, with what is there. With -update the answers are written; the build-ids are the file's.
func TestLookups(t *testing.T) {
	const golden = "testdata/lookups.golden"
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(b)) {
		text, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		got.WriteString(text)
		id, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		records, err := debian.Source().Find(fileindex.BuildID, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			fmt.Fprintf(&got, " %s %s %s", r.Name, r.Version, r.PURL)
		}
		got.WriteByte('\n')
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil { //nolint:gosec // Test data.
			t.Fatal(err)
		}
	}
	if got.String() != string(b) && !*update {
		t.Errorf("%s, want\n%s", &got, b)
	}
}

// TestThisMachine asks for all programs of a Debian system: each that is known is of the release and
// architecture of this machine, and some are.
func TestThisMachine(t *testing.T) {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil || !strings.Contains(string(release), "ID=debian\n") {
		t.Skip("no Debian")
	}
	files, err := filepath.Glob("/usr/bin/*")
	if err != nil {
		t.Fatal(err)
	}
	known, distros := 0, make(map[string]int)
	for _, file := range files {
		id := buildID(file)
		if id == nil {
			continue
		}
		records, err := debian.Source().Find(fileindex.BuildID, id)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) > 0 {
			known++
		}
		for _, r := range records {
			for _, distro := range []string{"debian-12", "debian-13"} {
				if strings.Contains(r.PURL, "distro="+distro) && strings.Contains(string(release), `VERSION_ID="`+distro[len("debian-"):]+`"`) {
					distros[distro]++
				}
			}
		}
	}
	t.Logf("%d known of %d files in /usr/bin", known, len(files))
	if known == 0 {
		t.Skip("this machine has other versions")
	}
	if len(distros) != 1 {
		t.Errorf("%d known, of %v", known, distros)
	}
}

// buildID returns nil for what has none.
func buildID(file string) []byte {
	f, err := elf.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	s := f.Section(".note.gnu.build-id")
	if s == nil {
		return nil
	}
	b, err := s.Data()
	if err != nil || len(b) < 16+fileindex.MinID {
		return nil
	}
	return b[16:]
}

func BenchmarkLoad(b *testing.B) {
	data, err := os.ReadFile("debian.idx")
	if err != nil {
		b.Fatal(err)
	}
	text := string(data)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fileindex.Open(strings.NewReader(text), int64(len(text))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for name, id := range map[string]string{"known": "82a0acb92e6288fb69856b6bab91f23854738fb9", "unknown": "0000acb92e6288fb69856b6bab91f23854738fb9"} {
		raw, err := hex.DecodeString(id)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := debian.Source().Find(fileindex.BuildID, raw); err != nil || (len(got) == 1) != (name == "known") {
					b.Fatal(got, err)
				}
			}
		})
	}
}
