//go:build linux

// Images builds the container images of the benchmarks from public packages:
// Debian's from the mirror that this machine's apt uses, npm's, PyPI's and Go modules
// through their clients. It needs root on Linux, and writes for each image
//
//	NAME/oci           an OCI layout, its layers gzipped as the field gzips them
//	NAME/docker.tar    the same as docker save wrote it, layers plain
//	NAME/truth.json    what is in it: see package truth
//
// Images that are there already are left alone.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run() error {
	dir, err := truth.Dir()
	if err != nil {
		return err
	}
	out := flag.String("out", dir, "`directory` of the images; the default is $IMAGETRUST_BENCH_IMAGES or in the user's cache")
	only := flag.String("only", "", "comma-separated `names` of the images to build; all if empty")
	from := flag.String("mirror", "", "`address` of a Debian mirror; the default is apt's")
	flag.Parse()
	if err := needRoot(); err != nil {
		return err
	}
	if *from == "" {
		if *from, err = mirror(); err != nil {
			return err
		}
	}
	names := strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })
	for _, name := range names {
		if !slices.ContainsFunc(recipes, func(r recipe) bool { return r.name == name }) {
			return fmt.Errorf("no image %q", name)
		}
	}
	if *out, err = filepath.Abs(*out); err != nil {
		return err
	}
	b, err := newBuilder(*out, *from)
	if err != nil {
		return err
	}
	if err := b.tarballs(); err != nil {
		return err
	}
	for _, r := range recipes {
		if len(names) > 0 && !slices.Contains(names, r.name) {
			continue
		}
		if err := b.image(r); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}

// unshareMounts starts the program again in a mount namespace of its own, so that
// whatever ends it, no mount is left behind.
func unshareMounts() error {
	const started = "IMAGETRUST_BENCH_UNSHARED"
	if os.Getenv(started) != "" {
		return nil
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), started+"=1")
	// Its mounts are its own, and it dies with this process.
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	signal.Ignore(os.Interrupt)
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return err
	}
	os.Exit(cmd.ProcessState.ExitCode())
	return nil
}

func progress(message string, args ...any) { slog.Info(message, args...) }
