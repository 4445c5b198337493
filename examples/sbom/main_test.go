package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const testImage = "../quickstart/testdata/image"

func TestRun(t *testing.T) {
	for format, want := range map[string]string{
		"cyclonedx": `"specVersion": "1.6"`,
		"spdx":      `"spdxVersion": "SPDX-2.3"`,
		"spdx3":     `"specVersion": "3.0.1"`,
		"json":      `"attribution": {`,
	} {
		t.Run(format, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "sbom")
			if err := run(t.Context(), testImage, format, out); err != nil {
				t.Fatal(err)
			}
			doc, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(doc), want) || !strings.Contains(string(doc), "libexpat1") {
				t.Errorf("the document lacks %s or libexpat1:\n%.300s", want, doc)
			}
		})
	}
}

func TestRunErrors(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no image"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ image, format, out, says string }{
		"format":       {testImage, "foo", "", "choose cyclonedx"},
		"no such path": {"./nothing", "json", "", "there is no ./nothing"},
		"a text file":  {text, "json", "", text},
		"no directory": {testImage, "json", filepath.Join(text, "x"), text},
	} {
		if err := run(t.Context(), tc.image, tc.format, tc.out); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tc.says)
		}
	}
}
