package document

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"unicode"
	"unicode/utf8"
)

// nameSet is the names of one JSON object, by their hashes. It is used again for
// other objects.
type nameSet struct {
	few   [16]uint64
	many  map[uint64]struct{} // of an object with more names
	count int
}

func (s *nameSet) clear() { s.count, s.many = 0, nil }

// add reports whether the name was not there.
func (s *nameSet) add(hash uint64) bool {
	known := min(s.count, len(s.few))
	if slices.Contains(s.few[:known], hash) {
		return false
	}
	if known < len(s.few) {
		s.few[known] = hash
		s.count++
		return true
	}
	if _, twice := s.many[hash]; twice {
		return false
	}
	if s.many == nil {
		s.many = make(map[uint64]struct{})
	}
	s.many[hash] = struct{}{}
	s.count++
	return true
}

// nameSeed makes names that collide unpredictable.
var nameSeed = maphash.MakeSeed()

// foldedHash is the same for names that encoding/json takes for the same field: it
// undoes escapes and ignores case. key is the text between the quotation marks, and is
// changed.
func foldedHash(key []byte, escapes bool) uint64 {
	if escapes {
		var name string
		if json.Unmarshal([]byte(`"`+string(key)+`"`), &name) == nil {
			key = []byte(name)
		}
	}
	for i, c := range key {
		switch {
		case c >= utf8.RuneSelf:
			return maphash.Bytes(nameSeed, []byte(string(foldedRunes(string(key)))))
		case 'A' <= c && c <= 'Z':
			key[i] = c + 'a' - 'A'
		}
	}
	return maphash.Bytes(nameSeed, key)
}

// foldedRunes replaces every character by one that stands for all which are the same in
// another case, for those of ASCII by the small letter.
func foldedRunes(s string) []rune {
	out := []rune(s)
	for i, r := range out {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		out[i] = unicode.ToLower(least)
	}
	return out
}
