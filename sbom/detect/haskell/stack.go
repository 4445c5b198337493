package haskell

import (
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/boundyaml"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// locked is a package in stack.yaml.lock, with what is known when it is complete.
type locked struct {
	Completed struct {
		// NAME-VERSION@sha256:DIGEST,SIZE, of the package's description.
		Hackage string `yaml:"hackage"`
		Name    string `yaml:"name"`
		Version string `yaml:"version"`
		Git     string `yaml:"git"`
		Commit  string `yaml:"commit"`
		URL     string `yaml:"url"`
		SHA256  string `yaml:"sha256"`
	} `yaml:"completed"`
}

// readStack reads the packages that a project adds to its snapshot; those of the
// snapshot itself are listed elsewhere.
func readStack(f *detect.File) (*detect.Fragment, error) {
	b, err := ospkg.Bytes(f, maxStack)
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages []locked `yaml:"packages"`
	}
	if err := boundyaml.Unmarshal(b, &lock); err != nil {
		return nil, err
	}
	l := declared.New(f)
	for i := range lock.Packages {
		if l.Full() {
			break
		}
		if c, ok := lock.Packages[i].component(); ok {
			l.Add(c)
		} else {
			l.Gaps.Add(sbom.GapIncomplete, "a package is locked without a valid name and version: %s", ospkg.Clip(lock.Packages[i].Completed.Hackage+lock.Packages[i].Completed.Name))
		}
	}
	return l.Fragment()
}

// component describes the package. ok is false when it has no valid name or version.
func (p *locked) component() (c sbom.Component, ok bool) {
	v := &p.Completed
	name, version := v.Name, v.Version
	if v.Hackage != "" {
		id, _, _ := strings.Cut(v.Hackage, "@")
		i := max(0, strings.LastIndexByte(id, '-'))
		name, version = id[:i], strings.TrimPrefix(id[i:], "-")
	}
	if c, ok = component(name, version); !ok {
		return c, false
	}
	if d, err := sbom.ParseDigest("sha256:" + v.SHA256); err == nil && v.URL != "" {
		c.Hashes = []sbom.Digest{d}
	}
	c.PURL = sbom.NewPURL("hackage", "", name, version, map[string]string{
		"vcs_url": origin.Repository(v.Git, oneline.Token(v.Commit, 64)), "download_url": origin.Address(v.URL),
	})
	return c, true
}
