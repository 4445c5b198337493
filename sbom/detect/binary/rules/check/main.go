// Command check says what is wrong with the table of products.
//
//	go run ./sbom/detect/binary/rules/check [-debs DIR] [FILE]
//
// FILE is the table; the one that is built in, with what was learned, if none is given. It has each row find its own
// examples, and counts the rows. With -debs, it looks for the products in the static libraries
// of Debian packages (apt-get download zlib1g-dev ...), linked wholly and as programs link
// them that call a few of their functions: it says how often each is found, which versions are
// wrong, and which products are found in the library of another. It needs dpkg-deb, and
// about a second for each package. The exit status is 1 when something is wrong.
package main

import (
	"flag"
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
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	debs := flags.String("debs", "", "directory of Debian packages with static libraries")
	if err := flags.Parse(args); err != nil {
		return err
	}
	table := rules.Load()
	if flags.NArg() > 0 {
		f, err := os.Open(flags.Arg(0))
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
	if flags.NArg() == 0 {
		learned := rules.LoadLearned()
		if err := learned.Check(); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%d products that were learned; with those written by hand:\n", len(learned.Products)); err != nil {
			return err
		}
	}
	if *debs != "" {
		if err := checkPackages(w, table, *debs); err != nil {
			return err
		}
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
