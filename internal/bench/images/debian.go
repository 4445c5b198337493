//go:build linux

package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// mirror returns where this machine's apt gets Debian from: the first source whose
// address ends in /debian.
func mirror() (string, error) {
	files, err := filepath.Glob("/etc/apt/sources.list.d/*")
	if err != nil {
		return "", err
	}
	address := regexp.MustCompile(`^(?:URIs: *|deb (?:\[[^]]*\] *)?)(https?://\S*debian/?)(?:\s|$)`)
	for _, name := range append(files, "/etc/apt/sources.list") {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				return m[1], nil
			}
		}
	}
	return "", errors.New("no Debian mirror in apt's sources: name one with -mirror")
}

// debootstrap makes the smallest Debian 12 in dir, as the official image is made:
// no services are started, no cache, no lists, no device nodes, nothing of this machine.
func debootstrap(dir, mirror string) error {
	if err := output(exec.Command("debootstrap", "--variant=minbase", "bookworm", dir, mirror)); err != nil {
		return err
	}
	for _, glob := range []string{"dev/*", "var/cache/apt/*", "var/lib/apt/lists/*", "var/log/*.log", "var/log/apt/*"} {
		found, err := filepath.Glob(filepath.Join(dir, glob))
		if err != nil {
			return err
		}
		for _, path := range found {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	for name, content := range map[string]string{
		"etc/resolv.conf":                   "",
		"etc/hostname":                      "image\n",
		"usr/sbin/policy-rc.d":              "#!/bin/sh\nexit 101\n",
		"etc/apt/apt.conf.d/docker-no-lang": "Acquire::Languages \"none\";\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
		if strings.HasSuffix(name, ".d") {
			if err := os.Chmod(path, 0o755); err != nil {
				return err
			}
		}
	}
	return nil
}
