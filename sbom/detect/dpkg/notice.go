package dpkg

import "strings"

// notice is the notice by which a file is put under a GNU licence, as the licences'
// own appendices word it.
type notice struct {
	family, version string // "LGPL", "2.1"
	// expression says "only" or "or later", which the notice does too.
	expression string
	// text is the notice's decisive words.
	text string
}

// maxNoticeWords bounds the words that are searched in one file. The copyright files
// of compilers and browsers have about 400,000.
const maxNoticeWords = 4 << 20

// notices returns the GNU notices in a text, each licence once, in order:
//
//	... General Public License as published by the Free Software Foundation;
//	either version 2 of the License, or (at your option) any later version.
//
// or "; version 2 of the License" alone. Other wordings are not certain. A text that
// has the licence's own instructions how to write such a notice says nothing.
func notices(text string) []notice {
	words := plainWords(text)
	var out []notice
	seen := make(map[string]bool)
	for i := range words {
		if words.at(i, "how to apply these terms to your new") {
			return nil
		}
		if !words.at(i, "general public license as published by the free software foundation") {
			continue
		}
		n, ok := words.notice(i)
		if ok && !seen[n.expression] {
			seen[n.expression] = true
			out = append(out, n)
		}
	}
	return out
}

type wordList []string

// plainWords splits a text at everything that is neither letter, digit nor inner
// dot, in lower case.
func plainWords(text string) wordList {
	if !strings.Contains(text, "oundation") { // Cheap, and most texts end here.
		return nil
	}
	words := strings.FieldsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '.'
	})
	words = words[:min(len(words), maxNoticeWords)]
	kept := words[:0]
	for _, w := range words {
		if w = strings.ToLower(strings.Trim(w, ".")); w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// at reports whether the phrase begins at word i.
func (w wordList) at(i int, phrase string) bool {
	for p := range strings.SplitSeq(phrase, " ") {
		if i < 0 || i >= len(w) || w[i] != p {
			return false
		}
		i++
	}
	return true
}

// words in "general public license as published by the free software foundation"
const phraseWords = 10

// notice reads the notice whose "general" is word i.
func (w wordList) notice(i int) (notice, bool) {
	n := notice{family: "GPL"}
	switch {
	case w.at(i-1, "lesser"), w.at(i-1, "library"):
		n.family = "LGPL"
	case w.at(i-1, "affero"):
		n.family = "AGPL"
	}
	at := i + phraseWords
	either := w.at(at, "either")
	if either {
		at++
	}
	if !w.at(at, "version") || at+1 >= len(w) {
		return n, false
	}
	n.version = w[at+1]
	number, known := map[string]string{
		"GPL 1": "1.0", "GPL 2": "2.0", "GPL 3": "3.0", "LGPL 2": "2.0", "LGPL 2.0": "2.0", "LGPL 2.1": "2.1",
		"LGPL 3": "3.0", "AGPL 3": "3.0", "GPL 2.0": "2.0", "GPL 3.0": "3.0", "LGPL 3.0": "3.0",
	}[n.family+" "+n.version]
	end := at + 2
	for _, phrase := range []string{"of the license", "of the licence", "of that license"} {
		if w.at(end, phrase) {
			end += 3
			break
		}
	}
	suffix := "-only"
	switch {
	case w.at(end, "or at your option any later version"):
		suffix, end = "-or-later", end+7
	case either, end == at+2, w.at(end, "or"), w.at(end, "and"):
		return n, false // Some other choice.
	}
	n.version = strings.TrimSuffix(n.version, ".0")
	n.expression = n.family + "-" + number + suffix
	from := i
	for from > 0 && i-from < 2 && w[from] != "gnu" {
		from--
	}
	n.text = strings.Join(w[from:min(end, len(w))], " ")
	return n, known
}
