package binary

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

// form is how a name and a version stand together; more is better.
type form int

const (
	loose  form = iota // "... NAME 1.2 ..."
	opened             // The string begins with the name.
	stated             // "NAME version 1.2", or nothing but "NAME 1.2".
	own                // "%s 1.2": the program's name is filled in when it runs.
)

// connectors are the words between a name and its version.
var connectors = []string{"version", "release", "revision", "rev", "ver", "ver.", "v", "r"}

// name returns up to three words before a version, each as names are compared, the
// last first, and how they stand to it. It returns none where the text speaks of something
// else, such as the oldest version of a library that will do.
func name(v *textscan.Version) (words string, f form) {
	if bytes.HasSuffix(v.Before, []byte("_")) || bytes.HasPrefix(v.After, []byte(".so")) || bytes.HasSuffix(v.Before, []byte("/")) && (bytes.HasPrefix(v.After, []byte("/")) || bytes.HasPrefix(v.Before, []byte("/")) || string(v.Text) == "1.0") ||
		bytes.HasSuffix(v.Before, []byte("-")) && bytes.HasPrefix(v.Before, []byte("/")) {
		return "", loose // The version of a symbol, the name of a library, a directory, a placeholder.
	}
	text, said := trimConnectors(string(v.Before))
	if said == "" && (strings.HasSuffix(string(v.Before), ".") || text == "") && len(v.Before) > 0 && !v.Opened {
		return "", loose
	}
	if rules.Comparison(v.After) || bytes.HasSuffix(v.Before, []byte("-")) && bytes.Count(v.Core, []byte(".")) == 1 {
		return "", loose // The least that will do; the level of an interface.
	}
	tokens := tokens(text, 3)
	if len(tokens) == 0 {
		return "", loose
	}
	if distrusted[strings.ToLower(tokens[0])] {
		return "", loose
	}
	start := strings.TrimSpace(text)
	begins := v.Opened && !adjacent(v) && len(start) < 48 && (strings.HasPrefix(start, tokens[0]) || len(tokens) > 1 && strings.HasPrefix(start, tokens[1]))
	switch {
	case start == "%s" && v.Opened && bytes.HasSuffix(v.Before, []byte(" ")):
		return "%s", own
	case begins && (said != "" || len(v.After) == 0):
		f = stated
	case begins:
		f = opened
	}
	for i := range tokens {
		tokens[i] = names.Key(tokens[i])
	}
	return strings.Join(tokens, " "), f
}

// adjacent reports whether the version goes on from a word: that of an interface, as in libapt-pkg6.0.
func adjacent(v *textscan.Version) bool {
	return len(v.Before) > 0 && unicode.IsLetter(rune(v.Before[len(v.Before)-1])) && bytes.Count(v.Core, []byte(".")) == 1
}

// distrusted words before a version say that it is not that of a program.
var distrusted = map[string]bool{"since": true, "from": true, "than": true, "before": true, "until": true, "after": true, "to": true, "in": true,
	"and": true, "or": true, "http": true, "https": true, "xml": true, "tls": true, "ssl": true, "tlsv": true, "sslv": true, "gcc": true, "glibc": true,
	"glibcxx": true, "cxxabi": true, "requires": true, "required": true, "minimum": true, "protocol": true, "mozilla": true}

// trimConnectors returns the text before a version without the words that lead to it,
// and these.
func trimConnectors(text string) (rest, said string) {
	for {
		trimmed := strings.TrimRight(text, " \t-_/:,;=('\"[<")
		i := len(trimmed)
		for i > 0 && (trimmed[i-1]|0x20 >= 'a' && trimmed[i-1]|0x20 <= 'z' || trimmed[i-1] == '.') {
			i--
		}
		word := strings.ToLower(trimmed[i:])
		if !isConnector(word) || i > 0 && trimmed[i-1] == '%' {
			return trimmed, said
		}
		text, said = trimmed[:i], word
	}
}

func isConnector(word string) bool {
	for _, c := range connectors {
		if c == word {
			return true
		}
	}
	return false
}

// tokens returns the last words of text, the last first. What is in parentheses is one
// beside the words before it: "psql (PostgreSQL)".
func tokens(text string, most int) []string {
	var out []string
	for looked := 0; len(out) < most && looked < 2*most; looked++ {
		end := len(text)
		for end > 0 && !wordByte(text[end-1]) {
			if text[end-1] == '\n' {
				return out
			}
			end--
		}
		start := end
		for start > 0 && wordByte(text[start-1]) && end-start < 60 {
			start--
		}
		if start == end {
			return out
		}
		if word := strings.Trim(text[start:end], ".-+_"); len(word) > 1 && strings.IndexFunc(word, unicode.IsLetter) >= 0 || word == "%s" {
			out = append(out, word)
		}
		text = text[:start]
	}
	return out
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-' || c == '+' || c == '%'
}

// stem returns the name of a program or library without what says that it is one:
// "libcurl-gnutls.so.4" is "libcurl-gnutls".
func stem(file string) string {
	name := path.Base(file)
	if i := strings.Index(name, ".so"); i > 0 && (i+3 == len(name) || name[i+3] == '.') {
		name = name[:i]
	}
	for _, ext := range []string{".exe", ".dll", ".dylib", ".node", ".wasm"} {
		name = strings.TrimSuffix(name, ext)
	}
	if i := strings.LastIndex(name, ".linux-"); i > 0 && strings.HasSuffix(file, ".node") {
		name = name[:i] // As napi-rs names modules: NAME.linux-x64-gnu.node.
	}
	return name
}

// unnumbered returns the name of a program without the version that some have behind it: kubectl.1.27.
func unnumbered(stem string) string {
	name := strings.TrimRight(stem, ".0123456789")
	if rest := stem[len(name):]; strings.HasPrefix(rest, ".") && len(name) > 1 {
		return name
	}
	if short, ok := strings.CutSuffix(name, "-"); ok && len(short) > 1 && len(name) < len(stem) {
		return short
	}
	return stem
}

// written returns the ways in which a program of that stem may write its name.
func written(stem string) []string {
	var out []string
	for _, s := range []string{stem, strings.TrimRight(stem, "-.0123456789")} {
		if n := names.Key(s); len(n) > 1 && !names.Anonymous(n) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
