// Package extra lists the extractors of osv-scalibr that read what the detectors of
// package catalog do not: desktop packages (Flatpak, Snap, MacPorts, Chocolatey),
// Container-Optimized OS, Spack, Nim, extensions of VS Code, NetScaler,
// documents in images (CycloneDX, SPDX), and lock files and manifests of Conan,
// Gleam, Gradle, Paket, NuGet, setuptools, GitHub Actions, asdf, mise and Node.js.
//
//	extras, err := extra.Detectors()
//	...
//	opts := &catalog.Options{Detectors: append(catalog.Detectors(), extras...)}
//
// What is left out, and why, is in the README of package scalibr.
package extra

import (
	"fmt"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor/filesystem"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/scalibr"
)

// entry is an extractor and what it covers.
type entry struct {
	make      func(*cpb.PluginConfig) (filesystem.Extractor, error)
	ecosystem string
	reads     []string
	purls     []string // nil for all
	anonymous bool     // purls is nil because its packages have none
}

// covering is a detector that says what it covers.
type covering struct {
	detect.Detector
	coverage detect.Coverage
}

// Coverage implements detect.Covering.
func (c covering) Coverage() detect.Coverage { return c.coverage }

// Detectors returns the detectors in their configuration by default, each a
// detect.Covering but those of documents, which name packages of all kinds. The
// slice is the caller's. Names of detectors begin with "scalibr/".
//
// Most of what they find is declared, not installed: see [scalibr.MeaningOf].
func Detectors() ([]detect.Detector, error) {
	var out []detect.Detector
	for _, e := range entries {
		ex, err := e.make(&cpb.PluginConfig{})
		if err != nil {
			return nil, fmt.Errorf("scalibr/extra: %s: %w", e.ecosystem, err)
		}
		d, err := scalibr.New(ex)
		if err != nil {
			return nil, err
		}
		if e.purls != nil || e.anonymous {
			d = covering{d, e.coverage(ex.Name())}
		}
		out = append(out, d)
	}
	return out, nil
}

func (e entry) coverage(name string) detect.Coverage {
	m, _ := scalibr.MeaningOf(name)
	scopes := []sbom.Scope{m.Scope}
	switch {
	case name == "os/spack": // A spec names the dependencies too.
		scopes = append(scopes, sbom.ScopeDeclared)
	case m.Scope == sbom.ScopeDeclared, m.Scope == sbom.ScopeBundled:
		scopes = append(scopes, sbom.ScopeFixture)
	}
	return detect.Coverage{Ecosystem: e.ecosystem, Reads: e.reads, PURLs: e.purls, Scopes: scopes}
}
