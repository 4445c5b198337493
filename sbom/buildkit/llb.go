package buildkit

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
)

// Step is one step of the build, a vertex of BuildKit's LLB (moby/buildkit,
// solver/pb/ops.proto).
type Step struct {
	// ID is its name in the provenance: "step3".
	ID   string
	Kind StepKind
	// Stage is the stage of the Dockerfile that it belongs to, and Line where it stands
	// there, from 1; empty and 0 when it has no place there.
	Stage string
	Line  int
	// Text says in one line what it does: the source's identifier, the command, the
	// copies.
	Text string

	source  string // of a StepSource: its identifier
	inputs  []output
	mounts  []rawMount
	actions []action
	from    string // the stage that its COPY --from names
}

// StepKind is what a step does.
type StepKind string

const (
	StepSource StepKind = "source" // Gets an image, a repository, a download or the build context.
	StepRun    StepKind = "run"    // Runs a command.
	StepFile   StepKind = "file"   // Copies and makes files.
	StepMerge  StepKind = "merge"  // Puts file systems on top of each other, as COPY --link does.
	StepOther  StepKind = "other"  // Anything else: what it makes of files is not known.
)

// output is one of the file systems that a step makes.
type output struct{ step, index int }

// action is one of the actions of a StepFile. Its inputs are those of the step, and
// behind them the results of the actions before it; -1 is nothing.
type action struct {
	kind                     StepKind // StepFile for a copy, StepOther for what makes no file
	input, secondary, output int
	src, dest                string
	wildcard, contents       bool
	unpack                   bool
	data                     []byte // of a file that is made; nil for a copy
}

type rawStep struct {
	ID     string   `json:"id"`
	Inputs []string `json:"inputs"`
	Op     struct {
		Op struct {
			Source *struct {
				Identifier string `json:"identifier"`
			} `json:"source"`
			Exec *struct {
				Meta struct {
					Args []string `json:"args"`
				} `json:"meta"`
				Mounts []rawMount `json:"mounts"`
			} `json:"exec"`
			File *struct {
				Actions []rawAction `json:"actions"`
			} `json:"file"`
			Merge *struct{}       `json:"merge"`
			Build json.RawMessage `json:"build"`
			Diff  json.RawMessage `json:"diff"`
			Pass  json.RawMessage `json:"passthrough"`
		} `json:"Op"`
	} `json:"op"`
}

type rawMount struct {
	Input    int    `json:"input"`
	Selector string `json:"selector"`
	Dest     string `json:"dest"`
	Output   int    `json:"output"`
	Type     int    `json:"mountType"`
}

type rawAction struct {
	Input     int `json:"input"`
	Secondary int `json:"secondaryInput"`
	Output    int `json:"output"`
	Action    struct {
		Copy *struct {
			Src      string `json:"src"`
			Dest     string `json:"dest"`
			Contents bool   `json:"dirCopyContents"`
			Unpack   bool   `json:"attemptUnpackDockerCompatibility"`
			Wildcard bool   `json:"allowWildcard"`
		} `json:"copy"`
		Mkfile *struct {
			Path string `json:"path"`
			Data []byte `json:"data"`
		} `json:"mkfile"`
	} `json:"Action"`
}

// graph is the steps of a build, each behind its inputs.
type graph struct {
	steps []Step
	byID  map[string]int
	// chains are the layers that outputs were stored as.
	chains map[output][][]stored
	// last is the step that BuildKit ends with, whose only input is the result.
	last int
}

// newGraph checks and orders the steps.
func newGraph(raw []rawStep, limit int) (graph, error) {
	g := graph{byID: make(map[string]int, min(len(raw), limit))}
	size := 0
	for i := range raw {
		size += 1 + len(raw[i].Inputs)
		if x := raw[i].Op.Op.Exec; x != nil {
			size += len(x.Mounts)
		}
		if f := raw[i].Op.Op.File; f != nil {
			size += len(f.Actions)
		}
	}
	if size > limit {
		return g, fmt.Errorf("%w: %d steps, inputs and actions, at most %d", ErrLimit, size, limit)
	}
	order, err := ordered(raw)
	if err != nil {
		return g, err
	}
	for _, at := range order {
		r := &raw[at]
		g.byID[r.ID] = len(g.steps) // Behind its inputs, which are known now.
		s := newStep(r)
		for _, name := range r.Inputs {
			in, err := g.output(name)
			if err != nil {
				return g, err
			}
			s.inputs = append(s.inputs, in)
		}
		if err := s.check(); err != nil {
			return g, err
		}
		g.steps = append(g.steps, s)
	}
	if len(raw) > 0 {
		g.last = g.byID[raw[len(raw)-1].ID]
	}
	return g, nil
}

// result returns the output that became the image, false if that is not known.
func (g *graph) result() (output, bool) {
	if len(g.steps) == 0 {
		return output{}, false
	}
	if s := &g.steps[g.last]; s.Kind == StepOther && len(s.inputs) == 1 {
		return s.inputs[0], true
	}
	return output{}, false
}

// resultStage returns the stage whose end is the image, empty if that is not known.
func (g *graph) resultStage() string {
	if out, ok := g.result(); ok {
		return g.steps[out.step].Stage
	}
	return ""
}

// ordered returns the steps in an order in which each is behind its inputs: their own,
// if it is one.
func ordered(raw []rawStep) ([]int, error) {
	byID := make(map[string]int, len(raw))
	for i := range raw {
		if _, twice := byID[raw[i].ID]; twice || raw[i].ID == "" {
			return nil, fmt.Errorf("%w: two steps are named %.100q", ErrFormat, raw[i].ID)
		}
		byID[raw[i].ID] = i
	}
	waits, after := make([]int, len(raw)), make([][]int, len(raw))
	own, inOrder := make([]int, len(raw)), true
	for i := range raw {
		own[i] = i
		for _, in := range raw[i].Inputs {
			id, _, _ := strings.Cut(in, ":")
			from, ok := byID[id]
			if !ok {
				return nil, fmt.Errorf("%w: step %.100q has the unknown input %.100q", ErrFormat, raw[i].ID, in)
			}
			inOrder = inOrder && from < i
			waits[i]++
			after[from] = append(after[from], i)
		}
	}
	if inOrder {
		return own, nil
	}
	var order []int
	for i := range raw {
		if waits[i] == 0 {
			order = append(order, i)
		}
	}
	for at := 0; at < len(order); at++ {
		for _, i := range after[order[at]] {
			if waits[i]--; waits[i] == 0 {
				order = append(order, i)
			}
		}
	}
	if len(order) < len(raw) {
		return nil, fmt.Errorf("%w: the steps run in a circle", ErrFormat)
	}
	return order, nil
}

// output parses the name of an output of a known step: "step3:0".
func (g *graph) output(name string) (output, error) {
	id, index, ok := strings.Cut(name, ":")
	step, known := g.byID[id]
	n, err := strconv.Atoi(index)
	if !ok || !known || err != nil || n < 0 {
		return output{}, fmt.Errorf("%w: there is no output %.100q", ErrFormat, name)
	}
	return output{step, n}, nil
}

func newStep(r *rawStep) Step {
	s := Step{ID: r.ID, Kind: StepOther}
	switch op := &r.Op.Op; {
	case op.Source != nil:
		s.Kind, s.source, s.Text = StepSource, op.Source.Identifier, oneLine(op.Source.Identifier)
	case op.Exec != nil:
		s.Kind, s.Text, s.mounts = StepRun, oneLine("RUN "+strings.Join(op.Exec.Meta.Args, " ")), op.Exec.Mounts
	case op.Merge != nil:
		s.Kind, s.Text = StepMerge, "merge"
	case op.File != nil:
		s.Kind = StepFile
		var texts []string
		for i := range op.File.Actions {
			a, text := newAction(&op.File.Actions[i])
			s.actions = append(s.actions, a)
			if len(texts) < 20 {
				texts = append(texts, text)
			}
		}
		s.Text = oneLine(strings.Join(texts, "; "))
	}
	return s
}

func newAction(r *rawAction) (action, string) {
	a := action{kind: StepOther, input: r.Input, secondary: r.Secondary, output: r.Output}
	switch {
	case r.Action.Copy != nil:
		c := r.Action.Copy
		a.kind, a.src, a.dest = StepFile, clean(c.Src), clean(c.Dest)
		a.wildcard, a.contents, a.unpack = c.Wildcard && strings.ContainsAny(c.Src, "*?["), c.Contents, c.Unpack
		return a, "COPY " + c.Src + " " + c.Dest
	case r.Action.Mkfile != nil:
		m := r.Action.Mkfile
		a.kind, a.dest, a.data = StepFile, clean(m.Path), append([]byte{}, m.Data...)
		return a, "COPY <<EOF " + m.Path
	}
	return a, "file"
}

// check makes sure that everything a step refers to is there.
func (s *Step) check() error {
	for i := range s.mounts {
		if m := &s.mounts[i]; m.Input < -1 || m.Input >= len(s.inputs) {
			return fmt.Errorf("%w: step %.100q mounts input %d of %d", ErrFormat, s.ID, m.Input, len(s.inputs))
		}
	}
	for i := range s.actions {
		a := &s.actions[i]
		have := len(s.inputs) + i
		if a.input < -1 || a.input >= have || a.secondary < -1 || a.secondary >= have {
			return fmt.Errorf("%w: action %d of step %.100q has inputs %d and %d of %d", ErrFormat, i, s.ID, a.input, a.secondary, have)
		}
	}
	return nil
}

// clean returns a path as File.Path has it, relative to the root, "." for the root.
func clean(p string) string {
	if p = strings.TrimPrefix(path.Clean("/"+p), "/"); p != "" {
		return p
	}
	return "."
}

const maxText = 300 // bytes

// oneLine makes a text fit for messages.
func oneLine(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}
