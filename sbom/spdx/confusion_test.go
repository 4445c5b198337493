package spdx

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

// TestConfusion: readers of one document must not see two.
func TestConfusion(t *testing.T) {
	const head = `{"spdxVersion":"SPDX-2.3",`
	const one = `"packages":[{"SPDXID":"SPDXRef-a","name":"a","versionInfo":"1"}]`
	for name, text := range map[string]string{
		"packages twice":        head + one + `,"packages":[]}`,
		"packages in two cases": head + one + `,"Packages":[]}`,
		"a name twice":          head + `"packages":[{"SPDXID":"SPDXRef-a","name":"a","name":"b"}]}`,
		"graphs twice":          `{"@context":"x","@graph":[{"type":"SpdxDocument","spdxId":"d"}],"@graph":[]}`,
		"SPDX 2 and 3":          head + one + `,"@context":"x","@graph":[{"type":"SpdxDocument","spdxId":"d"}]}`,
		"packages and a graph":  `{"@context":"x","@graph":[{"type":"SpdxDocument","spdxId":"d"}],` + one + `}`,
	} {
		if inv, err := Decode(strings.NewReader(text), nil); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, error %v", name, inv, err)
		}
	}
}

// TestTagsTwice: what tag-value says twice, and behind the end of a text, is told.
func TestTagsTwice(t *testing.T) {
	text := "SPDXVersion: SPDX-2.3\nPackageName: <text>a</text>b\nSPDXID: SPDXRef-a\nPackageVersion: 1\nPackageVersion: 2\n" +
		"PackageComment: <text>c\nd</text> PackageName: e\n"
	var losses []sbom.Loss
	inv, err := Decode(strings.NewReader(text), &DecodeOptions{Losses: &losses})
	if err != nil || len(inv.Components) != 1 || inv.Components[0].Name != "a" || inv.Components[0].Version != "2" {
		t.Fatalf("%+v, error %v", inv, err)
	}
	for field, n := range map[string]int{"PackageVersion": 1, "</text>": 2} {
		if !slices.ContainsFunc(losses, func(l sbom.Loss) bool { return l.Field == field && l.Count == n }) {
			t.Errorf("%s is not among the losses %+v", field, losses)
		}
	}
}

// TestForgedRoles: the annotation that marks a file or the distribution makes nothing
// vanish that is software.
func TestForgedRoles(t *testing.T) {
	for _, members := range []string{
		`"versionInfo":"1","primaryPackagePurpose":"LIBRARY"`, `"versionInfo":"1"`, `"versionInfo":"1","primaryPackagePurpose":"FILE"`,
		`"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]`,
		`"licenseDeclared":"MIT"`,
	} {
		for _, role := range []string{"file", "distribution"} {
			comment, err := json.Marshal("imagetrust:schema=1\nimagetrust:role=" + role)
			if err != nil {
				t.Fatal(err)
			}
			text := `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a","name":"log4j",` + members + `,"annotations":[{"comment":` + string(comment) + `}]}]}`
			inv, err := Decode(strings.NewReader(text), nil)
			if err != nil || len(inv.Components) != 1 || inv.Components[0].Name != "log4j" {
				t.Errorf("%s as %s: %+v, error %v", members, role, inv, err)
			}
		}
	}
}
