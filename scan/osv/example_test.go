package osv_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan/osv"
)

// records stands for os.DirFS of a directory with OSV records or zips.
var records = fstest.MapFS{
	"Debian/DEBIAN-CVE-2023-4911.json": {Data: []byte(`{
		"id": "DEBIAN-CVE-2023-4911", "modified": "2023-11-01T00:00:00Z", "upstream": ["CVE-2023-4911"],
		"affected": [{
			"package": {"ecosystem": "Debian:12", "name": "glibc"},
			"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.36-9+deb12u3"}]}]
		}]}`)},
}

var inventory = &sbom.Inventory{
	Distribution: &sbom.Distribution{ID: "debian", VersionID: "12"},
	Components: []sbom.Component{{
		ID: "c-1", Type: sbom.TypeLibrary, PURL: "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64", Name: "libc6", Version: "2.36-9+deb12u1",
		Source:      &sbom.SourcePackage{Name: "glibc"},
		Attribution: sbom.Attribution{Visible: true},
	}},
}

// Build an index in memory, and scan an inventory with it.
func Example() {
	ctx := context.Background()
	var index bytes.Buffer
	if _, err := osv.Build(ctx, &index, osv.FS(records)); err != nil {
		log.Fatal(err)
	}
	db, err := osv.OpenBytes(index.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	report, err := osv.NewScanner(db, nil).Scan(ctx, inventory)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range report.Findings {
		fmt.Println(f.Component.Name, f.ID, f.Aliases, "fixed in", f.FixedVersions)
		fmt.Println(f.Match.Method, f.Match.Package, f.Match.Version, "in", f.Match.Range)
	}
	// Output:
	// libc6 DEBIAN-CVE-2023-4911 [CVE-2023-4911] fixed in [2.36-9+deb12u3]
	// source-package glibc 2.36-9+deb12u1 in introduced 0, fixed 2.36-9+deb12u3
}

// Build an index file once, and open it whenever it is needed.
func ExampleBuild() {
	dir, err := os.MkdirTemp("", "osv")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "osv.index")
	f, err := os.Create(name)
	if err != nil {
		log.Fatal(err)
	}
	stats, err := osv.Build(context.Background(), f, osv.FS(records))
	if err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.Records, "records of", stats.Built.Format("2006-01-02"))

	db, err := osv.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(db.Digest() == stats.Digest)
	// Output:
	// 1 records of 2023-11-01
	// true
}

// What the data says about a package, whatever its version.
func ExampleDB_Lookup() {
	var index bytes.Buffer
	if _, err := osv.Build(context.Background(), &index, osv.FS(records)); err != nil {
		log.Fatal(err)
	}
	db, err := osv.OpenBytes(index.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	advisories, err := db.Lookup("Debian:12", "glibc")
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range advisories {
		affected, because, err := a.Affects("2.36-9+deb12u1")
		fmt.Println(a.ID, affected, because, err)
		affected, _, err = a.Affects("2.36-9+deb12u4")
		fmt.Println(a.ID, affected, err)
	}
	// Output:
	// DEBIAN-CVE-2023-4911 true introduced 0, fixed 2.36-9+deb12u3 <nil>
	// DEBIAN-CVE-2023-4911 false <nil>
}
