package oneline

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, tt := range []struct {
		in   string
		max  int
		want string
	}{
		{"", 10, ""},
		{"  a \n\t b  ", 10, "a b"},
		{"a\x00b\u202ec", 10, "abc"},
		{"caf\xe9", 10, "caf\uFFFD"},
		{"abcdefghij", 8, "abcde…"},
		{strings.Repeat("é", 10), 10, "ééé…"},
		{"abcd efghij", 8, "abcd…"}, // the space counts, too
	} {
		if got := Text(tt.in, tt.max); got != tt.want {
			t.Errorf("Text(%q, %d) = %q, want %q", tt.in, tt.max, got, tt.want)
		}
	}
}

func TestToken(t *testing.T) {
	for in, want := range map[string]string{
		" 1.2.3\n": "1.2.3", "a b": "", "a\x00": "", "\xff": "", "é": "é", "12345678901": "", "\uFFFD": "",
	} {
		if got := Token(in, 10); got != want {
			t.Errorf("Token(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(" a\n\xff\u200b", 7)
	f.Fuzz(func(t *testing.T, s string, max int) {
		max = 4 + max&0xff
		got := Text(s, max)
		if len(got) > max || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\t\x00") || Text(got, max) != got {
			t.Errorf("Text(%q, %d) = %q", s, max, got)
		}
	})
}
