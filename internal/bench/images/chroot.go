//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// chroot runs commands inside a root with what they need mounted, and leaves no
// trace of it: mounts cover the root's own directories only while they run.
type chroot struct {
	root  string
	cache string // of apt, shared by all images
}

// run runs a command inside the root. Its output goes into the error.
func (c chroot) run(name string, args ...string) (err error) {
	mounts := []struct{ source, target, kind string }{
		{"proc", "proc", "proc"},
		{"/dev", "dev", ""},
		{"/etc/resolv.conf", "etc/resolv.conf", ""},
		{filepath.Join(c.cache, "apt"), "var/cache/apt", ""},
		{filepath.Join(c.cache, "lists"), "var/lib/apt/lists", ""},
	}
	for _, m := range mounts {
		target := filepath.Join(c.root, m.target)
		var flags uintptr
		if m.kind == "" {
			flags = unix.MS_BIND
		}
		if e := unix.Mount(m.source, target, m.kind, flags, ""); e != nil {
			return fmt.Errorf("mount %s: %w", target, e)
		}
		defer func() {
			if e := unix.Unmount(target, unix.MNT_DETACH); e != nil && err == nil {
				err = fmt.Errorf("unmount %s: %w", target, e)
			}
		}()
	}
	cmd := exec.Command("chroot", append([]string{c.root, "/usr/bin/env", "-i",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
		"http_proxy=" + os.Getenv("http_proxy"), name}, args...)...)
	return output(cmd)
}

// install installs Debian packages without what they only recommend.
func (c chroot) install(packages ...string) error {
	return c.run("apt-get", append([]string{"install", "-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-unsafe-io"}, packages...)...)
}

// output runs cmd and returns its last lines with its error.
func output(cmd *exec.Cmd) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
	return nil
}

// needRoot says what is missing to make images at all.
func needRoot() error {
	if os.Geteuid() != 0 {
		return errors.New("building the images needs root: overlay mounts, chroot, device nodes")
	}
	for _, tool := range []string{"debootstrap", "chroot", "dpkg-deb", "dpkg-query", "gzip", "npm", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err
		}
	}
	return nil
}
