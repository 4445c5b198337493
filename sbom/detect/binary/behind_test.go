package binary

import (
	"slices"
	"testing"
)

// TestBehindData finds a version that data runs into, by the product's signs alone.
func TestBehindData(t *testing.T) {
	d := detector(t, false)
	const sign = "status == CAIRO_STATUS_SUCCESS"
	found := []string{"contains cairo 1.16.0 table-bare"}
	for text, want := range map[string][]string{
		lines(sign) + "\xf0P?1.16.0\x00":           found,
		lines(sign) + "\x01F1.16.0\x00":            found,
		lines(sign) + "\x01(((())))!1.16.0\x00":    found,
		lines(sign, "P?1.16.0", "P?1.17.2"):        nil,
		lines(sign, "libfoo1.16.0"):                nil,
		lines(sign, "FOO_1.16.0"):                  nil,
		lines(sign, "P?1.16.0 or so"):              nil,
		lines(sign, "P?1.16"):                      nil,
		lines(sign, "nghttp2_pq_remove", "1.16.0"): nil,
		lines("P?1.16.0"):                          nil,
		lines(sign, "1.14.2") + "P?1.16.0\x00":     {"contains cairo 1.14.2 table-bare"},
	} {
		if got := identify(t, d, "opt/app/server", static(text)); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
