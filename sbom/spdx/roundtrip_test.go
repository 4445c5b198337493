package spdx

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

// everyOptions calls f with each format, and with and without what is optional.
func everyOptions(t *testing.T, f func(t *testing.T, opts *Options)) {
	for format, name := range []string{JSON23: "2.3 JSON", TagValue23: "2.3 tag-value", JSON301: "3.0.1 JSON", JSON22: "2.2 JSON", TagValue22: "2.2 tag-value"} {
		for _, all := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s all=%t", name, all), func(t *testing.T) {
				f(t, &Options{Format: Format(format), Hidden: all, Files: all, Indent: all})
			})
		}
	}
}

// roundTrip checks that reading gives back what was written, but for the losses.
func roundTrip(t *testing.T, inv *sbom.Inventory, opts *Options) {
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
}

func TestRoundTrip(t *testing.T) {
	everyOptions(t, func(t *testing.T, opts *Options) {
		roundTrip(t, documenttest.Golden(), opts)
		roundTrip(t, &sbom.Inventory{}, opts)
		for seed := range uint64(150) {
			roundTrip(t, documenttest.Random(seed), opts)
		}
	})
}
