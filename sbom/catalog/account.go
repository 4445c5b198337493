package catalog

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/squash"
	"github.com/imagetrust/imagetrust/sbom"
)

// count fills in the components' FileCounts.
func (o *ownership) count() {
	for at, claims := range o.exact {
		n, there := o.fold.tree.Lookup(at)
		var winner *claim
		if there {
			winner = o.owner(at, n)
		}
		for i := range claims {
			if c := &claims[i]; c.ground == sbom.ClaimRecorded {
				if !there && o.excused(at, c) {
					continue
				}
				c.countIn(n, there, c == winner)
			}
		}
	}
}

func (c *claim) countIn(n *squash.Node[node], there, winner bool) {
	t := c.owner
	counts := &t.component.Files
	counts.Owned++
	if !c.optional {
		t.solidOwned++
	}
	if !there {
		counts.Missing++
		return
	}
	counts.Present++
	if !c.optional {
		t.solidPresent++
	}
	switch integrity(c, n) {
	case sbom.Intact:
		counts.Verified++
	case sbom.Modified:
		// A file that another package shipped in its place is that package's;
		// a configuration file is there to be changed.
		if winner && (!c.config || executable(n)) {
			counts.Modified++
		}
	}
}

func executable(n *squash.Node[node]) bool {
	return n.Value.content != nil && n.Value.kind != ""
}

// files lists the executables, and the other files that are not as recorded.
func (o *ownership) files() []sbom.File {
	var out []sbom.File
	for at, n := range o.fold.tree.All() {
		if !executable(n) && o.exact[at] == nil {
			continue
		}
		c := o.owner(at, n)
		if executable(n) || c.ground == sbom.ClaimRecorded && !c.config && integrity(c, n) == sbom.Modified {
			out = append(out, o.file(at, n, c))
		}
	}
	for at, claims := range o.exact {
		if _, there := o.fold.tree.Lookup(at); there || !inProgramDirectory(at) {
			continue
		}
		c := strongest(o.unexcused(at, claims), nil)
		if c == nil || c.ground != sbom.ClaimRecorded {
			continue
		}
		out = append(out, sbom.File{
			Path: at, Owner: c.owner.component.ID, Claim: c.ground, Integrity: sbom.Missing, Recorded: c.digest,
		})
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
		file.Owner, file.Claim = c.owner.component.ID, c.ground
		file.Recorded, file.Integrity = c.digest, integrity(c, n)
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

// unexcused returns the claims on a path where nothing is by those who miss it.
func (o *ownership) unexcused(at string, claims []claim) []claim {
	var out []claim
	for i := range claims {
		if !o.excused(at, &claims[i]) {
			out = append(out, claims[i])
		}
	}
	return out
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
		if i == 0 || c != nil && d.Algorithm() == c.digest.Algorithm() {
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
