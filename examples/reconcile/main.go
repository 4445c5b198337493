// Command reconcile compares SBOMs and scanners' reports of one image, and gives
// each difference its cause.
//
//	go run ./examples/reconcile [-json] FILE FILE...
//
// A FILE is CycloneDX or SPDX, or a report of Grype or Trivy. The exit status is
// 1 when a file cannot be read, 2 for wrong arguments, and 0 whatever the differences.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/imagetrust/imagetrust/examples/internal/source"
	"github.com/imagetrust/imagetrust/reconcile"
)

func main() {
	asJSON := flag.Bool("json", false, "print the whole reconciliation as JSON")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: reconcile [-json] FILE FILE...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), os.Stdout, flag.Args(), *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "reconcile:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, files []string, asJSON bool) error {
	var inputs []reconcile.Input
	for _, file := range files {
		in, err := source.Document(file)
		if err != nil {
			return err
		}
		inputs = append(inputs, in)
	}
	rec, err := reconcile.Run(ctx, inputs, nil)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(rec)
	}
	print(w, rec)
	return nil
}

func print(w io.Writer, rec *reconcile.Reconciliation) {
	for _, in := range rec.Inputs {
		fmt.Fprintf(w, "%s: %d components, %d findings\n", in.Name, in.Components, in.Findings)
	}
	for i := range rec.Differences {
		fmt.Fprintln(w, rec.Differences[i].String())
	}
	s := rec.Summary
	fmt.Fprintf(w, "%d components, %d in more than one input; %d findings, %d in more than one input\n",
		s.Components, s.SharedComponents, s.Findings, s.SharedFindings)
	for _, c := range s.Counts {
		fmt.Fprintf(w, "%5d %s differences: %s (%s)\n", c.N, c.Kind, c.Cause, c.Certainty)
	}
}
