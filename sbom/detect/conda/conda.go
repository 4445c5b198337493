// Package conda finds the packages of conda environments by the records that conda,
// mamba, micromamba and pixi keep of what they installed.
//
// Each package has one record, conda-meta/NAME-VERSION-BUILD.json in the prefix of its
// environment. It has the files with their SHA-256: where installing put the prefix
// into a file, the digest after that (sha256_in_prefix) is the one that is compared,
// and where that is not recorded, as by old releases, none is. Compiled Python code
// that installing made need not be there.
//
// A Python distribution that conda installed has metadata of its own, which detector
// python reads: that component is one that the conda package owns. Packages that pip
// adds to an environment have no record here.
//
// The package URL has the qualifiers of its type: build, channel, subdir and type
// (of the archive).
package conda

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits. The record of the largest package known, of an R distribution, has 8 MB and
// 30,000 files.
const (
	maxRecord  = 64 << 20
	maxFiles   = 500_000
	maxDepends = 1000
)

type detector struct{}

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

func (detector) ID() detect.ID { return detect.ID{Name: "conda", Version: "1"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Conda",
		Reads:     []string{"conda-meta/*.json"},
		PURLs:     []string{"conda"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled},
		Owns:      []sbom.Claim{sbom.ClaimRecorded},
		Checks:    []string{"sha256"},
		Licenses:  true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	_, ok := prefix(e.Path)
	return ok && e.Size > 0
}

// prefix returns the prefix of the environment that a record is in.
func prefix(file string) (dir string, ok bool) {
	if !strings.HasSuffix(file, ".json") {
		return "", false
	}
	return ospkg.Root(path.Dir(file), "conda-meta")
}

// record is a package's record (PrefixRecord).
type record struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Build    string   `json:"build"`
	Channel  string   `json:"channel"`
	Subdir   string   `json:"subdir"`
	Filename string   `json:"fn"`
	URL      string   `json:"url"`
	MD5      string   `json:"md5"`
	SHA256   string   `json:"sha256"`
	License  string   `json:"license"`
	Depends  []string `json:"depends"`
	Files    []string `json:"files"`
	Paths    struct {
		Paths []recordedPath `json:"paths"`
	} `json:"paths_data"`
}

// recordedPath is a file, relative to the prefix.
type recordedPath struct {
	Path        string `json:"_path"`
	Type        string `json:"path_type"` // hardlink, softlink, directory, pyc_file, …
	SHA256      string `json:"sha256"`
	InPrefix    string `json:"sha256_in_prefix"`
	Placeholder string `json:"prefix_placeholder"`
	NoLink      bool   `json:"no_link"`
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	root, ok := prefix(f.Path)
	if !ok {
		return nil, nil
	}
	text, err := ospkg.Read(f, maxRecord)
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, fmt.Errorf("%s: %w: %v", f.Path, detect.ErrFormat, err)
	}
	if !ospkg.ValidName(r.Name) {
		return nil, fmt.Errorf("%s: %w: no valid name", f.Path, detect.ErrFormat)
	}
	return r.fragment(f, root)
}

func (r *record) fragment(f *detect.File, root string) (*detect.Fragment, error) {
	var gaps ospkg.Gaps
	c := r.component(f.Path, &gaps)
	c.Key = ospkg.Join(root, r.Name)
	frag := &detect.Fragment{Components: []detect.Component{c}}
	var depends []string
	for _, spec := range r.Depends {
		// NAME, or NAME VERSION BUILD; what begins with "__" is the system's.
		if name, _, _ := strings.Cut(strings.TrimSpace(spec), " "); ospkg.ValidName(name) && !strings.HasPrefix(name, "__") {
			depends = append(depends, ospkg.Join(root, name))
		}
	}
	relations, all := ospkg.Relations(c.Key, depends, maxDepends)
	frag.Relations = relations
	if !all {
		gaps.Add(sbom.GapLimit, "more than %d dependencies", maxDepends)
	}
	claims := ospkg.NewClaims(f, root, maxFiles)
	err := r.claim(claims, c.Key, &gaps)
	frag.Claims, frag.Gaps = claims.List(), gaps.List()
	return frag, err
}

// component describes the package.
func (r *record) component(location string, gaps *ospkg.Gaps) detect.Component {
	version := gaps.Checked(r.Name, "version", r.Version, validVersion)
	c := sbom.Component{
		Type: sbom.TypeLibrary, Name: r.Name, Version: version, Architecture: oneline.Token(r.Subdir, 64),
		Licenses: ospkg.Licenses(r.License, location, nil), Evidence: statement.Manifest(1, r.Name, version),
	}
	for _, sum := range []string{"sha256:" + r.SHA256, "md5:" + r.MD5} {
		if d, err := sbom.ParseDigest(sum); err == nil {
			c.Hashes = append(c.Hashes, d)
		}
	}
	c.Properties = statement.Property(c.Properties, "conda:url", address(r.URL))
	c.PURL = sbom.NewPURL("conda", "", r.Name, version, map[string]string{
		"build": oneline.Token(r.Build, 256), "channel": r.channel(), "subdir": oneline.Token(r.Subdir, 64), "type": r.archive(),
	})
	return detect.Component{Component: c}
}

// validVersion reports whether s can be a version: conda's have an epoch before "!".
func validVersion(s string) bool { return ospkg.ValidVersion(strings.Replace(s, "!", "", 1)) }

// channel returns the name of the channel, which is recorded as a name or as an
// address with or without the directory of the platform. Names of labels and of
// mirrors have slashes.
func (r *record) channel() string {
	s := r.Channel
	if strings.Contains(s, "://") {
		s = address(s)
		_, s, _ = strings.Cut(s, "://")
		_, s, _ = strings.Cut(s, "/") // the host
		s = strings.TrimPrefix(s, "pkgs/")
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, "/"), "/"+r.Subdir)
	if s == "unknown" || s == "<unknown>" {
		return ""
	}
	return oneline.Token(s, 256)
}

// address returns an address without credentials: channels have them as user, as
// query, or as the path's beginning, /t/TOKEN.
func address(s string) string {
	before, after, ok := strings.Cut(origin.Address(s), "/t/")
	if _, rest, more := strings.Cut(after, "/"); ok && more {
		return before + "/" + rest
	}
	return before
}

// archive returns the kind of archive that the package came in.
func (r *record) archive() string {
	for _, kind := range []string{"conda", "tar.bz2"} {
		if strings.HasSuffix(r.Filename, "."+kind) || strings.HasSuffix(r.URL, "."+kind) {
			return kind
		}
	}
	return ""
}

// claim claims the files. Old records only have their names.
func (r *record) claim(claims *ospkg.Claims, key string, gaps *ospkg.Gaps) error {
	for i := range r.Paths.Paths {
		p := &r.Paths.Paths[i]
		if p.NoLink || p.Type == "directory" {
			continue
		}
		c := detect.Claim{Key: key, Digest: p.digest(gaps), Optional: strings.HasPrefix(p.Type, "pyc_file")}
		if err := claims.Add(c, p.Path, gaps); err != nil {
			return err
		}
	}
	if len(r.Paths.Paths) > 0 {
		return nil
	}
	for _, p := range r.Files {
		if err := claims.Add(detect.Claim{Key: key}, p, gaps); err != nil {
			return err
		}
	}
	return nil
}

// digest returns what the file has to have, empty if that is not recorded: of a link,
// the digest is of what it leads to.
func (p *recordedPath) digest(gaps *ospkg.Gaps) sbom.Digest {
	sum := p.InPrefix
	if sum == "" && p.Placeholder == "" {
		sum = p.SHA256
	}
	if sum == "" || p.Type == "softlink" {
		return ""
	}
	d, err := sbom.ParseDigest("sha256:" + sum)
	if err != nil {
		gaps.Add(sbom.GapCorrupt, "%s is recorded with the malformed digest %s", ospkg.Clip(p.Path), ospkg.Clip(sum))
	}
	return d
}
