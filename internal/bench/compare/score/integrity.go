package score

import (
	"maps"
	"regexp"
	"slices"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// Integrity counts files that are not as packaged.
type Integrity struct {
	// Kinds counts the changes of each kind.
	Kinds map[truth.Kind]Tally
	// Unseen are the changes that were not found, "kind path".
	Unseen []string
	// Alarms are the changes that were reported and are none.
	Alarms []string
	// Ghosts counts the packages that have lost all their files, and Damaged those that
	// have lost some of them.
	Ghosts, Damaged Tally
	// Unknown are those of both that were not found, MadeUp the packages that were
	// reported to have lost files and have not.
	Unknown, MadeUp []string
}

// Tally is a number of things and how many of them were found.
type Tally struct{ Truth, Found int }

func (t *Tally) add(found bool) {
	t.Truth++
	if found {
		t.Found++
	}
}

// Undocumented is a kind of change apart: documentation that is missing. Images of
// distributions leave it out on purpose (dpkg's path-exclude), and no program
// behaves differently without it.
const Undocumented truth.Kind = "undocumented"

// documentation is what the configurations of Debian's and Ubuntu's images exclude.
var documentation = regexp.MustCompile(`^usr/share/(?:doc|man|locale|info|lintian|bug|help|groff|linda)/`)

// change is a file and what happened to it.
type change struct {
	kind truth.Kind
	path string
}

func (c change) String() string { return string(c.kind) + " " + c.path }

func changes(list []truth.Change) map[change]bool {
	m := make(map[change]bool)
	for _, c := range list {
		if c.Kind == truth.Missing && documentation.MatchString(c.Path) {
			c.Kind = Undocumented
		}
		m[change{c.Kind, c.Path}] = true
	}
	return m
}

func integrity(img *truth.Image, r *Report) *Integrity {
	i := &Integrity{Kinds: make(map[truth.Kind]Tally)}
	want, got := changes(img.Changes), changes(r.Changes)
	for c := range want {
		t := i.Kinds[c.kind]
		t.add(got[c])
		i.Kinds[c.kind] = t
		if !got[c] {
			i.Unseen = append(i.Unseen, c.String())
		}
	}
	for c := range got {
		if !want[c] {
			i.Alarms = append(i.Alarms, c.String())
		}
	}
	slices.Sort(i.Unseen)
	slices.Sort(i.Alarms)
	i.packages(img.Ghosts, r)
	return i
}

// packages counts packages that have lost files. Those that have lost nothing but
// documentation are whole.
func (i *Integrity) packages(ghosts []truth.Ghost, r *Report) {
	madeUp := maps.Clone(r.Missing)
	for _, g := range ghosts {
		delete(madeUp, g.Name)
		found := r.Missing[g.Name] > 0
		if g.Missing == g.Files {
			found = r.Ghosts[g.Name]
			i.Ghosts.add(found)
		} else {
			i.Damaged.add(found)
		}
		if !found {
			i.Unknown = append(i.Unknown, g.Name)
		}
	}
	i.MadeUp = slices.Sorted(maps.Keys(madeUp))
}
