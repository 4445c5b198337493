// Package detect holds the contract between the engine (package catalog) and
// the detectors, one small package each, that turn files into facts.
//
// # How a detector works
//
// The engine reads each layer's tar stream once. For every regular file it asks
// each detector whether it [Detector.Wants] the file, from the header and the
// first bytes alone. A wanted file is handed to [Detector.Detect] as random
// access content, and the detector returns a [Fragment]: facts that depend on
// nothing but this file's bytes and path. A detector never sees another file,
// another layer or the squashed view, so that fragments can be cached by layer.
//
// # How facts from several files meet
//
// Package managers spread one package over many files. A detector gives each
// component a Key; claims, annotations and diversions from other files of the
// same detector name that key. The fold joins them when it has squashed the
// layers: a fact is alive exactly as long as the file it came from is visible.
//
// # Conformance
//
// Package detecttest checks an implementation.
package detect

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/imagetrust/imagetrust/sbom"
)

// HeadSize is the number of first bytes of a regular file that a detector sees
// in Entry.Head.
const HeadSize = 512

// ErrFormat is wrapped by the error of a detector that wanted a file which then
// turned out not to follow its format. The engine records a gap.
var ErrFormat = errors.New("malformed")

// ErrLimit is wrapped by the error of a detector that stopped at a limit. The
// engine keeps the fragment and records a gap.
var ErrLimit = errors.New("limit reached")

// ErrEncrypted is wrapped by the error of a detector that met encrypted content.
var ErrEncrypted = errors.New("encrypted")

// ErrUnsupported is wrapped by the error of a detector that met a version or
// feature of its format which it does not read.
var ErrUnsupported = errors.New("unsupported")

// ID names a detector. Name and version are part of the cache key of every
// fragment and of all evidence: a change of a detector that changes its facts
// changes Version.
type ID struct {
	Name    string
	Version string
}

// String returns "name@version".
func (id ID) String() string { return id.Name + "@" + id.Version }

// Detector turns files into facts. Implementations have no state that changes;
// all methods are called concurrently.
type Detector interface {
	// ID returns the detector's name, unique in an engine, and version.
	ID() ID
	// Wants reports whether Detect shall see the file. It does no I/O, keeps
	// nothing of e, and is called for every regular file of an image: it must
	// be cheap.
	Wants(e *Entry) bool
	// Detect returns the facts in one wanted file. A fragment returned together
	// with an error is kept; the error becomes a gap (see ErrFormat, ErrLimit,
	// ErrEncrypted, ErrUnsupported). A nil fragment means that the file said nothing. Time
	// and memory are bounded by the size of the file. Detect keeps nothing of f
	// after it returned.
	Detect(ctx context.Context, f *File) (*Fragment, error)
}

// Sifter is a Detector that needs only parts of large files and can tell which of
// them when the file goes by. It is optional: the engine then need not hold the
// content. What Detect returns must not depend on whether it did.
type Sifter interface {
	Detector
	// Sift returns what takes in a wanted file as it goes by, and nil when Detect
	// needs the whole. It keeps nothing of e.
	Sift(e *Entry) Sieve
}

// Sieve takes in the content of one file, all of it and in order, by Write, which
// never fails and keeps nothing of its argument. Then it is the ReaderAt of a File.
// It keeps what Detect will read, some hundred KiB and never more than a few MiB.
//
// ReadAt returns ErrSkipped for what it did not keep. Detect then returns an error
// that wraps ErrSkipped, and is called again with the whole content. Layers are read
// a second time for this: it is for files that are unlike all others.
type Sieve interface {
	io.Writer
	io.ReaderAt
}

// ErrSkipped is wrapped by the error of a detector that needs a part of a file which
// its Sieve did not keep.
var ErrSkipped = errors.New("content was not kept")

// Entry is the header and the beginning of one regular file in a layer.
type Entry struct {
	// Path is relative to the root, slash-separated, cleaned, without a leading
	// slash.
	Path string
	// Mode has the type, permission, setuid, setgid and sticky bits.
	Mode fs.FileMode
	// Size is in bytes.
	Size int64
	// Head is the first HeadSize bytes, fewer if the file is shorter. It is
	// valid only during the call.
	Head []byte
}

// File is a wanted file with its content.
type File struct {
	Entry
	// ReaderAt gives random access to the whole content, Size bytes.
	io.ReaderAt
	// Digest is the sha256 of the content.
	Digest sbom.Digest
}

// Reader returns a reader over the whole content.
func (f *File) Reader() *io.SectionReader { return io.NewSectionReader(f.ReaderAt, 0, f.Size) }

// Bytes returns the whole content, or an error that wraps ErrLimit when the file
// is longer than max bytes.
func (f *File) Bytes(max int64) ([]byte, error) {
	if f.Size > max {
		return nil, &LimitError{Path: f.Path, Limit: max, Size: f.Size}
	}
	b := make([]byte, f.Size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return nil, err
	}
	return b, nil
}

// Fragment is what one file said.
type Fragment struct {
	// Components found in the file. Their ID, Attribution and Files are filled
	// in by the fold; layers in their evidence too. Evidence.Location.Path and
	// Evidence.Detector may be left empty: the engine fills in the file's path
	// and the detector's ID.
	Components []Component `json:"components,omitempty"`
	// Claims are files that components own.
	Claims []Claim `json:"claims,omitempty"`
	// Diversions are files that a package manager renamed on installation.
	Diversions []Diversion `json:"diversions,omitempty"`
	// Annotations are facts about components that other files define.
	Annotations []Annotation `json:"annotations,omitempty"`
	// Relations connect components of the same detector by key.
	Relations []Relation `json:"relations,omitempty"`
	// Distribution is the operating system that the file names.
	Distribution *sbom.Distribution `json:"distribution,omitempty"`
	// Gaps are what the detector did not understand in the file, apart from the
	// error it returns. Path and Detector are filled in when empty. Component is
	// a key or alias here, which the fold translates to the component's id; it is
	// dropped when no visible component has it.
	Gaps []sbom.Gap `json:"gaps,omitempty"`
	// Yields says that the fragment is about a file as such, in case that nobody knows what
	// it is. If a component of another detector owns the file, unmodified, then the
	// component that claims it here gives way, and its best evidence goes to the owner.
	// Other components stay, unless the owner is a distribution's package, which answers for
	// what is in its programs; gaps of kind sbom.GapIncomplete go. Of removed files, nothing
	// stays where a package recorded the path. Such a fragment claims its own file alone.
	Yields bool `json:"yields,omitempty"`
	// Kin says of which project the file is one, in a fragment that yields. Those that do not say
	// their version, and that nobody owns, become evidence of the component that a file of the
	// same project and detector is which is near to them. They own nothing by that, and stay gaps.
	Kin *Kin `json:"kin,omitempty"`
}

// Kin is what tells which files of a project belong together: one loads the other, or they are in one
// directory, or in the directories that a system has for programs and libraries.
type Kin struct {
	// Project is its name, the same in all of its files.
	Project string `json:"project"`
	// Version is what the file says of itself; then the component that claims the file is of it.
	// Empty if it says nothing.
	Version string `json:"version,omitempty"`
	// SONAME is the library's own name, and Needed are the libraries that the file loads.
	SONAME string   `json:"soname,omitempty"`
	Needed []string `json:"needed,omitempty"`
}

// Component is a component together with its identity across layers.
type Component struct {
	sbom.Component
	// Key is the component's identity within its detector, without the version:
	// a component of the same key, from the same file path, in a later layer is the
	// same component, upgraded. So is one from another path when it comes in the
	// layer in which the one of that key goes, and no other of the key comes or
	// goes with them: the paths of many package managers have the version in
	// them. A Key contains everything that lets two components exist side by
	// side: the root of the database they are in, the architecture, the path
	// without a version. Claims, Annotations and Relations refer to it.
	Key string `json:"key"`
	// Aliases are other keys by which other files may refer to the component.
	// An alias that several visible components have refers to the first in
	// order of Key.
	Aliases []string `json:"aliases,omitempty"`
}

// Claim says that a component owns a path.
type Claim struct {
	// Key or alias of the owner.
	Key string `json:"key"`
	// Path as in Entry.Path, before symlinks of directories are resolved, which
	// the fold does.
	Path string `json:"path"`
	// Ground of the claim; sbom.ClaimRecorded if empty. When several components
	// claim a file, recorded wins over directory, directory over content, and a
	// deeper directory over a higher one.
	Ground sbom.Claim `json:"ground,omitempty"`
	// Tree is set with sbom.ClaimDirectory: the claim is on everything below
	// Path.
	Tree bool `json:"tree,omitempty"`
	// Digest recorded by the package manager, empty when it records none.
	Digest sbom.Digest `json:"digest,omitempty"`
	// Config marks a configuration file, which is expected to be modified.
	Config bool `json:"config,omitempty"`
	// Optional marks files that images commonly leave out on purpose
	// (documentation, compiled caches): they do not count as missing.
	Optional bool `json:"optional,omitempty"`
}

// Diversion says that files which packages other than By ship as From are
// installed as To (dpkg-divert(1)).
type Diversion struct {
	// From and To are paths as in Entry.Path.
	From string `json:"from"`
	To   string `json:"to"`
	// By is the key or alias of the package that diverts; empty for a local
	// diversion, which applies to all packages.
	By string `json:"by,omitempty"`
}

// Annotation adds facts to a component that another file defines.
type Annotation struct {
	// Key or alias of the component. Empty is whoever owns the file that says it,
	// whichever detector found the component and on whatever ground it claims the
	// file; when nobody does, licences become a gap.
	Key string `json:"key"`
	// Licenses, Hashes, References and Properties are appended to the component's own, each
	// that it does not have yet.
	Licenses   []sbom.License   `json:"licenses,omitempty"`
	Hashes     []sbom.Digest    `json:"hashes,omitempty"`
	References []sbom.Reference `json:"references,omitempty"`
	Properties []sbom.Property  `json:"properties,omitempty"`
	// Qualifiers are added to the component's package URL, if it has one that does
	// not state them.
	Qualifiers []sbom.Property `json:"qualifiers,omitempty"`
}

// Relation connects two components of one detector by key or alias. A relation
// to a component that is not visible is dropped.
type Relation struct {
	// From and To are keys or aliases; Type is read from From to To. An empty From is
	// whoever owns the file, as in Annotation.
	From string                `json:"from"`
	To   string                `json:"to"`
	Type sbom.RelationshipType `json:"type"`
	// Else are keys or aliases to take for To when no visible component has it, the
	// first that is there: the directories in which a run time looks one after the
	// other.
	Else []string `json:"else,omitempty"`
}
