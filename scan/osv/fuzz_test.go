package osv

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

// FuzzOpen feeds hostile index bodies behind a header that commits to them, as
// somebody who makes an index can, and whole hostile files. Opening and looking up
// either work or fail with ErrCorrupt or ErrFormat, and the result can be written.
func FuzzOpen(f *testing.F) {
	var buf bytes.Buffer
	if _, err := Build(f.Context(), &buf, manyRecords(8)); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes()[headerSize+32:])
	f.Add(buf.Bytes())
	f.Add(make([]byte, contentsSize))
	inv := &sbom.Inventory{}
	for _, name := range []string{"package-0", "package-1"} {
		inv.Components = append(inv.Components, sbom.Component{ID: name, Type: sbom.TypeLibrary, Name: name, Version: "1.5.0",
			PURL: "pkg:npm/" + name + "@1.5.0", Attribution: sbom.Attribution{Visible: true}})
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var signed bytes.Buffer
		if _, err := writeFile(&signed, b); err != nil {
			t.Fatal(err)
		}
		for _, file := range [][]byte{b, signed.Bytes()} {
			db, err := OpenBytes(file)
			if err != nil {
				checkCorrupt(t, err)
				continue
			}
			if as, err := db.Lookup("npm", "package-0"); err != nil {
				checkCorrupt(t, err)
			} else {
				for i := range as {
					_, _, _ = as[i].Affects("1.5.0")
				}
			}
			rep, err := NewScanner(db, &Options{MaxFindings: 1000}).Scan(t.Context(), inv)
			if err != nil {
				if !errors.Is(err, ErrLimit) {
					checkCorrupt(t, err)
				}
				continue
			}
			if _, err := json.Marshal(rep); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func checkCorrupt(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) {
		t.Fatalf("untyped error %v", err)
	}
}

// FuzzRecord feeds hostile records. One that is read keeps its id, and what is
// found of it in an index is what it says.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(record("A-1", "2024-01-01T00:00:00Z", "npm", "a", "1.0.0")))
	f.Add([]byte(`{"id":"GO-1","aliases":["CVE-1"],"affected":[{"package":{"ecosystem":"Go","name":"m"},"versions":["1"],
		"ranges":[{"type":"GIT"},{"type":"SEMVER","events":[{"introduced":"0"},{"last_affected":"2"},{"limit":"*"}]}],
		"ecosystem_specific":{"imports":[{"path":"m/p","goos":["linux"],"symbols":["F"]}],"urgency":"low","affects":{"functions":["f"]}},
		"database_specific":{"severity":"HIGH","informational":"notice"},"severity":[{"type":"CVSS_V3","score":"x"}]}],
		"references":[{"type":"ADVISORY","url":"https://github.com/GO-1"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b)
		if err != nil {
			if !errors.Is(err, ErrRecord) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		var index bytes.Buffer
		stats, err := Build(t.Context(), &index, sourceOf(string(b)))
		if err != nil {
			if !errors.Is(err, ErrNoRecords) {
				t.Fatal(err)
			}
			return
		}
		db, err := OpenBytes(index.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for i := range r.Affected {
			p := r.Affected[i].Package
			as, err := db.Lookup(ecosystem(p.Ecosystem), p.Name)
			if err != nil {
				t.Fatal(err)
			}
			for k := range as {
				if as[k].ID != r.ID {
					t.Fatalf("id %q became %q", r.ID, as[k].ID)
				}
				_, _, _ = as[k].Affects("1.0")
			}
			found += len(as)
		}
		if found < stats.Packages {
			t.Fatalf("%d of %d packages found", found, stats.Packages)
		}
	})
}
