//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// usage is what one process took.
type usage struct {
	Wall, CPU time.Duration // CPU is user and system time together
	Resident  int64         // peak, in bytes
	Disk      int64         // peak of temporary files, in bytes; only where asked for
	Left      int64         // bytes of temporary files that it left behind
	Exit      int           // exit status
	Stderr    string        // the end of it
}

// launch runs a command as a child of a process of its own. The kernel
// begins a process's peak of resident memory with that of the one that started it:
// this one has read large documents, and the one between has not.
func launch(command []string, watch bool) (*usage, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"worker", "launch"}
	if watch {
		args = []string{"worker", "watch"}
	}
	cmd := exec.Command(self, append(args, command...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	u := new(usage)
	return u, json.Unmarshal(out, u)
}

// runLaunch is the process between: it runs a command, with a directory for
// temporary files that is removed afterwards, and prints its usage as JSON.
func runLaunch(command []string, watch bool) (err error) {
	tmp, err := os.MkdirTemp("", "compare-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	u, err := measure(command, tmp, watch)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(u)
}

func measure(command []string, tmp string, watch bool) (*usage, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "SYFT_CHECK_FOR_APP_UPDATE=false")
	cmd.Stderr = &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	u := new(usage)
	if watch {
		u.Disk = watchDisk(cmd, tmp)
	}
	err := cmd.Wait()
	u.Wall = time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	state := cmd.ProcessState
	u.CPU, u.Exit = state.UserTime()+state.SystemTime(), state.ExitCode()
	u.Resident = state.SysUsage().(*syscall.Rusage).Maxrss << 10
	u.Left = diskUsed(tmp)
	u.Stderr = tail(stderr.String(), 300)
	return u, nil
}

func tail(s string, n int) string {
	s = strings.TrimSpace(s)
	return s[max(0, len(s)-n):]
}

// watchDisk looks at the temporary files of a process until it ends, and returns
// the most that they took at once. It costs the process some of its time.
func watchDisk(cmd *exec.Cmd, tmp string) (peak int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		peak = max(peak, diskUsed(tmp)+diskNameless(cmd.Process.Pid))
		if ended(cmd.Process.Pid) {
			return peak
		}
	}
	return peak
}

// ended reports whether a child has ended, and leaves it to be waited for.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err != nil || strings.HasPrefix(state, "Z")
}

// diskUsed returns the bytes that files below dir take.
func diskUsed(dir string) (total int64) {
	// Files that go while this looks are no error.
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				total += info.Sys().(*syscall.Stat_t).Blocks * 512
			}
		}
		return nil
	})
	return total
}

// diskNameless returns the bytes that open files without a name take.
func diskNameless(pid int) (total int64) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		target, err := os.Readlink(name)
		if err != nil || !strings.HasSuffix(target, " (deleted)") || strings.HasPrefix(target, "/memfd:") {
			continue
		}
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			total += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
	}
	return total
}
