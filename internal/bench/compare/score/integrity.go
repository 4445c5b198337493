package score

import (
	"slices"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// Integrity counts files that are not as packaged.
type Integrity struct {
	// Kinds counts the changes of each kind, and how many of them were found.
	Kinds map[truth.Kind]Tally
	// Unseen are the changes that were not found, "kind path".
	Unseen []string
	// Alarms are the changes that were reported and are none.
	Alarms []string
	// Ghosts counts the packages that have lost files, and of how many of these
	// the scanner knows the number of files lost.
	Ghosts Tally
	// Unknown are the other ghosts. MadeUp are packages that it says have lost files
	// and have not.
	Unknown, MadeUp []string
}

// Tally is a number of things and how many of them were found.
type Tally struct{ Truth, Found int }

func integrity(img *truth.Image, r *Report) *Integrity {
	i := &Integrity{Kinds: make(map[truth.Kind]Tally)}
	type key struct {
		kind truth.Kind
		path string
	}
	reported, changed := make(map[key]bool), make(map[key]bool)
	for _, c := range r.Changes {
		reported[key{c.Kind, c.Path}] = true
	}
	for _, c := range img.Changes {
		k := key{c.Kind, c.Path}
		changed[k] = true
		t := i.Kinds[c.Kind]
		t.Truth++
		if reported[k] {
			t.Found++
		} else {
			i.Unseen = append(i.Unseen, string(c.Kind)+" "+c.Path)
		}
		i.Kinds[c.Kind] = t
	}
	for k := range reported {
		if !changed[k] {
			i.Alarms = append(i.Alarms, string(k.kind)+" "+k.path)
		}
	}
	slices.Sort(i.Alarms)
	i.ghosts(img.Ghosts, r.Missing)
	return i
}

func (i *Integrity) ghosts(ghosts []truth.Ghost, missing map[string]int) {
	known := make(map[string]bool)
	for _, g := range ghosts {
		known[g.Name] = true
		i.Ghosts.Truth++
		if missing[g.Name] >= g.Missing {
			i.Ghosts.Found++
		} else {
			i.Unknown = append(i.Unknown, g.Name)
		}
	}
	for name := range missing {
		if !known[name] {
			i.MadeUp = append(i.MadeUp, name)
		}
	}
	slices.Sort(i.MadeUp)
}
