package image

import "fmt"

// maxValues is the most values that a manifest, index or config may have in all its
// lists and objects: several times what 10,000 layers with their history take.
const maxValues = 300_000

// checkJSON bounds what decoding a document costs. Five bytes of it can become a struct
// of some hundred, which is made several times over while a slice grows.
func checkJSON(what string, raw []byte, maxBytes int) error {
	if len(raw) > maxBytes {
		return fmt.Errorf("%s: %w: %d bytes, at most %d", what, ErrLimit, len(raw), maxBytes)
	}
	if countCommas(raw) > maxValues {
		return fmt.Errorf("%s: %w: more than %d values", what, ErrLimit, maxValues)
	}
	return nil
}

// countCommas counts those outside of strings.
func countCommas(raw []byte) (n int) {
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case ',':
			n++
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		}
	}
	return n
}
