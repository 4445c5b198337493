package cargo

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/boundtoml"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// maxLock is the size in bytes of the largest lock file that is read; one of 1,500
// crates has 400 kB.
const maxLock = 16 << 20

// lock is a Cargo.lock of any version.
type lock struct {
	Package []locked `toml:"package"`
	// Root is the workspace's own package in lock files of before 2017.
	Root *locked `toml:"root"`
	// Metadata has "checksum NAME VERSION (SOURCE)" in version 1.
	Metadata map[string]string `toml:"metadata"`
}

// locked is one crate. Dependencies are "NAME", "NAME VERSION" or
// "NAME VERSION (SOURCE)", as much as is needed to tell it from others.
type locked struct {
	Name, Version, Source, Checksum string
	Dependencies                    []string
}

func readLock(f *detect.File) (*detect.Fragment, error) {
	if declared.Foreign(f.Path) || registry(f.Path) {
		return nil, nil
	}
	b, err := f.Bytes(maxLock)
	if err != nil {
		return nil, err
	}
	var lk lock
	if err := boundtoml.Unmarshal(b, &lk); err != nil {
		return nil, err
	}
	if lk.Root != nil {
		lk.Package = append(lk.Package, *lk.Root)
	}
	if len(lk.Package) == 0 && !strings.Contains(string(b), "version") {
		return nil, nil
	}
	l := declared.New(f)
	keys := make(map[string]string) // by each of the forms of a dependency
	own := make([]string, len(lk.Package))
	for i := range lk.Package {
		p := &lk.Package[i]
		if own[i] = add(l, p, lk.Metadata); own[i] == "" {
			continue
		}
		for _, form := range []string{p.Name, p.Name + " " + p.Version, p.Name + " " + p.Version + " (" + p.Source + ")"} {
			if keys[form] == "" {
				keys[form] = own[i]
			}
		}
	}
	for i := range lk.Package {
		for _, need := range lk.Package[i].Dependencies {
			l.Depend(own[i], keys[need])
		}
	}
	return l.Fragment()
}

// registry reports whether the file is in sources that Cargo or Debian keeps for
// building.
func registry(file string) bool {
	file = "/" + file
	return strings.Contains(file, "/registry/src/") || strings.Contains(file, "/git/checkouts/") || strings.Contains(file, "/cargo/registry/")
}

// add adds one crate and returns its key. A crate without a source is in the
// directory of the lock file or near it, and is nowhere known to be published.
func add(l *declared.List, p *locked, metadata map[string]string) string {
	c := sbom.Component{Name: oneline.Token(p.Name, maxName), Version: oneline.Token(p.Version, maxName)}
	switch {
	case c.Name == "":
		l.Gaps.Add(sbom.GapCorrupt, "the lock file names a crate that has no valid name: %s", oneline.Text(p.Name, 80))
		return ""
	case c.Version == "":
		l.Gaps.Add(sbom.GapIncomplete, "the lock file states no valid version of %s", c.Name)
		return ""
	}
	kind, address, _ := strings.Cut(p.Source, "+")
	switch {
	case p.Source == "":
		c.Properties = statement.Property(c.Properties, "cargo:source", "local")
	case kind == "git":
		address, commit, _ := strings.Cut(address, "#")
		c.PURL = sbom.NewPURL("cargo", "", c.Name, c.Version, map[string]string{"vcs_url": origin.Repository(address, commit)})
		c.References = origin.Refer(nil, origin.VCS, address)
		c.Properties = statement.Property(c.Properties, "cargo:source", "git")
	case address == "https://github.com/rust-lang/crates.io-index" || address == "https://index.crates.io/":
		c.PURL = sbom.NewPURL("cargo", "", c.Name, c.Version, nil)
	default:
		c.PURL = sbom.NewPURL("cargo", "", c.Name, c.Version, map[string]string{"repository_url": origin.Address(address)})
		c.Properties = statement.Property(c.Properties, "cargo:source", "registry")
	}
	sum := p.Checksum
	if sum == "" {
		sum = metadata["checksum "+p.Name+" "+p.Version+" ("+p.Source+")"]
	}
	if d, err := sbom.ParseDigest("sha256:" + sum); err == nil {
		c.Hashes = []sbom.Digest{d}
	}
	return l.Add(c)
}
