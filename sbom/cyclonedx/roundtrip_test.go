package cyclonedx

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

// everyOptions calls f with each version and format, and with and without what
// is optional.
func everyOptions(t *testing.T, f func(t *testing.T, opts *Options)) {
	for _, version := range []string{"1.4", "1.5", "1.6", "1.7"} {
		for _, format := range []Format{JSON, XML} {
			for _, all := range []bool{false, true} {
				name := fmt.Sprintf("%s %s all=%t", version, map[Format]string{JSON: "JSON", XML: "XML"}[format], all)
				t.Run(name, func(t *testing.T) {
					f(t, &Options{Version: version, Format: format, Hidden: all, Files: all, Indent: all})
				})
			}
		}
	}
}

// roundTrip checks that reading gives back what was written, but for the losses.
func roundTrip(t *testing.T, inv *sbom.Inventory, opts *Options) []byte {
	t.Helper()
	var b bytes.Buffer
	losses, err := Encode(&b, inv, opts)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(bytes.NewReader(b.Bytes()), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	want, unknown := documenttest.Expected(inv, losses)
	if unknown != "" {
		t.Fatal(unknown)
	}
	if d := documenttest.Diff(want, got); d != "" {
		t.Fatalf("-want +got\n%s\n%s", d, b.Bytes())
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	everyOptions(t, func(t *testing.T, opts *Options) {
		roundTrip(t, documenttest.Golden(), opts)
		roundTrip(t, &sbom.Inventory{}, opts)
		for seed := range uint64(100) {
			roundTrip(t, documenttest.Random(seed), opts)
		}
	})
}
