// Package rbom holds the runtime bill of materials: which components of an image
// really executed, with the files they loaded, the functions that were called and
// the systems they contacted, and how long and how well that was watched.
//
// A [Recorder] watches processes and gives a [Recording]: observations in the
// order in which they were made. [Join] connects a recording with the inventory
// of the image and gives an [RBOM]. Package rbom/procfs samples /proc and needs
// no privilege; recorders in the kernel fit the same interface.
//
// Not observed is not proof of not executed: a sampler misses what happens
// between two samples. Every RBOM carries its [Coverage], and nothing in this
// package turns a missing observation into a statement.
package rbom

import (
	"context"
	"io/fs"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// Recorder watches a target and reports what it did.
type Recorder interface {
	// Record watches t until it ends or ctx is done, and returns what was seen
	// until then. Cancellation is the ordinary end, not an error; a Recording
	// returned together with an error holds what was seen before it.
	Record(ctx context.Context, t Target) (*Recording, error)
}

// Target is what a recorder watches. Exactly one of PID and Cgroup is set.
type Target struct {
	// PID is the root of the process tree to watch, in the recorder's own
	// namespace.
	PID int
	// Cgroup is the path of a cgroup v2 below its mount point.
	Cgroup string
	// Root is the root directory under which the image's files lie on the
	// recorder's side, such as "/proc/1234/root" or a chroot. Paths in
	// observations are relative to it. The root of the target's first process if
	// empty.
	Root string
	// Subject is the image that runs, where known.
	Subject sbom.Subject
}

// Recording is what one recorder saw. It says nothing about an image's contents
// yet.
type Recording struct {
	// Subject is Target.Subject: the image that ran, as whoever recorded says.
	Subject sbom.Subject `json:"subject"`
	// Recorder made it.
	Recorder sbom.Tool `json:"recorder"`
	// Coverage says how well was watched.
	Coverage Coverage `json:"coverage"`
	// Observations, in the order in which they were first made.
	Observations []Observation `json:"observations,omitempty"`
}

// Coverage says how well was watched.
type Coverage struct {
	// Start and End are when watching began and ended, by the recorder's clock;
	// zero when not stated.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// Method is "sampling" or "tracing". A sampler misses what is shorter than
	// its interval.
	Method string `json:"method"`
	// Interval of a sampler; nanoseconds in JSON.
	Interval time.Duration `json:"interval,omitempty"`
	// Samples taken by a sampler.
	Samples int `json:"samples,omitempty"`
	// Kinds are the kinds of observation that the recorder is able to make.
	Kinds []Kind `json:"kinds"`
	// Processes seen.
	Processes int `json:"processes"`
	// Lost is the number of observations known to be lost.
	Lost int `json:"lost,omitempty"`
	// Workload is what ran meanwhile, in the caller's words.
	Workload string `json:"workload,omitempty"`
	// Gaps are processes and sources that could not be read.
	Gaps []sbom.Gap `json:"gaps,omitempty"`
}

// Kind is the kind of an observation.
type Kind string

const (
	KindExec     Kind = "exec"     // A program was started.
	KindMap      Kind = "map"      // A file was mapped executable: a loaded library.
	KindOpen     Kind = "open"     // A file was open.
	KindFunction Kind = "function" // A function was called.
	KindConnect  Kind = "connect"  // A connection to another system.
	KindListen   Kind = "listen"   // A socket that accepts connections.
)

// Observation is one thing seen. Same observations are merged: First, Last and
// Count say when and how often.
type Observation struct {
	Kind Kind `json:"kind"`
	// Path of the file, relative to the image's root without a leading slash,
	// for exec, map, open and function.
	Path string `json:"path,omitempty"`
	// Digest of the file as it was on disk, where the recorder took it.
	Digest sbom.Digest `json:"digest,omitempty"`
	// Mode of the file, where known.
	Mode fs.FileMode `json:"mode,omitempty"`
	// Deleted is set when the file was unlinked while in use.
	Deleted bool `json:"deleted,omitempty"`
	// Function called, in the language's own words.
	Function string `json:"function,omitempty"`
	// Endpoint for connect and listen.
	Endpoint *Endpoint `json:"endpoint,omitempty"`
	// Process that did it.
	Process Process `json:"process"`
	// First and Last are when it was seen for the first and for the last time, and
	// Count is how often: a sampler counts samples.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Count int       `json:"count"`
}

// Endpoint is one side of a socket.
type Endpoint struct {
	// Network is "tcp", "tcp6", "udp", "udp6" or "unix".
	Network string `json:"network"`
	// Address is host:port, or a path for unix.
	Address string `json:"address"`
	// Name is the host's name, where the recorder knows it.
	Name string `json:"name,omitempty"`
}

// Process is the process behind an observation.
type Process struct {
	// PID is its id in the recorder's namespace.
	PID int `json:"pid"`
	// Exe is its program's path as in Observation.Path.
	Exe string `json:"exe,omitempty"`
	// Command is the kernel's short name (comm), at most 15 bytes. Arguments are
	// left out: they hold secrets.
	Command string `json:"command,omitempty"`
}

// RBOM is the runtime bill of materials of one image: what of its inventory was
// seen to run.
type RBOM struct {
	// Subject is the image: that of the inventory.
	Subject sbom.Subject `json:"subject"`
	// Recorder and Coverage are those of the recording.
	Recorder sbom.Tool `json:"recorder"`
	Coverage Coverage  `json:"coverage"`
	// Usage is what was seen of each component, in the order of the inventory;
	// components that were not seen have no entry.
	Usage []Usage `json:"usage,omitempty"`
	// Unknown are executed or mapped files that no component owns: with their
	// digest they are what an SBOM cannot know.
	Unknown []UnknownFile `json:"unknown,omitempty"`
	// Drift are executed or mapped files that are not those of the image.
	Drift []Drift `json:"drift,omitempty"`
	// Unchecked are files that ran and of which the recording or the inventory has no
	// digest to compare: whether they drifted is not known. Sorted.
	Unchecked []string `json:"unchecked,omitempty"`
	// Endpoints are all systems contacted, in order of network and address.
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// Gaps are those of Coverage.
	Gaps []sbom.Gap `json:"gaps,omitempty"`
}

// Usage is what was seen of one component.
type Usage struct {
	// Component is the component's id in the inventory.
	Component string `json:"component"`
	// PURL is the component's, empty when it has none.
	PURL string `json:"purl,omitempty"`
	// Level is the strongest thing seen.
	Level Level `json:"level"`
	// Files executed, mapped or opened, sorted.
	Files []string `json:"files,omitempty"`
	// Functions called, sorted; empty when the recorder cannot see functions.
	Functions []string `json:"functions,omitempty"`
	// Endpoints contacted by processes whose program belongs to the component.
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// First and Last are when anything of it was seen for the first and last time.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// Level is how far a component was seen to be used; a higher level includes the
// lower ones.
type Level int

const (
	NotObserved Level = iota // Nothing was seen. It proves nothing.
	Opened                   // A file of it was open.
	Loaded                   // A file of it was mapped executable.
	Executed                 // A program of it ran, or a function of it was called.
)

var levelNames = [...]string{"not-observed", "opened", "loaded", "executed"}

// String returns the level in lower case.
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return levelNames[0]
	}
	return levelNames[l]
}

// MarshalText returns the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name; an unknown one is NotObserved.
func (l *Level) UnmarshalText(b []byte) error {
	*l = NotObserved
	for i, n := range levelNames {
		if n == string(b) {
			*l = Level(i)
		}
	}
	return nil
}

// UnknownFile is a file that ran and that no component owns.
type UnknownFile struct {
	// Path is as in Observation.Path.
	Path string `json:"path"`
	// Digest is that of the file that ran; empty where the recorder took none.
	Digest sbom.Digest `json:"digest,omitempty"`
	// InImage reports whether the inventory has the file at all.
	InImage bool `json:"inImage"`
}

// Drift is a file that ran and differs from the image's.
type Drift struct {
	// Path is as in Observation.Path.
	Path string `json:"path"`
	// Kind is "modified" (other digest), "added" (not in the image) or "deleted"
	// (ran although it is unlinked).
	Kind string `json:"kind"`
	// Want is the digest in the inventory, Got the one that ran.
	Want sbom.Digest `json:"want,omitempty"`
	Got  sbom.Digest `json:"got,omitempty"`
}
