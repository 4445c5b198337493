package attest

import (
	"encoding/json"
	"time"

	"github.com/imagetrust/imagetrust/attest/internal/required"
	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// RuntimeTrace is the predicate of in-toto's runtime trace v0.1: what a monitor
// saw of a process, such as the build or a run of the subject.
type RuntimeTrace struct {
	Monitor          Monitor          `json:"monitor"`
	MonitoredProcess MonitoredProcess `json:"monitoredProcess"`
	MonitorLog       MonitorLog       `json:"monitorLog"`
	Metadata         *TraceMetadata   `json:"metadata,omitempty"`
}

// Monitor is the instance of a tool that watched.
type Monitor struct {
	// Type is the URI that says how to read the trace policy, the processes and the
	// network activity.
	Type string `json:"type"`
	// ConfigSource is the monitor's configuration.
	ConfigSource *ResourceDescriptor `json:"configSource,omitempty"`
	// TracePolicy says what was watched for. A JSON object.
	TracePolicy json.RawMessage `json:"tracePolicy,omitempty"`
}

// MonitoredProcess is what was watched.
type MonitoredProcess struct {
	// HostID is the URI of the host or platform.
	HostID string `json:"hostID"`
	// Type is the URI of the kind of process; of a build, its build type.
	Type string `json:"type"`
	// Event is the one job or task.
	Event string `json:"event"`
}

// MonitorLog is what was seen. At least one of its lists is there; an empty one
// says that nothing of the kind was seen, nil that it was not watched for.
type MonitorLog struct {
	// Process and Network are JSON objects in the monitor's own form.
	Process []json.RawMessage `json:"process,omitzero"`
	Network []json.RawMessage `json:"network,omitzero"`
	// FileAccess are the files by path and digest.
	FileAccess []ResourceDescriptor `json:"fileAccess,omitzero"`
}

// TraceMetadata says when the process ran, in the monitor's word; zero if unstated.
type TraceMetadata struct {
	BuildStartedOn  time.Time `json:"buildStartedOn,omitzero"`
	BuildFinishedOn time.Time `json:"buildFinishedOn,omitzero"`
}

// PredicateTypes returns TypeRuntimeTrace.
func (*RuntimeTrace) PredicateTypes() []string { return []string{TypeRuntimeTrace} }

// Validate checks what v0.1 requires; see [Typed].
func (t *RuntimeTrace) Validate() error {
	log := t.MonitorLog
	return required.Check(ErrPredicate,
		required.That("monitor.type is empty", t.Monitor.Type != ""),
		required.That("monitor.tracePolicy is not an object", len(t.Monitor.TracePolicy) == 0 || strictjson.IsObject(t.Monitor.TracePolicy)),
		required.That("monitoredProcess.hostID is empty", t.MonitoredProcess.HostID != ""),
		required.That("monitoredProcess.type is empty", t.MonitoredProcess.Type != ""),
		required.That("monitoredProcess.event is empty", t.MonitoredProcess.Event != ""),
		required.That("monitorLog has none of process, network and fileAccess", log.Process != nil || log.Network != nil || log.FileAccess != nil),
	)
}
