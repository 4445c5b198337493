package otp

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// lock collects what a lock file names.
type lock struct {
	*declared.List
	keys map[string]string // by the name of the application
}

// hex adds a package from Hex. repo is "hexpm", "hexpm:ORGANIZATION" or what a mirror is
// called; outer is the SHA-256 of the archive.
func (l *lock) hex(app, name, version, repo, outer string) {
	if name == "" {
		name = app
	}
	version = oneline.Token(version, maxVersion)
	if !ospkg.ValidName(name) || version == "" {
		l.Gaps.Add(sbom.GapIncomplete, "%s is locked without a valid name and version", ospkg.Clip(app))
		return
	}
	c := sbom.Component{Name: name, Version: version}
	_, c.Group, _ = strings.Cut(repo, ":")
	if !ospkg.ValidName(c.Group) {
		c.Group = ""
	}
	c.PURL = sbom.NewPURL("hex", strings.ToLower(c.Group), strings.ToLower(name), version, nil)
	if d, err := sbom.ParseDigest("sha256:" + outer); err == nil {
		c.Hashes = []sbom.Digest{d}
	}
	if r, _, _ := strings.Cut(repo, ":"); r != "" && r != "hexpm" {
		c.Properties = []sbom.Property{{Name: "hex:repository", Value: oneline.Text(repo, maxVersion)}}
	}
	l.keys[app] = l.Add(c)
}

// git adds what comes from a repository.
func (l *lock) git(app, address, commit string) {
	commit = oneline.Token(commit, maxVersion)
	if !ospkg.ValidName(app) || commit == "" {
		l.Gaps.Add(sbom.GapIncomplete, "%s is locked to a repository without a commit", ospkg.Clip(app))
		return
	}
	l.keys[app] = l.Add(sbom.Component{Name: app, Version: commit,
		PURL: sbom.NewPURL("otp", "", strings.ToLower(app), commit, map[string]string{"vcs_url": origin.Repository(address, commit)})})
}

// readMix reads the literal of mix.lock, which maps names to
// {:hex, NAME, VERSION, INNER, MANAGERS, DEPENDENCIES, REPOSITORY, OUTER} or
// {:git, ADDRESS, COMMIT, OPTIONS}.
func readMix(f *detect.File) (*detect.Fragment, error) {
	s, err := ospkg.Read(f, maxFile)
	if err != nil {
		return nil, err
	}
	root, err := parseElixir(s)
	if err == nil && root.kind != list {
		err = fmt.Errorf("%w: no map of packages", detect.ErrFormat)
	}
	if err != nil {
		return nil, err
	}
	l := &lock{List: declared.New(f), keys: make(map[string]string)}
	for _, pair := range root.items {
		app, v := pair.at(0).name(), pair.at(1)
		switch {
		case v.at(0).is("hex"):
			l.hex(app, v.at(1).name(), v.at(2).string(), v.at(6).string(), v.at(7).string())
		case v.at(0).is("git"):
			l.git(app, v.at(1).string(), v.at(2).string())
		default:
			l.Gaps.Add(sbom.GapUnsupported, "%s is locked in a way that is not known", ospkg.Clip(app))
		}
	}
	for _, pair := range root.items {
		for _, dep := range pair.at(1).at(5).items {
			l.Depend(l.keys[pair.at(0).name()], l.keys[dep.at(0).name()])
		}
	}
	return l.Fragment()
}

// readRebar reads rebar.lock: {VERSION, [{APP, SOURCE, LEVEL}…]}. [{pkg_hash_ext, [{APP,
// SHA256}…]}…]., where the first releases wrote the list alone. It has no dependencies.
func readRebar(f *detect.File) (*detect.Fragment, error) {
	terms, err := readTerms(f)
	if err != nil {
		return nil, err
	}
	if len(terms) == 0 {
		return nil, fmt.Errorf("%w: no list of packages", detect.ErrFormat)
	}
	locked, hashes := terms[0], term{}
	if locked.kind == tuple {
		locked = locked.at(1)
	}
	if locked.kind != list {
		return nil, fmt.Errorf("%w: no list of packages", detect.ErrFormat)
	}
	if len(terms) > 1 {
		hashes = terms[1].get("pkg_hash_ext")
	}
	outer := make(map[string]string, len(hashes.items))
	for _, h := range hashes.items {
		outer[h.at(0).string()] = h.at(1).string()
	}
	l := &lock{List: declared.New(f), keys: make(map[string]string)}
	for _, entry := range locked.items {
		app, src := entry.at(0).string(), entry.at(1)
		switch {
		case src.at(0).is("pkg"):
			l.hex(app, src.at(1).string(), src.at(2).string(), "", outer[app])
		case src.at(0).is("git"), src.at(0).is("git_subdir"):
			l.git(app, src.at(1).string(), src.at(2).at(1).string())
		default:
			l.Gaps.Add(sbom.GapUnsupported, "%s is locked in a way that is not known", ospkg.Clip(app))
		}
	}
	return l.Fragment()
}
