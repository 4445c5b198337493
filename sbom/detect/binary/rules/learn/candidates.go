package main

import (
	"hash/maphash"
	"unicode"
)

// context is a text with a hole for a version.
type context struct {
	before, after string
	start, end    bool // of the string
}

// candidate is a context of a project.
type candidate struct {
	context
	project  *project
	named    bool
	versions map[string]bool // that were read rightly
	files    []int           // in which it reads rightly, of project.files
	text     bool            // the version is all of the text; else the numbers alone
	library  bool            // a library has it
	program  bool            // something else has it
	wrong    int             // own files in which it reads something else
	foreign  []*elf          // files of others that have it
}

// key identifies a context.
type key uint64

var seed = maphash.MakeSeed()

// contexts calls f for each context of a version.
func contexts(s *seen, f func(key, func() context)) {
	t := s.around()
	type end struct {
		to    int
		whole bool
		hash  uint64
	}
	ends := make([]end, 0, 4)
	t.Ends(func(to int, whole bool) {
		ends = append(ends, end{to, whole, maphash.Bytes(seed, t.After[:to]) * mark(whole)})
	})
	t.Starts(func(at int, whole bool, _ uint32) {
		h := maphash.Bytes(seed, t.Before[at:]) * mark(whole)
		for _, e := range ends {
			f(key(h*0x9E3779B97F4A7C15+e.hash), func() context {
				return context{string(t.Before[at:]), string(t.After[:e.to]), whole, e.whole}
			})
		}
	})
}

func mark(b bool) uint64 {
	if b {
		return 0x2545F4914F6CDD1D
	}
	return 1
}

// letters returns the number of letters in a text.
func letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// Contexts without a name of the project have as many letters at least.
const minLetters = 12

// candidates returns the contexts in which all versions of a project stand, and nothing
// but its versions.
func (p *project) candidates() map[key]*candidate {
	type tally struct {
		*candidate
		textRight, textWrong, coreRight, coreWrong int
		last                                       int
	}
	found := make(map[key]*tally)
	for i, f := range p.files {
		for j := range f.Versions {
			s := &f.Versions[j]
			if r := f.readings[j]; r.text || r.core {
				contexts(s, func(k key, get func() context) {
					t := found[k]
					if t == nil {
						t = &tally{candidate: &candidate{context: get(), project: p, versions: make(map[string]bool)}, last: -1}
						found[k] = t
					}
					if t.last == i {
						return
					}
					t.last = i
					t.versions[f.canonical] = true
					t.files = append(t.files, i)
					t.library = t.library || f.SONAME != ""
					t.program = t.program || f.SONAME == ""
				})
			}
		}
	}
	for k, t := range found {
		t.named = p.named(t.before + " " + t.after)
		if n := letters(t.before + t.after); n < 3 || !t.named && (n < minLetters || len(t.versions) < 2) {
			delete(found, k)
		}
	}
	for _, f := range p.files {
		for j := range f.Versions {
			s, r := &f.Versions[j], f.readings[j]
			contexts(s, func(k key, _ func() context) {
				if t := found[k]; t != nil {
					add(&t.textRight, &t.textWrong, r.text)
					add(&t.coreRight, &t.coreWrong, r.core)
				}
			})
		}
	}
	out := make(map[key]*candidate)
	for k, t := range found {
		t.text = t.textWrong <= t.coreWrong
		if t.wrong = min(t.textWrong, t.coreWrong); t.wrong == 0 {
			out[k] = t.candidate
		}
	}
	return out
}

func add(right, wrong *int, isRight bool) {
	if isRight {
		*right++
	} else {
		*wrong++
	}
}
