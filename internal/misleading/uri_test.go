package misleading_test

import (
	"testing"

	"github.com/imagetrust/imagetrust/internal/misleading"
)

func TestURI(t *testing.T) {
	for uri, want := range map[string]bool{
		"":                                     false,
		"https://github.com/acme/app":          false,
		"https://github.com/acme/app@v1..2":    false,
		"git+https://h/a.git@refs/tags/v1#sub": false,
		"https://h/a/../b":                     true,
		"https://h/a/%2E%2e/b":                 true,
		"https://h/a%2f..%2fb":                 true,
		"https://h/a@/../../b":                 true,
		`https://evil.example\@h/a`:            true,
		"https://h/a b":                        true,
		"https://h/a\x00":                      true,
		"https://h/./a":                        true,
	} {
		if got := misleading.URI(uri); got != want {
			t.Errorf("%q: %v, want %v", uri, got, want)
		}
	}
}
