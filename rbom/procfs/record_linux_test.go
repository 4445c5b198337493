package procfs_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/rbom/procfs"
	"github.com/imagetrust/imagetrust/sbom"
)

// TestMain is the target as well: run with PROCFS_TARGET set, the test's own program
// opens that file, listens, connects to PROCFS_PEER, and waits for the end of
// its input.
func TestMain(m *testing.M) {
	if file := os.Getenv("PROCFS_TARGET"); file != "" {
		if err := target(file, os.Getenv("PROCFS_PEER")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func target(file, peer string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	go func() {
		for {
			if _, err := l.Accept(); err != nil {
				return
			}
		}
	}()
	c, err := net.Dial("tcp", peer)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// running is a started target.
type running struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	listen string
	peer   string
}

func start(t *testing.T, exe, file string) *running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "PROCFS_TARGET="+file, "PROCFS_PEER="+l.Addr().String())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &running{cmd, stdin, strings.TrimSpace(line), l.Addr().String()}
}

// record samples the process twice.
func record(t *testing.T, r *running, opts procfs.Options) *rbom.Recording {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	opts.Interval = time.Millisecond
	opts.Sampled = func(samples, _ int) {
		if samples == 2 {
			cancel()
		}
	}
	rec, err := procfs.New(&opts).Record(ctx, rbom.Target{PID: r.cmd.Process.Pid})
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func find(rec *rbom.Recording, kind rbom.Kind, what string) *rbom.Observation {
	for i, o := range rec.Observations {
		if o.Kind == kind && (o.Path == what || o.Endpoint != nil && o.Endpoint.Address == what) {
			return &rec.Observations[i]
		}
	}
	return nil
}

func fileDigest(t *testing.T, name string) sbom.Digest {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256(b)))
}

func TestRecord(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data with space")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, exe, file)
	client, err := net.Dial("tcp", r.listen) // an accepted connection contacts nobody
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	rec := record(t, r, procfs.Options{Workload: "test"})

	o := find(rec, rbom.KindExec, strings.TrimPrefix(exe, "/"))
	if o == nil {
		t.Fatalf("no exec of %s in %+v", exe, rec.Observations)
	}
	if want := fileDigest(t, exe); o.Digest != want || o.Deleted || o.Count < 2 || o.Last.Before(o.First) {
		t.Errorf("exec is %+v, want digest %s, seen twice", o, want)
	}
	if find(rec, rbom.KindOpen, strings.TrimPrefix(file, "/")) == nil {
		t.Errorf("open file %s was not seen", file)
	}
	if find(rec, rbom.KindListen, r.listen) == nil {
		t.Errorf("listening on %s was not seen", r.listen)
	}
	if find(rec, rbom.KindConnect, r.peer) == nil {
		t.Errorf("connection to %s was not seen", r.peer)
	}
	if o := find(rec, rbom.KindConnect, client.LocalAddr().String()); o != nil {
		t.Errorf("the accepted connection counts as contacted: %+v", o)
	}
	c := rec.Coverage
	if c.Method != "sampling" || c.Samples < 2 || c.Processes != 1 || c.Workload != "test" || !c.End.After(c.Start) {
		t.Errorf("coverage is %+v", c)
	}
	if slices.Contains(c.Kinds, rbom.KindFunction) {
		t.Error("a sampler cannot see functions")
	}
}

func TestRecordDeletedProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "gone")
	if err := os.WriteFile(exe, b, 0o700); err != nil {
		t.Fatal(err)
	}
	r := start(t, exe, self)
	if err := os.Remove(exe); err != nil {
		t.Fatal(err)
	}
	o := find(record(t, r, procfs.Options{}), rbom.KindExec, strings.TrimPrefix(exe, "/"))
	if o == nil || !o.Deleted || o.Digest != fileDigest(t, self) {
		t.Errorf("got %+v, want a deleted program with the digest of what runs", o)
	}
}

func TestRecordEndsWithTarget(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, exe, exe)
	opts := procfs.Options{Interval: time.Millisecond, Sampled: func(samples, _ int) {
		if samples == 1 {
			r.stdin.Close()
			r.cmd.Wait()
		}
	}}
	rec, err := procfs.New(&opts).Record(t.Context(), rbom.Target{PID: r.cmd.Process.Pid})
	if err != nil || len(rec.Observations) == 0 {
		t.Errorf("got %d observations, %v; want those made before the end", len(rec.Observations), err)
	}
}

func TestRecordBounds(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rec := record(t, start(t, exe, exe), procfs.Options{MaxObservations: 1, MaxDigestSize: 1})
	if len(rec.Observations) != 1 || rec.Coverage.Lost == 0 {
		t.Errorf("%d observations, %d lost; want 1 and the rest", len(rec.Observations), rec.Coverage.Lost)
	}
	if len(rec.Coverage.Gaps) == 0 {
		t.Error("a program too large to digest left no gap")
	}
}

func TestRecordTarget(t *testing.T) {
	for name, tc := range map[string]struct {
		target rbom.Target
		want   error
	}{
		"nothing":    {rbom.Target{}, procfs.ErrTarget},
		"no process": {rbom.Target{PID: 1 << 30}, procfs.ErrTarget},
		"cgroup":     {rbom.Target{Cgroup: "/x"}, procfs.ErrNotSupported},
	} {
		if _, err := procfs.New(nil).Record(t.Context(), tc.target); !errors.Is(err, tc.want) {
			t.Errorf("%s: error %v, want %v", name, err, tc.want)
		}
	}
}
