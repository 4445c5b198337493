// Command mkgrypedb makes a Grype database of the quickstart's OSV extract with
// Grype's own writer, so that a real Grype can be compared on the same data:
//
//	cd examples/quickstart/internal/mkgrypedb
//	go run . -from ../../testdata/osv -out DIR
//	GRYPE_DB_CACHE_DIR=DIR GRYPE_DB_AUTO_UPDATE=false GRYPE_DB_VALIDATE_AGE=false grype FILE
//
// It is a module of its own, since Grype's module graph is large.
package main

import (
	"archive/zip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/afero"

	v6 "github.com/anchore/grype/grype/db/v6"
)

// record is what is read of an OSV record.
type record struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Aliases  []string  `json:"aliases"`
	Upstream []string  `json:"upstream"`
	Severity []struct {
		Type, Score string
	} `json:"severity"`
	Affected []struct {
		Package struct{ Ecosystem, Name string } `json:"package"`
		Ranges  []struct {
			Type   string              `json:"type"`
			Events []map[string]string `json:"events"`
		} `json:"ranges"`
	} `json:"affected"`
}

// types are Grype's package type and version scheme of an OSV ecosystem.
var types = map[string]struct{ pkg, scheme string }{
	"Debian": {"deb", "dpkg"}, "Go": {"go-module", "go"}, "PyPI": {"python", "python"}, "npm": {"npm", "semver"},
}

// codenames let Grype find the release of an image that states a point release.
var codenames = map[string]string{"12": "bookworm"}

func main() {
	log.SetFlags(0)
	from := flag.String("from", "", "directory with OSV data")
	out := flag.String("out", "", "directory of Grype's database cache")
	flag.Parse()
	if err := run(*from, filepath.Join(*out, "6")); err != nil {
		log.Fatal("mkgrypedb: ", err)
	}
}

func run(from, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	db, err := v6.NewWriter(v6.Config{DBDirPath: out})
	if err != nil {
		return err
	}
	if err := db.SetDBMetadata(); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(from, "*", "all.zip"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := addZip(db, f); err != nil {
			return err
		}
	}
	if err := db.Close(); err != nil {
		return err
	}
	_, err = v6.WriteImportMetadata(afero.NewOsFs(), out, "quickstart")
	return err
}

func addZip(db v6.Writer, file string) error {
	zr, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer zr.Close()
	for _, f := range zr.File {
		rc, err := f.Open()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(rc)
		if err != nil {
			return err
		}
		var r record
		if err := json.Unmarshal(b, &r); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if err := add(db, &r); err != nil {
			return fmt.Errorf("%s: %w", r.ID, err)
		}
	}
	return nil
}

func add(db v6.Writer, r *record) error {
	for _, a := range r.Affected {
		eco, release, _ := strings.Cut(a.Package.Ecosystem, ":")
		t, ok := types[eco]
		if !ok {
			return fmt.Errorf("unknown ecosystem %s", eco)
		}
		h := v6.AffectedPackageHandle{
			Vulnerability: vulnerability(r, eco),
			Package:       &v6.Package{Ecosystem: t.pkg, Name: a.Package.Name},
			BlobValue:     &v6.PackageBlob{CVEs: cves(r)},
		}
		if release != "" {
			h.OperatingSystem = &v6.OperatingSystem{Name: strings.ToLower(eco), ReleaseID: strings.ToLower(eco), MajorVersion: release, Codename: codenames[release]}
		}
		for _, rng := range a.Ranges {
			if rng.Type != "GIT" {
				h.BlobValue.Ranges = append(h.BlobValue.Ranges, ranges(rng.Events, t.scheme)...)
			}
		}
		if err := db.AddVulnerabilities(h.Vulnerability); err != nil {
			return err
		}
		if err := db.AddAffectedPackages(&h); err != nil {
			return err
		}
	}
	return nil
}

// vulnerability is named as Grype's own providers do: distributions by the CVE.
func vulnerability(r *record, eco string) *v6.VulnerabilityHandle {
	id, provider := r.ID, "osv-"+strings.ToLower(eco)
	if eco == "Debian" {
		id, provider = strings.TrimPrefix(r.ID, "DEBIAN-"), "debian"
	}
	blob := &v6.VulnerabilityBlob{ID: id, Aliases: append(r.Aliases, r.Upstream...)}
	for _, s := range r.Severity {
		blob.Severities = append(blob.Severities, v6.Severity{Scheme: v6.SeveritySchemeCVSS,
			Value: v6.CVSSSeverity{Vector: s.Score, Version: strings.TrimPrefix(strings.SplitN(s.Score, "/", 2)[0], "CVSS:")}, Source: provider})
	}
	modified := r.Modified
	return &v6.VulnerabilityHandle{Name: id, Status: v6.VulnerabilityActive, ModifiedDate: &modified,
		ProviderID: provider, Provider: &v6.Provider{ID: provider, Version: "1"}, BlobValue: blob}
}

func cves(r *record) (ids []string) {
	for _, id := range append(r.Aliases, r.Upstream...) {
		if strings.HasPrefix(id, "CVE-") {
			ids = append(ids, id)
		}
	}
	return ids
}

// ranges turns OSV events, in order, into constraints.
func ranges(events []map[string]string, scheme string) (out []v6.Range) {
	introduced := ""
	bound := func(op, end string, fix *v6.Fix) {
		var parts []string
		if introduced != "0" && introduced != "" {
			parts = append(parts, ">="+introduced)
		}
		if end != "" {
			parts = append(parts, op+end)
		}
		out = append(out, v6.Range{Version: v6.Version{Type: scheme, Constraint: strings.Join(parts, ",")}, Fix: fix})
		introduced = ""
	}
	for _, e := range events {
		switch {
		case e["introduced"] != "":
			introduced = e["introduced"]
		case e["fixed"] != "":
			bound("<", e["fixed"], &v6.Fix{Version: e["fixed"], State: v6.FixedStatus})
		case e["last_affected"] != "":
			bound("<=", e["last_affected"], nil)
		}
	}
	if introduced != "" {
		bound("", "", &v6.Fix{State: v6.NotFixedStatus})
	}
	return out
}
