//go:build linux

// Compare measures our catalog beside other tools and beside what nobody can do
// without, on the images that ../images builds, and counts what each gets right.
//
//	go run ./compare [-images DIR] [-only webapp,...] [-tools ours,syft,scalibr,bare] [-runs 3] [-quick] [-v]
//
// It prints Markdown. Every run is a process of its own; in a round each tool runs
// once, in turn. See ../README.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		exit(work(os.Args[2:]))
	}
	exit(run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// options are what the command line says.
type options struct {
	dir     string
	images  []string // all if empty
	tools   []string
	runs    int
	verbose bool
}

func parse() (*options, error) {
	dir, err := truth.Dir()
	if err != nil {
		return nil, err
	}
	o := new(options)
	flag.StringVar(&o.dir, "images", dir, "directory of the images")
	only := flag.String("only", "", "images, separated by commas; all if empty")
	tools := flag.String("tools", "bare,ours,syft,scalibr", "tools, separated by commas")
	flag.IntVar(&o.runs, "runs", 3, "measured runs of each; 0 only counts what is right")
	quick := flag.Bool("quick", false, "only the smallest image")
	flag.BoolVar(&o.verbose, "v", false, "name what is missing, made up and wrong")
	flag.Parse()
	if flag.NArg() > 0 {
		return nil, fmt.Errorf("%q: no arguments are taken", flag.Args())
	}
	o.images, o.tools = list(*only), list(*tools)
	if *quick {
		o.images = []string{"debian-base"}
	}
	return o, nil
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

func run() error {
	o, err := parse()
	if err != nil {
		return err
	}
	for _, name := range o.tools {
		if !slices.ContainsFunc(rows(), func(r row) bool { return r.tool == name }) {
			return fmt.Errorf("no tool %q", name)
		}
	}
	o.tools = slices.DeleteFunc(o.tools, func(name string) bool {
		missing := isRival(name) && program(name) == ""
		if missing {
			fmt.Printf("%s is neither in PATH nor where go install puts it: left out.\n\n", name)
		}
		return missing
	})
	names, err := o.names()
	if err != nil {
		return err
	}
	printMachine(o.runs)
	for _, name := range names {
		if err := compareImage(o, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func isRival(name string) bool { return name == "syft" || name == "scalibr" }

// names returns the images to look at, the smallest first.
func (o *options) names() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(o.dir, "*", truth.File))
	if err != nil {
		return nil, err
	}
	size := make(map[string]int64)
	for _, file := range files {
		img, err := truth.Read(filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		for _, l := range img.Layers {
			size[img.Name] += l.Size
		}
	}
	if len(size) == 0 {
		return nil, fmt.Errorf("no images in %s: go run ./images builds them", o.dir)
	}
	var names []string
	for name := range size {
		if len(o.images) == 0 || slices.Contains(o.images, name) {
			names = append(names, name)
		}
	}
	for _, name := range o.images {
		if size[name] == 0 {
			return nil, fmt.Errorf("no image %q in %s", name, o.dir)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return int(size[a]>>10 - size[b]>>10) })
	return names, nil
}
