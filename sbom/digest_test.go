package sbom_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestParseDigest(t *testing.T) {
	hex64 := strings.Repeat("0123456789abcdef", 4)
	tests := []struct {
		name, in string
		want     sbom.Digest // empty: ErrDigest
	}{
		{"sha256", "sha256:" + hex64, sbom.Digest("sha256:" + hex64)},
		{"upper case", "SHA256:" + strings.ToUpper(hex64), sbom.Digest("sha256:" + hex64)},
		{"md5", "md5:" + hex64[:32], sbom.Digest("md5:" + hex64[:32])},
		{"sha1", "sha1:" + hex64[:40], sbom.Digest("sha1:" + hex64[:40])},
		{"sha512", "sha512:" + hex64 + hex64, sbom.Digest("sha512:" + hex64 + hex64)},
		{"empty", "", ""},
		{"no colon", hex64, ""},
		{"no hash", "sha256:", ""},
		{"short", "sha256:" + hex64[:63], ""},
		{"long", "sha256:" + hex64 + "0", ""},
		{"length of another", "sha256:" + hex64[:32], ""},
		{"not hexadecimal", "sha256:" + strings.Repeat("g", 64), ""},
		{"unknown algorithm", "crc32:01234567", ""},
		{"spaces", " sha256:" + hex64, ""},
		{"two colons", "sha256::" + hex64[:63], ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sbom.ParseDigest(tt.in)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if (tt.want == "") != errors.Is(err, sbom.ErrDigest) {
				t.Errorf("error %v", err)
			}
			if err == nil && got != sbom.Digest(got.Algorithm()+":"+got.Hex()) {
				t.Errorf("%q is not %q and %q", got, got.Algorithm(), got.Hex())
			}
		})
	}
}

func ExampleParseDigest() {
	d, err := sbom.ParseDigest("MD5:D41D8CD98F00B204E9800998ECF8427E")
	fmt.Println(d.Algorithm(), d.Hex(), err)
	_, err = sbom.ParseDigest("md5:d41d8cd9")
	fmt.Println(err)
	// Output:
	// md5 d41d8cd98f00b204e9800998ecf8427e <nil>
	// sbom: malformed digest
}
