package sbom

import "io/fs"

// File is a file of the squashed view, or one that a package recorded and that
// is gone.
type File struct {
	// Path is relative to the root, slash-separated, without a leading slash.
	Path string `json:"path"`
	// Layer is the layer that last wrote the file; nil for a missing file.
	Layer *LayerRef `json:"layer,omitempty"`
	// Mode has the type, permission, setuid, setgid and sticky bits.
	Mode fs.FileMode `json:"mode,omitempty"`
	// Capabilities are the file capabilities, in the form of getcap, such as
	// "cap_net_raw=ep": rights that whoever runs the file gets, as with setuid.
	Capabilities string `json:"capabilities,omitempty"`
	// Size is in bytes.
	Size int64 `json:"size,omitempty"`
	// Digests are the digests of the content, sha256 first.
	Digests []Digest `json:"digests,omitempty"`
	// Kind says what makes the file executable; empty when it is not.
	Kind FileKind `json:"kind,omitempty"`
	// Owner is the id of the component that the file belongs to; empty when
	// nobody claims it.
	Owner string `json:"owner,omitempty"`
	// Claim says on what ground Owner owns it; empty when Owner is.
	Claim Claim `json:"claim,omitempty"`
	// Integrity compares the file with what its owner recorded.
	Integrity Integrity `json:"integrity,omitempty"`
	// Recorded is the digest that the owner recorded, if any.
	Recorded Digest `json:"recorded,omitempty"`
}

// FileKind is the reason why a file counts as executable.
type FileKind string

const (
	KindELF    FileKind = "elf"    // ELF: programs, shared libraries, kernel modules; whatever its mode.
	KindScript FileKind = "script" // Begins with "#!" and may be executed.
	KindPE     FileKind = "pe"     // Windows or .NET program or library; whatever its mode.
	KindMachO  FileKind = "macho"  // macOS program or library; whatever its mode.
	KindOther  FileKind = "other"  // Anything else that has an execute permission.
)

// Claim is the ground on which a component owns a file.
type Claim string

const (
	// ClaimRecorded: a package manager's database lists the file.
	ClaimRecorded Claim = "recorded"
	// ClaimDirectory: the file lies in the package's own directory.
	ClaimDirectory Claim = "directory"
	// ClaimContent: the file's own content says which component it is.
	ClaimContent Claim = "content"
)

// Integrity compares a file with the digest that its owner recorded.
type Integrity string

const (
	Intact     Integrity = "intact"     // The digest is the recorded one.
	Modified   Integrity = "modified"   // The digest differs from the recorded one.
	Missing    Integrity = "missing"    // Recorded, and not in the squashed view.
	Unrecorded Integrity = "unrecorded" // The owner recorded no digest.
	Unchecked  Integrity = "unchecked"  // A digest is recorded, but the file was not hashed.
)

// State is the accounting state of an executable. Every executable of an image
// is in exactly one.
type State string

const (
	// StateIntact: owned by a package, bytes as recorded.
	StateIntact State = "owned-intact"
	// StateModified: owned by a package, bytes differ from those recorded.
	StateModified State = "owned-modified"
	// StateUnverified: owned by a package that recorded no digest, or not hashed.
	StateUnverified State = "owned-unverified"
	// StateIdentified: no package owns it, but its content says what it is.
	StateIdentified State = "identified"
	// StateUnaccounted: nobody knows what it is.
	StateUnaccounted State = "unaccounted"
)

// States lists all states, from the best known to the least.
func States() []State {
	return []State{StateIntact, StateIdentified, StateUnverified, StateModified, StateUnaccounted}
}

// State returns the accounting state of the file. Of a file that is missing, only the
// owner is known: it is StateUnverified, and not Executable.
func (f *File) State() State {
	switch {
	case f.Owner == "":
		return StateUnaccounted
	case f.Claim == ClaimContent:
		return StateIdentified
	case f.Integrity == Modified:
		return StateModified
	case f.Integrity == Intact:
		return StateIntact
	}
	return StateUnverified
}

// Executable reports whether the file is there and counts as executable.
func (f *File) Executable() bool { return f.Kind != "" && f.Integrity != Missing }

// Accounting sums up the executables of an image by state.
type Accounting map[State]Tally

// Tally is a number of files and their bytes.
type Tally struct {
	Files int `json:"files"`
	// Bytes are those of the files' contents, uncompressed.
	Bytes int64 `json:"bytes"`
}

// Accounting sums up the executables of the squashed view by state. All states
// are keys of the result.
func (inv *Inventory) Accounting() Accounting {
	acc := make(Accounting)
	for _, s := range States() {
		acc[s] = Tally{}
	}
	for i := range inv.Files {
		f := &inv.Files[i]
		if !f.Executable() {
			continue
		}
		t := acc[f.State()]
		t.Files++
		t.Bytes += f.Size
		acc[f.State()] = t
	}
	return acc
}
