package catalog

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/squash"
	"github.com/imagetrust/imagetrust/sbom"
)

// count fills in the FileCounts of those who recorded the file n, which is the owner's.
func (o *ownership) count(n *squash.Node[node], owner *claim) {
	for c := n.Value.claims; c != nil; c = c.next {
		if c.ground != byRecord {
			continue
		}
		c.owned()
		c.owner.component.Files.Present++
		if !c.optional {
			c.owner.solidPresent++
		}
		switch integrity(c, n) {
		case sbom.Intact:
			c.owner.component.Files.Verified++
		case sbom.Modified:
			// A file that another package shipped in its place is that package's;
			// a configuration file is there to be changed.
			if (!c.config || executable(n)) && owner == c {
				c.owner.component.Files.Modified++
			}
		}
	}
}

// countAbsent is count for a path where nothing is.
func (o *ownership) countAbsent(at string, claims *claim) {
	for c := claims; c != nil; c = c.next {
		if c.ground == byRecord && !o.excused(at, c) {
			c.owned()
			c.owner.component.Files.Missing++
		}
	}
}

func (c *claim) owned() {
	c.owner.component.Files.Owned++
	if !c.optional {
		c.owner.solidOwned++
	}
}

func executable(n *squash.Node[node]) bool {
	return n.Value.content != nil && n.Value.kind != ""
}

// files lists the executables, and the other files that are not as recorded, and
// counts those that components recorded.
func (o *ownership) files() []sbom.File {
	var out []sbom.File
	for at, n := range o.fold.tree.All() {
		o.fold.patience.ask()
		if !executable(n) && n.Value.claims == nil {
			continue
		}
		c := o.owner(at, n)
		o.count(n, c)
		if executable(n) || c.ground == byRecord && !c.config && integrity(c, n) == sbom.Modified {
			out = append(out, o.file(at, n, c))
		}
	}
	for at, claims := range o.absent {
		o.fold.patience.ask()
		o.countAbsent(at, claims)
		if !inProgramDirectory(at) {
			continue
		}
		if c := o.missed(at, claims); c != nil {
			out = append(out, sbom.File{
				Path: at, Owner: c.owner.component.ID, Claim: grounds[c.ground], Integrity: sbom.Missing, Recorded: c.digest.text(),
			})
		}
	}
	return out
}

func (o *ownership) file(at string, n *squash.Node[node], c *claim) sbom.File {
	file := sbom.File{Path: at, Layer: o.fold.layers[n.Layer], Mode: n.Mode, Size: n.Size}
	if n.Value.content != nil {
		file.Kind, file.Digests = n.Value.kind, digestsFor(c, n.Value.digests)
		file.Capabilities = n.Value.capabilities
	}
	if c != nil {
		file.Owner, file.Claim = c.owner.component.ID, grounds[c.ground]
		file.Recorded, file.Integrity = c.digest.text(), integrity(c, n)
	}
	return file
}

// excused reports whether nobody misses what is claimed at a path where nothing is.
func (o *ownership) excused(at string, c *claim) bool {
	// Who records digests records them of all files. What has none was a link or an
	// empty directory, and those that are not among programs and libraries are
	// cleaned up.
	emptied := c.digest == "" && o.digested[c.owner] && !inProgramDirectory(at)
	return c.optional || emptied || o.repackaged(c.owner)
}

// missed returns the strongest claim on a path where nothing is, if it is a recorded
// one, of those that are not excused.
func (o *ownership) missed(at string, claims *claim) *claim {
	var best *claim
	for c := claims; c != nil; c = c.next {
		if !o.excused(at, c) && (best == nil || compareClaims(c, best, nil) > 0) {
			best = c
		}
	}
	if best == nil || best.ground != byRecord {
		return nil
	}
	return best
}

// repackaged reports whether a package of a distribution ships what t is. What t
// recorded of its files is how its author built it: the distribution moved some of
// them, and that none of its own is missing is what counts. A record that is not the
// one that the distribution ships excuses nothing.
func (o *ownership) repackaged(t *tracked) bool {
	is, known := o.shipped[t]
	if !known {
		by := o.shipper(t)
		n, there := o.fold.tree.Lookup(t.path)
		is = by != nil && by.owner.distributed() && there && integrity(by, n) != sbom.Modified
		o.shipped[t] = is
	}
	return is
}

// digestsFor leaves SHA-256 and what can be compared with what the owner recorded. By
// what else a file was hashed depends on what was guessed when it went by.
func digestsFor(c *claim, all []sbom.Digest) []sbom.Digest {
	var out []sbom.Digest
	for i, d := range all {
		recorded := false
		if c != nil {
			recorded, _ = c.digest.compare(d)
		}
		if i == 0 || recorded {
			out = append(out, d)
		}
	}
	return out
}

// inProgramDirectory reports whether a path is in a directory of programs or
// libraries (Filesystem Hierarchy Standard 3.0).
func inProgramDirectory(p string) bool {
	p = strings.TrimPrefix(p, "usr/")
	p = strings.TrimPrefix(p, "local/")
	dir, _, found := strings.Cut(p, "/")
	switch dir {
	case "bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "libo32", "games":
		return found
	}
	return false
}
