package rules

import "strings"

// arena is the text of an index in one piece. The collector of garbage would look at each of
// thirty thousand strings in every round.
type arena struct {
	text strings.Builder
}

// piece is a part of the arena.
type piece struct{ at, len uint32 }

// add adds a text.
func (a *arena) add(s string) piece {
	p := piece{uint32(a.text.Len()), uint32(len(s))}
	a.text.WriteString(s)
	return p
}

// get returns a part. It takes no memory of its own.
func (a *arena) get(p piece) string { return a.text.String()[p.at : p.at+p.len] }

// words are names in the arena, and a number for each.
type words struct {
	arena *arena
	// slots has each word in the slot of its hash, or in the next that was free. Their
	// number is a power of two, and half of them are free.
	slots []word
	used  int
}

// word is a name and its number; the zero value is a free slot. Words are not empty.
type word struct {
	piece
	number uint32
}

// put sets the number of a word, if it is not empty.
func (w *words) put(name string, number int) {
	if name == "" {
		return
	}
	if 2*w.used >= len(w.slots) {
		w.grow()
	}
	at := w.find(name)
	if w.slots[at].len == 0 {
		w.used++
		w.slots[at].piece = w.arena.add(name)
	}
	w.slots[at].number = uint32(number)
}

// get returns the number of a word.
func (w *words) get(name string) (number int, ok bool) {
	if w.used == 0 || name == "" {
		return 0, false
	}
	s := w.slots[w.find(name)]
	return int(s.number), s.len > 0
}

// find returns the slot where the word is, or a free one where it would be.
func (w *words) find(name string) uint32 {
	h := uint32(2166136261) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	for at := h; ; at++ {
		at &= uint32(len(w.slots) - 1)
		if s := w.slots[at]; s.len == 0 || w.arena.get(s.piece) == name {
			return at
		}
	}
}

func (w *words) grow() {
	old := w.slots
	w.slots = make([]word, max(64, 4*len(old)))
	for _, s := range old {
		if s.len > 0 {
			w.slots[w.find(w.arena.get(s.piece))] = s
		}
	}
}
