// Command identify says what programs and libraries are, and why, by what is in them.
//
//	go run ./examples/identify [-json] [-eager] [-index FILE] [-no-debian] PATH...
//
// A PATH is a file, or a directory of which all executables are read; or a link to one, where those
// that lie in a directory are not followed. What a file is
// comes first, then what it contains; each with the text that says so. With -json the
// output is one list of findings, with paths relative to the directory given.
//
// Programs of Debian are known by their build-ids, as far as sbom/detect/binary/fileindex/debian has
// them: the finding has their package then. With -no-debian that is left out. With -index, an index
// made by sbom/detect/binary/fileindex/build is asked first, which has digests too.
//
// The exit status is 1 when a file could not be read, and 2 for wrong arguments.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex/debian"
	static "github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib/debian"
	"github.com/imagetrust/imagetrust/sbom/detect/cargo"
	"github.com/imagetrust/imagetrust/sbom/detect/golang"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	asJSON := flag.Bool("json", false, "write one JSON list")
	eager := flag.Bool("eager", false, "also what is likely, and what files were built against")
	index := flag.String("index", "", "file that knows programs by their build-id and digest")
	noDebian := flag.Bool("no-debian", false, "leave out the index of Debian's programs")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: identify [-json] [-eager] [-index FILE] [-no-debian] PATH...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	opts := binary.Options{Eager: *eager, Libraries: static.Table()}
	if *index != "" {
		f, x, err := openIndex(*index)
		if err != nil {
			fmt.Fprintln(os.Stderr, "identify:", err)
			os.Exit(1)
		}
		defer f.Close()
		opts.Sources = []binary.Source{x}
	}
	if !*noDebian {
		opts.Sources = append(opts.Sources, debian.Source())
	}
	if err := run(ctx, os.Stdout, flag.Args(), *asJSON, &opts); err != nil {
		fmt.Fprintln(os.Stderr, "identify:", err)
		os.Exit(1)
	}
}

// finding is one line of the output.
type finding struct {
	Path       string  `json:"path"`
	Name       string  `json:"name"`
	Version    string  `json:"version"`
	PURL       string  `json:"purl,omitempty"`
	CPE        string  `json:"cpe,omitempty"`
	Relation   string  `json:"relation"`
	Rule       string  `json:"rule"`
	Confidence float64 `json:"confidence"`
	Offset     int64   `json:"offset,omitempty"`
	Text       string  `json:"text,omitempty"`
}

// identifier reads files. Go programs and crates that carry their own lists are read by the
// detectors for those.
type identifier struct {
	programs *binary.Detector
	lists    []detect.Detector
	files    []binary.File // of one PATH
	listed   [][]finding   // what the files' own lists say
	found    []finding
	out      *bufio.Writer // nil for JSON
}

// openIndex opens an index, which reads from the file for as long as it is used.
func openIndex(name string) (*os.File, *fileindex.Index, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var x *fileindex.Index
		if x, err = fileindex.Open(f, info.Size()); err == nil {
			return f, x, nil
		}
	}
	f.Close()
	return nil, nil, fmt.Errorf("%s: %w", name, err)
}

func run(ctx context.Context, w io.Writer, paths []string, asJSON bool, opts *binary.Options) error {
	programs, err := binary.New(opts)
	if err != nil {
		return err
	}
	id := &identifier{programs: programs, lists: []detect.Detector{golang.New(), cargo.New()}, found: []finding{}}
	if !asJSON {
		id.out = bufio.NewWriter(w)
	}
	var errs []error
	for _, root := range paths {
		errs = append(errs, id.walk(ctx, root))
	}
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return errors.Join(append(errs, enc.Encode(id.found))...)
	}
	return errors.Join(append(errs, id.out.Flush())...)
}

// walk reads a file, or all below a directory, whose files speak for each other. Files that
// cannot be read are told at the end.
func (id *identifier) walk(ctx context.Context, root string) error {
	root, err := filepath.EvalSymlinks(root) // WalkDir would pass by /bin, where that is a link.
	if err != nil {
		return err
	}
	var failed []error
	err = filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			rel, relErr := filepath.Rel(root, file)
			if relErr != nil || rel == "." {
				rel = filepath.Base(file)
			}
			err = id.file(ctx, file, filepath.ToSlash(rel))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = append(failed, err)
		}
		return nil
	})
	binary.Siblings(id.files)
	for i, f := range id.files {
		id.tell(f.Path, f.Report, append(findings(f.Report, f.Path), id.listed[i]...))
	}
	id.files, id.listed = nil, nil
	return errors.Join(append(failed, err)...)
}

// hashed is a file that is hashed as it is read from the beginning to the end. What programs carry
// behind their own code is read from where it is.
type hashed struct {
	*os.File
	hash hash.Hash
}

func (f *hashed) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	_, _ = f.hash.Write(b[:n])
	return n, err
}

// file identifies one file, if it is a program.
func (id *identifier) file(ctx context.Context, file, rel string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, detect.HeadSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	entry := detect.Entry{Path: rel, Mode: info.Mode(), Size: info.Size(), Head: head[:n]}
	if !id.programs.Wants(&entry) {
		return nil
	}
	h := sha256.New()
	report, err := id.programs.Identify(ctx, rel, info.Size(), &hashed{f, h})
	if err != nil {
		return fmt.Errorf("%s: %w", shown(file), err)
	}
	in := &detect.File{Entry: entry, ReaderAt: f, Digest: sbom.Digest("sha256:" + hex.EncodeToString(h.Sum(nil)))}
	var found []finding
	var errs []error
	for _, d := range id.lists {
		list, err := listed(ctx, d, in)
		found, errs = append(found, list...), append(errs, err)
	}
	id.files, id.listed = append(id.files, binary.File{Path: rel, Report: report}), append(id.listed, found)
	return errors.Join(errs...)
}

func findings(r *binary.Report, path string) []finding {
	var out []finding
	for i := range r.Findings {
		f := &r.Findings[i]
		ev := f.Evidence[0]
		out = append(out, finding{path, f.Name, f.Version, f.PURL, f.CPE, string(f.Relation), ev.Rule, ev.Confidence, ev.Offset, ev.Text})
	}
	return out
}

// listed returns what a detector of programs that carry their own list finds.
func listed(ctx context.Context, d detect.Detector, f *detect.File) ([]finding, error) {
	if !d.Wants(&f.Entry) {
		return nil, nil
	}
	frag, err := d.Detect(ctx, f)
	if frag == nil {
		return nil, err
	}
	var out []finding
	for i := range frag.Components {
		c := &frag.Components[i].Component
		relation := binary.Contains
		if c.Type == sbom.TypeApplication {
			relation = binary.Is
		}
		if c.Version != "" && c.Scope == sbom.ScopeInstalled {
			out = append(out, finding{Path: f.Path, Name: c.Name, Version: c.Version, PURL: c.PURL, Relation: string(relation), Rule: d.ID().Name, Confidence: 1})
		}
	}
	return out, err
}

// tell writes what was found, or keeps it for the list.
func (id *identifier) tell(path string, r *binary.Report, found []finding) {
	if id.out == nil {
		id.found = append(id.found, found...)
		return
	}
	fmt.Fprintf(id.out, "%s: %s\n", shown(path), r.Describe())
	for _, f := range found {
		fmt.Fprintf(id.out, "  %s %s %s (%s, %.2f)", f.Relation, f.Name, f.Version, f.Rule, f.Confidence)
		if strings.HasPrefix(f.PURL, "pkg:deb/") || strings.HasPrefix(f.PURL, "pkg:rpm/") {
			fmt.Fprintf(id.out, " of %s", f.PURL) // The package is more than the project.
		}
		if f.Text != "" {
			fmt.Fprintf(id.out, " at %#x: %q", f.Offset, f.Text)
		}
		fmt.Fprintln(id.out)
	}
	if len(found) == 0 {
		fmt.Fprintln(id.out, "  no rule names it")
	}
}

// shown is a path as it can be written to a terminal: whoever made the file chose its name.
func shown(path string) string {
	if quoted := strconv.Quote(path); quoted != `"`+path+`"` {
		return quoted
	}
	return path
}
