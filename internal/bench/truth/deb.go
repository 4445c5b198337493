package truth

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Deb is one entry of a dpkg database.
type Deb struct {
	Package
	leftover bool // "config-files"
}

// Debs asks dpkg-query for what is installed below root and what was removed but
// not purged.
func Debs(root string) ([]Deb, error) {
	cmd := exec.Command("dpkg-query", "--admindir="+filepath.Join(root, "var/lib/dpkg"), "-W",
		"-f", "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\n")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("dpkg-query: %w", err)
	}
	var debs []Deb
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 4 {
			return nil, fmt.Errorf("dpkg-query: %q", line)
		}
		switch f[0] {
		case "installed", "config-files":
			debs = append(debs, Deb{Package{Ecosystem: Debian, Name: f[1], Version: f[2], Arch: f[3]}, f[0] == "config-files"})
		case "not-installed":
		default:
			return nil, fmt.Errorf("dpkg-query: %s is %s", f[1], f[0])
		}
	}
	return debs, nil
}

// History follows the dpkg database from layer to layer. The zero value has seen
// no layer.
type History struct {
	layers int
	states map[string]state // by name and architecture
}

type state struct {
	deb                 Deb
	introduced, changed int
}

// Add looks at the database below root as the next layer left it.
func (h *History) Add(root string) error {
	debs, err := Debs(root)
	if err != nil {
		return err
	}
	next := make(map[string]state, len(debs))
	for _, d := range debs {
		key := d.Name + ":" + d.Arch
		s := state{d, h.layers, h.layers}
		if before, ok := h.states[key]; ok && before.deb.leftover == d.leftover {
			s.introduced = before.introduced
			if before.deb.Version == d.Version {
				s.changed = before.changed
			}
		}
		next[key] = s
	}
	h.states = next
	h.layers++
	return nil
}

// Fill fills in the layers of img's Debian packages. For one that was removed it
// is the layer that removed it.
func (h *History) Fill(img *Image) {
	for _, list := range [][]Package{img.Packages, img.Leftovers} {
		for i, p := range list {
			if s, ok := h.states[p.Name+":"+p.Arch]; ok && p.Ecosystem == Debian {
				list[i].Layer, list[i].Introduced = s.changed, s.introduced
			}
		}
	}
}
