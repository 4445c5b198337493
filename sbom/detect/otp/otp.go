// Package otp finds applications of Erlang, Elixir and other languages of the BEAM.
//
// # What counts as what
//
//   - lib/NAME-VERSION/ebin/NAME.app, and any other NAME/ebin/NAME.app: an installed
//     application, in Erlang itself, in a release, or in a directory of builds.
//   - releases/VERSION/NAME.rel: a release, the application that is deployed, with what it
//     is made of.
//   - releases/MAJOR/OTP_VERSION: Erlang/OTP, by the version of the whole.
//   - erts-VERSION/bin/beam.smp: the runtime, by the name of its directory.
//   - hex_metadata.config: a package that was unpacked from a Hex repository, with its
//     licences. Applications inside it are told apart from it.
//   - mix.lock and rebar.lock declare packages ([sbom.ScopeDeclared]), that need not be there.
//
// All are terms of Erlang, or literals of Elixir in mix.lock. They are read, not run.
//
// # Identity
//
// An application is pkg:otp, since its description does not say where it is from; a
// package that Hex is known to have served is pkg:hex, with an organization as name space.
// What a lock file takes from a repository has the commit as its version. Erlang/OTP
// itself is pkg:generic/erlang and has its CPE.
//
// # What is owned
//
// The directory of an application, of the runtime and of a package; and of a release or of
// Erlang/OTP as a whole, its directory in releases and the programs in bin. Nothing records
// digests of files.
package otp

import (
	"context"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// maxFile is the size in bytes of the largest file that is read. The lock file of a large
// application has 100 KB.
const maxFile = 4 << 20

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "otp", Version: "2"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Erlang and Elixir (OTP, Hex)",
		Reads: []string{"ebin/*.app", "releases/*/*.rel", "releases/*/OTP_VERSION", "erts-*/bin/beam.smp",
			"hex_metadata.config", "mix.lock", "rebar.lock"},
		PURLs:    []string{"otp", "hex", "generic"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared, sbom.ScopeFixture},
		Owns:     []sbom.Claim{sbom.ClaimDirectory},
		Licenses: true, Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool { return e.Size > 0 && readerOf(e.Path) != nil }

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	return ospkg.ReadWith(f, readerOf(f.Path))
}

// readerOf returns what reads a file; nil when it is none of ours.
func readerOf(file string) func(*detect.File) (*detect.Fragment, error) {
	dir, base := path.Split(file)
	dir = strings.TrimSuffix(dir, "/")
	switch base {
	case "mix.lock":
		return declaring(file, readMix)
	case "rebar.lock":
		return declaring(file, readRebar)
	case "hex_metadata.config":
		return readPackage
	case "OTP_VERSION":
		if path.Base(path.Dir(dir)) == "releases" {
			return readVersion
		}
	case "beam.smp":
		if path.Base(dir) == "bin" && strings.HasPrefix(path.Base(path.Dir(dir)), "erts-") {
			return readRuntime
		}
	}
	switch {
	case strings.HasSuffix(base, ".app") && path.Base(dir) == "ebin":
		return readApp
	case strings.HasSuffix(base, ".rel") && path.Base(path.Dir(dir)) == "releases":
		return readRelease
	}
	return nil
}

// declaring returns a reader of lock files; nil for one inside an installed package,
// which serves the development of that.
func declaring(file string, read func(*detect.File) (*detect.Fragment, error)) func(*detect.File) (*detect.Fragment, error) {
	if declared.Foreign(file) || fetched(file) {
		return nil
	}
	return read
}

// fetched reports whether a file lies in a directory that Mix or Rebar fetched a
// package into.
func fetched(file string) bool {
	segs := strings.Split(file, "/")
	for i, s := range segs[:len(segs)-1] {
		if i+2 < len(segs) && (s == "deps" || s == "lib" && i >= 2 && segs[i-2] == "_build") {
			return true
		}
	}
	return false
}
