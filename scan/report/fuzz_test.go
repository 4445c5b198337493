package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// fuzz decodes hostile reports of one format. A report must have no more rows than
// asked for, say in each where it came from, and be writable as JSON.
func fuzz(f *testing.F, format Format, files ...string) {
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := Decode(bytes.NewReader(b), &Options{Format: format, MaxBytes: 1 << 20, MaxFindings: 1000})
		if (rep == nil) == (err == nil) {
			t.Fatalf("report %v, error %v", rep, err)
		}
		if err != nil {
			return
		}
		if len(rep.Findings) > 1000 {
			t.Fatalf("%d findings", len(rep.Findings))
		}
		for i := range rep.Findings {
			if rep.Findings[i].Pointer == "" || rep.Findings[i].Status == "" {
				t.Fatalf("incomplete: %+v", rep.Findings[i])
			}
		}
		if _, err := json.Marshal(rep); err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(rep.Inventory); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzGrype(f *testing.F) {
	f.Add([]byte(`{"matches":[{"vulnerability":{"id":"CVE-1","cvss":[{"vector":"CVSS:4.0/AV:N"}]},"artifact":{"locations":[{}]}}]}`))
	fuzz(f, FormatGrype, "grype.json")
}

func FuzzTrivy(f *testing.F) {
	f.Add([]byte(`{"ArtifactName":"","Results":[{"Packages":[{"DependsOn":[""]}],"Vulnerabilities":[{"CVSS":{"a":{"V2Score":1e308}}}]}]}`))
	fuzz(f, FormatTrivy, "trivy.json")
}

func FuzzCycloneDX(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.4","vulnerabilities":[{"affects":[{"ref":"urn:cdx:x/1#%zz"}]}]}`))
	fuzz(f, FormatCycloneDX, "cyclonedx.json", "cyclonedx.xml")
}
