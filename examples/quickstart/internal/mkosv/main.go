// Command mkosv makes the vulnerability data of the quickstart: the facts, and
// nothing but the facts, of the OSV records about its packages.
//
//	go run ./examples/quickstart/internal/mkosv -from OSV -out examples/quickstart/testdata/osv
//
// OSV is a directory in osv.dev's layout (ECOSYSTEM/all.zip). What is kept of a
// record: identifiers, dates, affected packages with ranges, severities and
// symbols. Summaries, details, credits and references are left out. Records
// about npm are written here by hand, in the file npm.go.
package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// wanted are the packages of the image, and a few that it lacks, by the
// directory of their ecosystem.
var wanted = map[string][]string{
	"Debian": {"base-files", "dash", "expat", "jq", "less", "netbase", "zlib"},
	"Go":     {"golang.org/x/net", "golang.org/x/text", "gopkg.in/yaml.v3", "stdlib"},
	"PyPI":   {"setuptools", "wheel"},
}

// record is the part of an OSV record that is kept (OSV schema 1.7).
type record struct {
	SchemaVersion string     `json:"schema_version,omitempty"`
	ID            string     `json:"id"`
	Modified      string     `json:"modified"`
	Published     string     `json:"published,omitempty"`
	Withdrawn     string     `json:"withdrawn,omitempty"`
	Aliases       []string   `json:"aliases,omitempty"`
	Upstream      []string   `json:"upstream,omitempty"`
	Related       []string   `json:"related,omitempty"`
	Severity      []severity `json:"severity,omitempty"`
	Affected      []affected `json:"affected,omitempty"`
}

type severity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type affected struct {
	Package           pkg             `json:"package"`
	Severity          []severity      `json:"severity,omitempty"`
	Ranges            []rng           `json:"ranges,omitempty"`
	Versions          []string        `json:"versions,omitempty"`
	EcosystemSpecific json.RawMessage `json:"ecosystem_specific,omitempty"`
}

type pkg struct {
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
	PURL      string `json:"purl,omitempty"`
}

type rng struct {
	Type   string              `json:"type"`
	Repo   string              `json:"repo,omitempty"`
	Events []map[string]string `json:"events"`
}

func main() {
	log.SetFlags(0)
	from := flag.String("from", "", "directory with OSV data in osv.dev's layout")
	out := flag.String("out", "", "directory to write to")
	flag.Parse()
	if *from == "" || *out == "" {
		log.Fatal("mkosv: -from or -out is missing")
	}
	for eco, names := range wanted {
		recs, err := extract(filepath.Join(*from, eco, "all.zip"), names)
		if err == nil {
			err = write(filepath.Join(*out, eco), recs)
		}
		if err != nil {
			log.Fatal("mkosv: ", err)
		}
	}
	if err := write(filepath.Join(*out, "npm"), npm); err != nil {
		log.Fatal("mkosv: ", err)
	}
}

func extract(file string, names []string) ([]record, error) {
	zr, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	defer zr.Close()
	var recs []record
	for _, f := range zr.File {
		r, err := read(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		r.Affected = slices.DeleteFunc(r.Affected, func(a affected) bool { return !keep(a, names) })
		if len(r.Affected) > 0 {
			recs = append(recs, r)
		}
	}
	if len(recs) == 0 {
		return nil, errors.New(file + ": no record about the wanted packages")
	}
	return recs, nil
}

// keep drops other packages, and the Debian releases that the image is not of.
func keep(a affected, names []string) bool {
	release := strings.HasPrefix(a.Package.Ecosystem, "Debian:")
	return slices.Contains(names, a.Package.Name) && (!release || a.Package.Ecosystem == "Debian:12")
}

func read(f *zip.File) (r record, err error) {
	rc, err := f.Open()
	if err != nil {
		return r, err
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

// write makes dir/all.zip, the same bytes for the same records.
func write(dir string, recs []record) error {
	slices.SortFunc(recs, func(a, b record) int { return strings.Compare(a.ID, b.ID) })
	var buf bytes.Buffer
	zw := zip.NewWriter(&buf)
	for _, r := range recs {
		w, err := zw.CreateHeader(&zip.FileHeader{Name: r.ID + ".json", Method: zip.Deflate,
			Modified: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		if err := json.NewEncoder(w).Encode(r); err != nil {
			return err
		}
	}
	if err := zw.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	fmt.Printf("%s: %d records, %d bytes\n", filepath.Base(dir), len(recs), buf.Len())
	return os.WriteFile(filepath.Join(dir, "all.zip"), buf.Bytes(), 0o644)
}
