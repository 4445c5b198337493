package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/reconcile"
)

const testdata = "../quickstart/testdata/"

func TestRun(t *testing.T) {
	files := []string{testdata + "sboms/syft.cdx.json", testdata + "sboms/syft.spdx.json", testdata + "sboms/scalibr.cdx.json", testdata + "reports/grype.json"}
	var text, out bytes.Buffer
	if err := run(t.Context(), &text, files, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"grype.json: 5 components, 52 findings", "left-pad", "spelling"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, &text)
		}
	}
	if err := run(t.Context(), &out, files, true); err != nil {
		t.Fatal(err)
	}
	var rec reconcile.Reconciliation
	if err := json.Unmarshal(out.Bytes(), &rec); err != nil || len(rec.Inputs) != len(files) || len(rec.Differences) == 0 {
		t.Errorf("%d inputs, %d differences, %v", len(rec.Inputs), len(rec.Differences), err)
	}
}

func TestRunErrors(t *testing.T) {
	for file, says := range map[string]string{"main.go": "neither an SBOM", "nothing.json": "nothing.json"} {
		if err := run(t.Context(), &bytes.Buffer{}, []string{file, file}, false); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want one that says %q", file, err, says)
		}
	}
}
