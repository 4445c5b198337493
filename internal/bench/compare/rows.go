//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/compare/score"
	"github.com/imagetrust/imagetrust/sbom"
)

// format is how an image is given to a tool.
type format int

const (
	ociLayout format = iota
	dockerArchive
)

func (f format) String() string {
	return [...]string{"OCI layout", "docker archive"}[f]
}

// input is one image in one format.
type input struct {
	format   format
	path     string
	sections string // file that lists its layers, for the bare rows
}

// row is one way to read an image, measured beside the others.
type row struct {
	tool, name string
	// command returns what to run on an input to write a document to out, nil for
	// a format that it does not read.
	command func(in input, out string) []string
}

// judged is how the correctness of a tool is found out: what to run for its most
// telling document, and how to read that.
type judged struct {
	command func(in input, out string) []string
	read    func(file string) (*score.Report, error)
}

func self() string {
	name, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return name
}

func worker(what string) func(input, string) []string {
	return func(in input, out string) []string { return []string{self(), "worker", what, in.path, out} }
}

func bare(what string) func(input, string) []string {
	return func(in input, _ string) []string { return []string{self(), "worker", what, in.sections} }
}

// rows are all there are, in the order of the tables. "bare" is what the others are
// compared with.
func rows() []row {
	return []row{
		{tool: "bare", name: "bare", command: bare("bare")},
		{tool: "bare", name: "bare+inflate", command: onlyOCI(bare("bare+inflate"))},
		{tool: "ours", name: "ours", command: worker("cyclonedx")},
		{tool: "ours", name: "ours, no document", command: worker("catalog")},
		{tool: "ours", name: "ours, layers in a cache", command: worker("catalog-warm")},
		{tool: "syft", name: "syft", command: syft("cyclonedx-json")},
		{tool: "scalibr", name: "scalibr", command: scalibr("cdx-json=")},
	}
}

// judges are the tools whose correctness is counted.
func judges() map[string]judged {
	return map[string]judged{
		"ours":    {worker("inventory"), readOurs},
		"syft":    {syft("syft-json"), readWith(score.Syft)},
		"scalibr": {scalibr(""), readWith(score.Scalibr)},
	}
}

func syft(output string) func(input, string) []string {
	return func(in input, out string) []string {
		source := "oci-dir:" + in.path
		if in.format == dockerArchive {
			source = "docker-archive:" + in.path
		}
		return []string{program("syft"), "scan", "-q", source, "-o", output + "=" + out}
	}
}

// scalibr reads no OCI layouts from its command line. Its own format is chosen by
// the name of the file.
func scalibr(output string) func(input, string) []string {
	return func(in input, out string) []string {
		if in.format != dockerArchive {
			return nil
		}
		args := []string{program("scalibr"), "--image-tarball=" + in.path, "--offline"}
		if output == "" {
			return append(args, "--result="+out)
		}
		return append(args, "-o", output+out)
	}
}

func onlyOCI(command func(input, string) []string) func(input, string) []string {
	return func(in input, out string) []string {
		if in.format != ociLayout {
			return nil
		}
		return command(in, out)
	}
}

// program finds a rival in PATH or where go install puts it; empty if it is in
// neither.
func program(name string) string {
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	out, err := exec.Command("go", "env", "GOPATH").Output()
	if err != nil {
		return ""
	}
	first := filepath.SplitList(strings.TrimSpace(string(out)))
	if len(first) == 0 {
		return ""
	}
	found := filepath.Join(first[0], "bin", name)
	if _, err := os.Stat(found); errors.Is(err, os.ErrNotExist) {
		return ""
	}
	return found
}

func readOurs(file string) (*score.Report, error) {
	return readWith(func(r io.Reader) (*score.Report, error) {
		inv := new(sbom.Inventory)
		if err := json.NewDecoder(r).Decode(inv); err != nil {
			return nil, err
		}
		return score.Inventory(inv), nil
	})(file)
}

func readWith(read func(io.Reader) (*score.Report, error)) func(string) (*score.Report, error) {
	return func(file string) (*score.Report, error) {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return read(f)
	}
}
