package osv

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

func BenchmarkBuild(b *testing.B) {
	openShared(b)
	b.ReportAllocs()
	var n int
	for b.Loop() {
		var buf bytes.Buffer
		stats, err := Build(b.Context(), &buf, Dir(sharedOSV))
		if err != nil {
			b.Fatal(err)
		}
		n = stats.Records
	}
	b.ReportMetric(float64(n), "records")
}

func BenchmarkOpen(b *testing.B) {
	openShared(b)
	index, err := sharedIndex()
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(b.TempDir(), "index")
	if err := os.WriteFile(name, index, 0o666); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ReportMetric(float64(len(index)), "bytes")
	for b.Loop() {
		db, err := Open(name)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	db := openShared(b)
	for _, bm := range []struct{ name, eco, pkg string }{
		{"hit", "Debian:11", "curl"}, {"miss", "Debian:11", "no-such-package"}, {"many versions", "PyPI", "tensorflow"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := db.lookup(ecosystem(bm.eco), bm.pkg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScan scans the 456 packages of a Debian 12 root file system, with
// everything in memory, and from a file that is opened for each scan.
func BenchmarkScan(b *testing.B) {
	db := openShared(b)
	inv := syftInventory(b, "debian12-rootfs.syft.cdx.json", &sbom.Distribution{ID: "debian", VersionID: "12"})
	packages := &sbom.Inventory{Distribution: inv.Distribution}
	for _, c := range inv.Components {
		if c.PURL != "" {
			packages.Components = append(packages.Components, c)
		}
	}
	b.Run("memory", func(b *testing.B) {
		b.ReportAllocs()
		b.ReportMetric(float64(len(packages.Components)), "components")
		for b.Loop() {
			if _, err := NewScanner(db, nil).Scan(b.Context(), packages); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("file", func(b *testing.B) {
		index, err := sharedIndex()
		if err != nil {
			b.Fatal(err)
		}
		name := filepath.Join(b.TempDir(), "index")
		if err := os.WriteFile(name, index, 0o666); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			db, err := Open(name)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := NewScanner(db, nil).Scan(b.Context(), packages); err != nil {
				b.Fatal(err)
			}
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
