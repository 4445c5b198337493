// Command build makes an index of the programs in Debian packages.
//
//	go run ./sbom/detect/binary/fileindex/build [flags] -o FILE [SOURCE...]
//
// A SOURCE is a package (*.deb), a directory of packages, or the root of a system where packages are
// installed: there, files are taken that have the digest which their package says. With -mirror
// and -suite, it takes the packages of a suite that may have programs as they come from an
// archive, four at a time and small ones first, and keeps nothing of them:
//
//	go run ./sbom/detect/binary/fileindex/build -build-ids -distro debian-12 -records DIR \
//		-mirror http://deb.debian.org/debian -suite bookworm -o debian.idx
//
// Use a mirror of your own for that: a suite is some 20,000 packages of 30 GB. An archive of debugging
// symbols has the same in its list of packages, which is one file:
//
//	... -mirror http://deb.debian.org/debian-debug -suite bookworm-debug -o debian.idx
//
// With -records, what was read of each package is in a file of that directory. What is there is not
// read again, and the index is of all that is there: of several runs, for several suites.
// With -packages, no package or installed package is taken but those of which the lists named (Packages)
// have one of the same name and maintainer, in any version: a system has packages of others too.
//
// Of each program and library the index has the build-id and the digest. The version is the
// upstream's and the name the project's; the package URL has Debian's. Most packages take
// the program xz to read. The exit status is 1 when a package could not be read; the index has the others
// then.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
)

// options are what the flags say.
type options struct {
	out, records, distro, architecture string
	mirror, suite                      string
	packages                           []string
	sources                            []string
	buildIDs                           bool
	parallel                           int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.StringVar(&o.out, "o", "", "the index to write")
	flag.StringVar(&o.records, "records", "", "directory for what was read of each package")
	flag.StringVar(&o.distro, "distro", "debian", "the distribution in package URLs: debian, or debian-12")
	flag.StringVar(&o.architecture, "architecture", "amd64", "the architecture of packages in a mirror or root")
	flag.StringVar(&o.mirror, "mirror", "http://deb.debian.org/debian", "archive of packages")
	flag.StringVar(&o.suite, "suite", "", "the suite of the archive to take; none by default")
	flag.Func("packages", "list (Packages) of which packages may be taken, in any version; may be given again", func(s string) error {
		o.packages = append(o.packages, s)
		return nil
	})
	flag.BoolVar(&o.buildIDs, "build-ids", false, "leave digests out")
	flag.IntVar(&o.parallel, "parallel", 4, "packages to read at a time")
	flag.Parse()
	if o.sources = flag.Args(); o.out == "" || len(o.sources) == 0 && o.suite == "" && o.records == "" {
		fmt.Fprintln(os.Stderr, "usage: build [flags] -o FILE [SOURCE...]")
		flag.PrintDefaults()
		os.Exit(2)
	}
	if err := run(ctx, os.Stdout, &o); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, o *options) error {
	s := &store{dir: o.records, distro: o.distro, buildIDs: o.buildIDs}
	for _, list := range o.packages {
		if err := s.allow(list); err != nil {
			return err
		}
	}
	var failed []error
	for _, source := range o.sources {
		failed = append(failed, s.take(source, o.architecture))
	}
	if o.suite != "" {
		m := &mirror{url: strings.TrimSuffix(o.mirror, "/"), suite: o.suite, architecture: o.architecture, parallel: o.parallel}
		failed = append(failed, m.read(ctx, s))
	}
	records, err := s.all()
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return errors.Join(append(failed, errors.New("no package"))...)
	}
	return errors.Join(append(failed, writeIndex(w, o, records))...)
}

// writeIndex writes the index.
func writeIndex(w io.Writer, o *options, records []*record) error {
	var b fileindex.Builder
	programs := 0
	for _, r := range records {
		n, err := r.add(&b, o.buildIDs)
		if err != nil {
			return fmt.Errorf("%s %s: %w", r.Name, r.Version, err)
		}
		programs += n
	}
	f, err := os.Create(o.out)
	if err != nil {
		return err
	}
	size, err := b.WriteTo(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%d programs, %d bytes\n", programs, size)
	return err
}

// add adds the programs of a package, and returns how many there are.
func (r *record) add(b *fileindex.Builder, buildIDs bool) (int, error) {
	namespace, _, _ := strings.Cut(r.distro, "-")
	qualifiers := map[string]string{"arch": r.Architecture, "upstream": r.source()}
	if namespace != r.distro {
		qualifiers["distro"] = r.distro
	}
	of := fileindex.Record{Name: upstream.Listed(r.Source), Version: cmp.Or(upstream.Version(r.SourceVersion), r.SourceVersion),
		PURL: sbom.NewPURL("deb", namespace, r.Name, r.Version, qualifiers)}
	for _, p := range r.programs {
		if len(p.buildID) >= fileindex.MinID && len(p.buildID) <= fileindex.MaxID {
			if err := b.Add(&fileindex.Entry{Kind: fileindex.BuildID, ID: p.buildID, Record: of}); err != nil {
				return 0, err
			}
		}
		if !buildIDs && len(p.digest) > 0 {
			if err := b.Add(&fileindex.Entry{Kind: fileindex.SHA256, ID: p.digest, Record: of}); err != nil {
				return 0, err
			}
		}
	}
	return len(r.programs), nil
}

// source returns the source package, where the package does not say as much, with its version where that
// is another: the words of package dpkg, as advisories speak of sources.
func (r *record) source() string {
	switch {
	case r.SourceVersion != r.Version:
		return r.Source + "@" + r.SourceVersion
	case r.Source != r.Name:
		return r.Source
	}
	return ""
}

// leftOut are packages whose programs nobody has in an image without the package: kernels
// and their modules, debugging symbols, and what computers are started with.
func leftOut(name string) bool {
	return slices.ContainsFunc([]string{"linux-image-", "linux-headers-", "firmware-", "grub-"}, func(s string) bool { return strings.HasPrefix(name, s) }) ||
		slices.ContainsFunc([]string{"-dbg", "-dbgsym", "-udeb"}, func(s string) bool { return strings.HasSuffix(name, s) })
}
