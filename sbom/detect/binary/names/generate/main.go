// Command generate makes the two tables of package names of Debian's own lists. That of the
// files of projects, debian.tsv.gz:
//
//	apt-get install apt-file && apt-file update && apt-get update
//	/usr/lib/apt/apt-helper cat-file /var/lib/apt/lists/*_Contents-amd64.lz4 > contents
//	apt-cache dumpavail > available
//	go run ./sbom/detect/binary/names/generate files contents available sbom/detect/binary/names/debian.tsv.gz
//
// Debian 12 was the source of the table that is here. A name that packages of several
// projects ship is left out, and so is one whose spellings are the project's.
//
// And that of the releases of projects, releases.tsv.gz, of the lists "Packages" of as many suites as
// there are (dists/SUITE/main/binary-amd64/Packages.xz, unpacked):
//
//	go run ./sbom/detect/binary/names/generate releases sbom/detect/binary/names/releases.tsv.gz PACKAGES...
//
// The table that is here was made of bullseye, bookworm, trixie, forky, sid and experimental, with
// their updates, backports and security updates.
package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
)

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: generate files CONTENTS AVAILABLE OUT, or generate releases OUT and lists of packages")

func command(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "files":
		return run(args[1], args[2], args[3])
	case len(args) > 2 && args[0] == "releases":
		return writeReleases(args[1], args[2:])
	}
	return errUsage
}

func run(contents, available, out string) error {
	sources, err := readSources(available)
	if err != nil {
		return err
	}
	projects, err := readContents(contents, sources)
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	files := make(map[string][]string)
	for file, project := range projects {
		if project != "" {
			files[project] = append(files[project], file)
		}
	}
	for _, project := range slices.Sorted(maps.Keys(files)) {
		slices.Sort(files[project])
		if _, err := fmt.Fprintf(z, "%s\t%s\n", project, strings.Join(files[project], " ")); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}

// readSources returns the source packages of binary packages, where they differ.
func readSources(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sources, name := make(map[string]string), ""
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if v, ok := strings.CutPrefix(s.Text(), "Package: "); ok {
			name = v
		}
		if v, ok := strings.CutPrefix(s.Text(), "Source: "); ok {
			sources[name], _, _ = strings.Cut(v, " ")
		}
	}
	return sources, s.Err()
}

// readContents returns the project of each name; empty for names of several projects.
func readContents(file string, sources map[string]string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	open, private := make(map[string]string), make(map[string]string)
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		name, packages, own := split(s.Text())
		if name == "" {
			continue
		}
		projects := open
		if own {
			projects = private
		}
		for p := range strings.SplitSeq(packages, ",") {
			project := projectOf(path.Base(p), sources)
			if have, ok := projects[name]; ok && have != project {
				project = ""
			}
			projects[name] = project
		}
	}
	maps.Copy(private, open) // What all may use has the name before what is in a project's own directory.
	for name, project := range private {
		if slices.Contains(names.Spellings(name), names.Key(project)) {
			private[name] = ""
		}
	}
	return private, s.Err()
}

// split returns the name of a program or library and the packages that ship it; no
// name for other files. Own are those in directories of a project's own, below /usr/lib.
func split(line string) (name, packages string, own bool) {
	i := strings.LastIndexAny(line, " \t")
	if i < 0 {
		return "", "", false
	}
	file, packages := strings.TrimRight(line[:i], " \t"), line[i+1:]
	dir, base := path.Split(file)
	if strings.ContainsAny(base, " \t") {
		return "", "", false
	}
	dir = strings.TrimPrefix(dir, "usr/")
	stem, version, library := strings.Cut(base, ".so")
	library = library && strings.HasPrefix(version, ".") && strings.HasPrefix(dir, "lib/")
	switch {
	case dir == "bin/" || dir == "sbin/" || dir == "libexec/" || dir == "games/":
		return base, packages, false
	case library:
		return stem, packages, dir != "lib/" && dir != "lib/x86_64-linux-gnu/"
	case strings.HasPrefix(dir, "lib/") && (strings.HasSuffix(dir, "/bin/") || strings.HasSuffix(dir, "/sbin/")) && !strings.Contains(base, "."):
		return base, packages, true
	}
	return "", "", false
}

// projectOf returns a package's project.
func projectOf(p string, sources map[string]string) string {
	return upstream.Listed(cmp.Or(sources[p], p))
}
