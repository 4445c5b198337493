// Package homebrew detects what Homebrew has installed, on Linux or macOS, by the files
// that it leaves in each keg: the directory of one version of a formula.
//
// # What is read
//
// In .../Cellar/NAME/VERSION:
//
//   - INSTALL_RECEIPT.json: the formula's tap, and what it needs at run time.
//   - sbom.spdx.json: its licence and the digest of the bottle. The rest of this
//     document repeats the receipt or is about the machine that built the bottle; what it
//     says of dependencies may be older than what is installed.
//
// Casks, which are of macOS alone, are not read.
//
// # What is owned
//
// Everything in the keg. Homebrew records no digests of files: a bottle is changed
// on installation, where its files name the prefix. Programs outside of the Cellar
// are symbolic links into it.
//
// # What is checked
//
// A receipt that is no JSON object is an error, and a name or version of the directory
// that is none a gap. A keg without a receipt is not seen; Homebrew leaves none
// behind unless an installation fails.
//
// # Limits
//
// A file may have 8 MiB, a receipt 1<<12 dependencies.
package homebrew

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

const (
	maxFile    = 8 << 20
	maxDepends = 1 << 12
	maxText    = 512
)

// New returns the detector. It has no state and is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

// ID implements detect.Detector.
func (detector) ID() detect.ID { return detect.ID{Name: "homebrew", Version: "1"} }

// Coverage implements detect.Covering.
func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Homebrew",
		Reads:     []string{"Cellar/*/*/INSTALL_RECEIPT.json", "Cellar/*/*/sbom.spdx.json"},
		PURLs:     []string{"brew"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled},
		Owns:      []sbom.Claim{sbom.ClaimDirectory},
		Licenses:  true, Dependencies: true,
	}
}

// Wants implements detect.Detector.
func (detector) Wants(e *detect.Entry) bool {
	_, ok := locate(e.Path)
	return ok
}

// Detect implements detect.Detector.
func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	k, _ := locate(f.Path)
	text, err := ospkg.Read(f, maxFile)
	if err != nil {
		return nil, err
	}
	read := k.readReceipt
	if k.base == sbomFile {
		read = k.readSBOM
	}
	frag, err := read([]byte(text))
	if err != nil && frag == nil {
		err = fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
	}
	return frag, err
}

const (
	receiptFile = "INSTALL_RECEIPT.json"
	sbomFile    = "sbom.spdx.json"
)

// keg is the directory of one version of a formula.
type keg struct {
	path          string // of the file
	dir           string // of the keg
	cellar        string
	name, version string
	base          string
}

// locate says which file of a keg p is.
func locate(p string) (keg, bool) {
	dir, base := path.Split(p)
	if base != receiptFile && base != sbomFile {
		return keg{}, false
	}
	k := keg{path: p, dir: strings.TrimSuffix(dir, "/"), base: base}
	rack, version := path.Split(k.dir)
	cellar, name := path.Split(strings.TrimSuffix(rack, "/"))
	k.cellar, k.name, k.version = strings.TrimSuffix(cellar, "/"), name, version
	return k, path.Base(k.cellar) == "Cellar" && name != "" && version != ""
}

// key returns the key of a formula in the same Cellar.
func (k *keg) key(name string) string { return k.cellar + "/" + name }

// receipt is what of INSTALL_RECEIPT.json is read (Homebrew's Tab).
type receipt struct {
	Arch    string `json:"arch"`
	Poured  bool   `json:"poured_from_bottle"`
	Runtime []struct {
		FullName string `json:"full_name"`
	} `json:"runtime_dependencies"`
	Source struct {
		Tap     string `json:"tap"`
		TapHead string `json:"tap_git_head"`
	} `json:"source"`
}

// readReceipt adds the keg's component.
func (k *keg) readReceipt(data []byte) (*detect.Fragment, error) {
	var r receipt
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	name, version := oneline.Token(k.name, maxText), oneline.Token(k.version, maxText)
	if name == "" || version == "" {
		return &detect.Fragment{Gaps: []sbom.Gap{{Kind: sbom.GapCorrupt,
			Message: fmt.Sprintf("the directory of a keg is no name and version: %s", ospkg.Clip(k.name+"/"+k.version))}}}, nil
	}
	c := detect.Component{Key: k.key(name), Aliases: []string{k.dir}}
	c.Type = sbom.TypeLibrary
	c.Group = tap(r.Source.Tap)
	c.Name = name
	c.Version = version
	if ospkg.ValidName(r.Arch) {
		c.Architecture = r.Arch
	}
	c.PURL = sbom.NewPURL("brew", c.Group, name, version, nil)
	if c.Group == coreTap {
		c.Supplier = "Homebrew"
	}
	c.Properties = properties(&r)
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.PURL}}
	frag := &detect.Fragment{
		Components: []detect.Component{c},
		Claims:     []detect.Claim{{Key: c.Key, Path: k.dir, Ground: sbom.ClaimDirectory, Tree: true}},
	}
	var to []string
	for _, d := range r.Runtime {
		// Of a formula of another tap, "user/tap/name", the rack has the name.
		if dep := oneline.Token(path.Base(d.FullName), maxText); dep != "" && d.FullName != "" {
			to = append(to, k.key(dep))
		}
	}
	var ok bool
	if frag.Relations, ok = ospkg.Relations(c.Key, to, maxDepends); !ok {
		return frag, &detect.LimitError{Path: k.path, Limit: maxDepends, What: "dependencies"}
	}
	return frag, nil
}

// coreTap is Homebrew's own.
const coreTap = "homebrew/core"

// tap returns a tap, "user/repository", as the name space of a package URL; empty for
// anything else, such as the path of a formula.
func tap(s string) string {
	user, repo, ok := strings.Cut(s, "/")
	if !ok || !ospkg.ValidName(user) || !ospkg.ValidName(repo) {
		return ""
	}
	return s
}

func properties(r *receipt) []sbom.Property {
	built := "source"
	if r.Poured {
		built = "bottle"
	}
	props := []sbom.Property{{Name: "homebrew:installed-from", Value: built}}
	if head := oneline.Token(r.Source.TapHead, maxText); head != "" {
		props = append(props, sbom.Property{Name: "homebrew:tap_git_head", Value: head})
	}
	return props
}

// document is what of sbom.spdx.json is read (SPDX 2.3).
type document struct {
	Packages []struct {
		ID        string `json:"SPDXID"`
		Concluded string `json:"licenseConcluded"`
		Checksums []struct {
			Algorithm string `json:"algorithm"`
			Value     string `json:"checksumValue"`
		} `json:"checksums"`
	} `json:"packages"`
}

// readSBOM annotates the keg's component with the licence of its formula, which Homebrew
// writes as the concluded one of the source archive, and the digest of its bottle.
func (k *keg) readSBOM(data []byte) (*detect.Fragment, error) {
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	a := detect.Annotation{Key: k.dir}
	for i := range d.Packages {
		p := &d.Packages[i]
		archive := p.ID == "SPDXRef-Archive-"+k.name+"-src"
		bottle := p.ID == "SPDXRef-Bottle-"+k.name
		if !archive && !bottle {
			continue
		}
		if text := p.Concluded; len(a.Licenses) == 0 && text != "" && text != "NOASSERTION" && text != "NONE" {
			a.Licenses = statement.Licenses([]string{text}, k.path)
		}
		for _, sum := range p.Checksums[:min(len(p.Checksums), 8)] {
			digest, err := sbom.ParseDigest(strings.ToLower(sum.Algorithm) + ":" + sum.Value)
			if err == nil && bottle {
				a.Properties = append(a.Properties, sbom.Property{Name: "homebrew:bottle", Value: string(digest)})
			}
		}
	}
	if len(a.Licenses)+len(a.Properties) == 0 {
		return nil, nil
	}
	return &detect.Fragment{Annotations: []detect.Annotation{a}}, nil
}
