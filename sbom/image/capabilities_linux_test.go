package image_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// capability returns the attribute that setcap writes for permitted capabilities.
func capability(permitted uint32) []byte {
	raw := binary.LittleEndian.AppendUint32(nil, 0x02000001) // revision 2, effective
	raw = binary.LittleEndian.AppendUint32(raw, permitted)
	return append(raw, make([]byte, 12)...)
}

// TestOpenDirCapabilities: capabilities of a root file system are those that the kernel
// keeps, and a symlink has not those of its target.
func TestOpenDirCapabilities(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"ping", "none", "removed"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ping", "removed"} {
		err := unix.Setxattr(filepath.Join(root, name), "security.capability", capability(1<<13), 0)
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) {
			t.Skip("setting file capabilities:", err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "removed"), []byte("writing drops them"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("ping", filepath.Join(root, "symlink")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(root, "ping"), filepath.Join(root, "hardlink")); err != nil {
		t.Fatal(err)
	}
	img := mustOpen(t, root, nil)
	var got []string
	for e, err := range img.Layers()[0].Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s:%s", e.Path, e.Capabilities))
		if data, err := io.ReadAll(e); err != nil || int64(len(data)) != e.Size {
			t.Errorf("%s: %d bytes of %d, %v", e.Path, len(data), e.Size, err)
		}
	}
	want := []string{".:", "hardlink:cap_net_raw=ep", "none:", "ping:cap_net_raw=ep", "removed:", "symlink:"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestCapabilitiesOfSetcap: what libcap's setcap writes is told in the words of its getcap, where all have the same flags.
func TestCapabilitiesOfSetcap(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, "file")
	if err := os.WriteFile(name, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, caps := range []string{"cap_net_raw+ep", "cap_net_raw,cap_net_admin+ei", "cap_bpf,cap_sys_admin=eip"} {
		if out, err := exec.Command("setcap", caps, name).CombinedOutput(); err != nil {
			t.Skipf("setcap: %v: %s", err, out)
		}
		out, err := exec.Command("getcap", name).Output()
		if err != nil {
			t.Skip("getcap:", err)
		}
		want := strings.TrimSpace(strings.TrimPrefix(string(out), name))
		for e, err := range mustOpen(t, root, nil).Layers()[0].Entries(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Path == "file" && e.Capabilities != want {
				t.Errorf("%s: %q, want %q", caps, e.Capabilities, want)
			}
		}
	}
}
