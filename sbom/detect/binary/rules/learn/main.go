// Command learn makes learned.gz, the table of what tells the versions of thousands of
// projects in their programs and libraries, from Debian's archive:
//
//	go run ./sbom/detect/binary/rules/learn -dir DIR fetch
//	go run ./sbom/detect/binary/rules/learn -dir DIR learn sbom/detect/binary/rules/learned.gz
//	go run ./sbom/detect/binary/rules/learn -dir DIR -suites bookworm fetch
//	go run ./sbom/detect/binary/rules/learn -dir DIR -suites bookworm evaluate
//
// It makes the table of package unwind as well, of the functions in static libraries:
//
//	go run ./sbom/detect/binary/rules/learn -dir DIR -suites bookworm,bullseye,trixie fetch-static
//	go run ./sbom/detect/binary/rules/learn -dir DIR -suites bookworm,bullseye,trixie static sbom/detect/binary/staticlib/debian/libraries.gz
//
// Whichever object file of a library a program is linked with, functions of it, or of those that
// it brings with it, are in the table. Functions that two libraries
// have, or that the programs of another source have, are left out: their code was copied. So
// are libraries of which a suite gets new versions after its release.
//
// It needs dpkg-deb, xz and the network. To fetch takes two processors an hour or two and
// 20 GB of traffic, of which 0.5 GB of records stay in DIR; it may be stopped, and goes on where it
// was. To learn takes minutes and 3 GB of memory. To evaluate says how often
// the table is right in a suite that it was not learned from: learn from the suites of
// the default, which leave bookworm out, to see how it does.
//
// # What is learned
//
// The text around a version stays while the version changes. A record has, for each
// program and library of a source package, the versions in it with what stands around them, as the
// detector sees them, and the hashes of its strings. From the records of several suites
// come, for each project:
//
//   - Contexts: text before and behind a version that in two versions of the
//     project is around its version, and nowhere in the archive around another. One
//     version will do where the text has the project's name in it.
//   - Anchors: strings with the project's name that no other project has, and where the
//     version is in files that have one: a context that needs no name, or the only string
//     of its shape.
//   - Libraries whose SONAME or file name ends in the project's version, in all of its
//     versions.
//
// # What is rejected
//
// A context that reads anything but the version of the file's own source, in any file
// of any project; one that stands in files of another project, unless these are linked with
// the library that it is of, have that library's version of the same suite, or are made of the
// same source. Anchors in which a program and a library of a project cannot be told apart. Rows
// whose example the detector does not find, and projects that only have the name of one in
// products.toml.
//
// # How it does
//
// The table that is here was learned from 12,134 projects in bullseye, trixie and sid, of which
// 5,456 have something to say. Of what it says of bookworm, 98 % is right for contexts of
// programs, 99 % for anchors, 96 % for names of libraries, and 92 % for contexts of libraries;
// what counts as wrong of the last are mostly libraries that are indeed in the file. It
// names 64 % of the programs and libraries of bookworm that have their version in them.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

func main() {
	log.SetFlags(log.Ltime)
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "learn:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	set := flag.NewFlagSet("learn", flag.ContinueOnError)
	url := set.String("mirror", "http://deb.debian.org/debian", "Debian's archive")
	dir := set.String("dir", "", "directory for what is fetched and for the records")
	list := set.String("suites", "bullseye,trixie,sid", "suites to look at")
	workers := set.Int("workers", 2, "packages that are fetched at a time; 0 only counts them")
	if err := set.Parse(args); err != nil {
		return err
	}
	suites, records := strings.Split(*list, ","), *dir+"/records"
	if *dir == "" {
		return fmt.Errorf("no -dir")
	}
	switch set.Arg(0) {
	case "fetch":
		m := &mirror{url: *url, cache: *dir + "/cache"}
		if err := os.MkdirAll(m.cache, 0o755); err != nil {
			return err
		}
		return harvest(m, suites, records, *workers)
	case "fetch-static":
		m := &mirror{url: *url, cache: *dir + "/cache"}
		if err := os.MkdirAll(m.cache, 0o755); err != nil {
			return err
		}
		if err := harvestStatic(m, suites, *dir+"/static", *workers); err != nil {
			return err
		}
		return harvestUsers(m, suites, *dir+"/users", *workers)
	case "learn":
		return write(set.Arg(1), records, suites)
	case "static":
		return writeStatic(set.Arg(1), *dir+"/static", suites)
	case "evaluate":
		projects, err := readProjects(records, suites)
		if err != nil {
			return err
		}
		return evaluate(os.Stdout, projects, rules.Load())
	}
	return fmt.Errorf("what: fetch, learn FILE, evaluate, fetch-static or static FILE?")
}

// write learns, and writes the table.
func write(file, records string, suites []string) error {
	projects, err := readProjects(records, suites)
	if err != nil {
		return err
	}
	log.Printf("%d projects", len(projects))
	t := rows(learn(projects), rules.Load())
	texts, anchors := 0, 0
	for i := range t.Products {
		l := &t.Products[i].Learned
		texts += len(l.Self) + len(l.Text)
		anchors += len(l.Program.Anchors) + len(l.Library.Anchors)
	}
	log.Printf("%d projects with %d contexts and %d anchors", len(t.Products), texts, anchors)
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := t.WriteLearned(f); err != nil {
		return err
	}
	return f.Close()
}
