// Command check says what is wrong with the table of products.
//
//	go run ./sbom/detect/binary/rules/check [FILE]
//
// FILE is the table; the one that is built in if none is given. It counts the rows, and lists
// patterns that stand in two of them. The exit status is 1 when something is wrong.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	table := rules.Load()
	if len(args) > 0 {
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		if table, err = rules.Read(f); err != nil {
			return err
		}
	}
	if err := table.Check(); err != nil {
		return err
	}
	withText, libraries := 0, 0
	for _, p := range table.Products {
		if len(p.Text)+len(p.Self) > 0 || p.Bare != "" {
			withText++
		}
		if len(p.SONAMEs) > 0 {
			libraries++
		}
	}
	_, err := fmt.Fprintf(w, "%d products, %d with text, %d with libraries; %d signs of how programs are made\n", len(table.Products), withText, libraries, len(table.Traits))
	return err
}
