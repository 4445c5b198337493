// Command quickstart runs the whole of imagetrust on one image: what is in it, what
// of it is vulnerable, where other tools disagree and why, what of it really
// ran, who says how it was built, and whether it may run.
//
//	go run ./examples/quickstart                    # a small image that comes with it
//	go run ./examples/quickstart -osv DIR IMAGE     # any layout, archive, directory or reference
//
// It prints a summary and writes trust-report/ with a page for the browser and the signed
// attestations. The exit status is 0 when it could do its work, whatever the
// decision; with -enforce it is 3 for a denial and 4 for an indeterminate decision.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/imagetrust/imagetrust/policy"
)

// Exit statuses.
const (
	exitFailed        = 1
	exitUsage         = 2
	exitDenied        = 3
	exitIndeterminate = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return fmt.Sprint(*l) }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// config is what is asked on the command line.
type config struct {
	image     string
	out       string
	osv       string // directory with vulnerability data; not scanned if empty
	recording string // what ran; not joined if empty
	builder   string // public key of the builder
	documents list   // SBOMs and reports of other tools
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c config
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: quickstart [flags] [IMAGE]\n\nIMAGE is an OCI layout, an image archive, a root directory or a reference.\nWithout it, a small image that comes with the example is examined.")
		flags.PrintDefaults()
	}
	enforce := flags.Bool("enforce", false, "exit with status 3 when the image is denied, 4 when the decision is indeterminate")
	flags.StringVar(&c.out, "out", "trust-report", "directory for the report and the attestations")
	flags.StringVar(&c.osv, "osv", "", "directory with OSV data (ECOSYSTEM/all.zip); without it an image of yours is not scanned")
	flags.StringVar(&c.recording, "recording", "", "file with a recording of what ran")
	flags.StringVar(&c.builder, "builder-key", "", "file with the public key (PEM) of the builder whose attestations are beside the image")
	flags.Var(&c.documents, "with", "SBOM or scanner's report of the same image, to compare; may be given several times")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	case flags.NArg() > 1:
		fmt.Fprintln(stderr, "quickstart: give one image and not", flags.NArg(), "arguments; flags come before it")
		return exitUsage
	}
	c.image = flags.Arg(0)
	if c.image == "" {
		if err := c.demo(); err != nil {
			fmt.Fprintln(stderr, "quickstart:", err)
			return exitFailed
		}
	}
	t, err := examine(ctx, c)
	if err == nil {
		err = t.write(c.out)
	}
	if err != nil {
		fmt.Fprintln(stderr, "quickstart:", err)
		return exitFailed
	}
	t.summary(stdout, c.out)
	return status(t.decision, *enforce)
}

func status(d *policy.Decision, enforce bool) int {
	switch {
	case !enforce || d.Allowed():
		return 0
	case d.Verdict == policy.Deny:
		return exitDenied
	}
	return exitIndeterminate
}

// demo fills in the files that come with the example, where nothing else was asked for.
func (c *config) demo() error {
	dir := ""
	for _, d := range []string{"examples/quickstart/testdata", "testdata"} {
		if _, err := os.Stat(filepath.Join(d, "image", "index.json")); err == nil {
			dir = d
			break
		}
	}
	if dir == "" {
		return errors.New("the example's image was not found: run it from the repository's root, or name an image")
	}
	fill := func(s *string, name string) {
		if *s == "" {
			*s = filepath.Join(dir, name)
		}
	}
	fill(&c.image, "image")
	fill(&c.osv, "osv")
	fill(&c.recording, "recording.json")
	fill(&c.builder, filepath.Join("builder", "builder.pub"))
	for _, pattern := range []string{"sboms/*", "reports/*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		c.documents = append(c.documents, names...)
	}
	return nil
}
