package procfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/sbom"
)

// Record samples the process tree of t.PID until it has ended or ctx is done. It
// returns ErrTarget when the process is not there, and ErrNotSupported for a
// cgroup or where /proc is not mounted.
func (r *Recorder) Record(ctx context.Context, t rbom.Target) (*rbom.Recording, error) {
	if t.PID <= 0 {
		if t.Cgroup != "" {
			return nil, fmt.Errorf("%w: a cgroup as target", ErrNotSupported)
		}
		return nil, fmt.Errorf("%w: no PID", ErrTarget)
	}
	s, err := newSampler(&r.opts, t)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(r.opts.Interval)
	defer tick.Stop()
	for s.sample(ctx) {
		select {
		case <-ctx.Done():
		case <-tick.C:
			continue
		}
		break
	}
	return s.recording(t.Subject), nil
}

// sampler collects the observations of one recording.
type sampler struct {
	opts    *Options
	root    string         // the target's root as seen from here; "" for /
	tree    map[int]uint64 // start time by pid, of the processes that belong to the target
	seen    map[string]*rbom.Observation
	order   []*rbom.Observation
	digests map[fileKey]sbom.Digest
	gaps    map[string]sbom.Gap
	procs   map[process]bool
	start   time.Time
	samples int
	lost    int
}

type process struct {
	pid   int
	start uint64
}

func newSampler(opts *Options, t rbom.Target) (*sampler, error) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return nil, ErrNotSupported
	}
	st, err := readStat(t.PID)
	if err != nil {
		return nil, fmt.Errorf("%w: process %d: %w", ErrTarget, t.PID, err)
	}
	root := t.Root
	if root == "" {
		if root, err = os.Readlink(procPath(t.PID, "root")); err != nil {
			return nil, fmt.Errorf("procfs: root of process %d: %w", t.PID, err)
		}
	} else if resolved, err := filepath.EvalSymlinks(root); err == nil {
		root = resolved
	}
	if root == "/" {
		root = ""
	}
	return &sampler{opts: opts, root: root, tree: map[int]uint64{t.PID: st.start}, seen: make(map[string]*rbom.Observation),
		digests: make(map[fileKey]sbom.Digest), gaps: make(map[string]sbom.Gap), procs: make(map[process]bool), start: time.Now()}, nil
}

func procPath(pid int, name string) string {
	return "/proc/" + strconv.Itoa(pid) + "/" + name
}

func readStat(pid int) (stat, error) {
	b, err := os.ReadFile(procPath(pid, "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(b)
}

// sample takes one sample, and reports whether a process of the target was there
// and ctx is not done.
func (s *sampler) sample(ctx context.Context) bool {
	alive := s.processes()
	for _, st := range alive {
		if ctx.Err() != nil {
			break
		}
		s.procs[process{st.pid, st.start}] = true
		s.observe(st)
	}
	s.samples++
	if s.opts.Sampled != nil {
		s.opts.Sampled(s.samples, len(s.order))
	}
	return len(alive) > 0 && ctx.Err() == nil
}

// processes returns the live processes of the target, parents first. A process that
// was once in the tree stays in it when its parent ends.
func (s *sampler) processes() (alive []stat) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		s.gap("/proc", err)
		return nil
	}
	all := make(map[int]stat)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if st, err := readStat(pid); err == nil {
			all[pid] = st
		}
	}
	tree := make(map[int]uint64)
	for pid, start := range s.tree {
		if st, ok := all[pid]; ok && st.start == start {
			tree[pid] = start
			alive = append(alive, st)
		}
	}
	for grown := true; grown; {
		grown = false
		for pid, st := range all {
			_, in := tree[pid]
			if _, parent := tree[st.parent]; parent && !in {
				tree[pid] = st.start
				alive = append(alive, st)
				grown = true
			}
		}
	}
	s.tree = tree
	return alive
}

// observe looks at one process. Every part of it may be gone, or belong to
// another user, at any moment.
func (s *sampler) observe(st stat) {
	p := rbom.Process{PID: st.pid, Command: st.command}
	exe := procPath(st.pid, "exe")
	name, err := os.Readlink(exe)
	if err != nil {
		s.failed(exe, err)
		return // a kernel thread, a zombie, or not allowed
	}
	f := s.openedFile(exe, name)
	p.Exe = f.path
	s.file(rbom.KindExec, f, p)
	s.maps(st.pid, p)
	s.descriptors(st.pid, p)
}

// failed records a gap for what may not be read; what has ended is no gap.
func (s *sampler) failed(name string, err error) {
	if !errors.Is(err, fs.ErrNotExist) && !isGone(err) {
		s.gap(name, err)
	}
}

func (s *sampler) gap(name string, err error) {
	kind := sbom.GapCorrupt
	if errors.Is(err, fs.ErrPermission) {
		kind = sbom.GapUnsupported
	}
	if len(s.gaps) < 1000 {
		s.gaps[name] = sbom.Gap{Kind: kind, Path: name, Message: err.Error()}
	}
	if s.opts.Logger != nil {
		s.opts.Logger.Warn("procfs: not read", "name", name, "error", err)
	}
}

func (s *sampler) recording(subject sbom.Subject) *rbom.Recording {
	rec := &rbom.Recording{Subject: subject, Recorder: sbom.Tool{Vendor: "imagetrust", Name: "procfs"},
		Coverage: rbom.Coverage{Start: s.start.UTC(), End: time.Now().UTC(), Method: "sampling", Interval: s.opts.Interval,
			Samples: s.samples, Processes: len(s.procs), Lost: s.lost, Workload: s.opts.Workload,
			Kinds: []rbom.Kind{rbom.KindExec, rbom.KindMap, rbom.KindOpen, rbom.KindConnect, rbom.KindListen}}}
	for _, o := range s.order {
		rec.Observations = append(rec.Observations, *o)
	}
	for _, g := range s.gaps {
		rec.Coverage.Gaps = append(rec.Coverage.Gaps, g)
	}
	sortGaps(rec.Coverage.Gaps)
	return rec
}
