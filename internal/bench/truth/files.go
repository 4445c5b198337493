package truth

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// files is what dpkg recorded about files, under the names that they have in the
// tree: symbolic links to directories resolved, diversions applied.
type files struct {
	root  string
	dirs  map[string]string // resolved directories
	owner map[string]string // package by path
	sums  []sum
}

type sum struct{ path, pkg, md5 string }

func readFiles(root string, installed []Package) (*files, error) {
	f := &files{root: root, dirs: make(map[string]string), owner: make(map[string]string)}
	diverted, err := f.diversions()
	if err != nil {
		return nil, err
	}
	for _, p := range installed {
		name := func(recorded string) string {
			recorded = strings.TrimPrefix(recorded, "/")
			if d, ok := diverted[recorded]; ok && d.by != p.Name {
				recorded = d.to
			}
			return f.resolve(recorded)
		}
		err := f.info(p, "list", func(line string) error {
			f.owner[name(line)] = p.Name
			return nil
		})
		if err != nil {
			return nil, err
		}
		err = f.info(p, "md5sums", func(line string) error {
			md5, file, ok := strings.Cut(line, "  ")
			if !ok {
				return fmt.Errorf("%s.md5sums: %q", p.Name, line)
			}
			f.sums = append(f.sums, sum{name(file), p.Name, md5})
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return f, nil
}

// info reads the lines of a file about a package in dpkg's info directory, whose
// name has the architecture only where a package may be installed for several.
func (f *files) info(p Package, kind string, line func(string) error) error {
	dir := filepath.Join(f.root, "var/lib/dpkg/info")
	file, err := os.Open(filepath.Join(dir, p.Name+":"+p.Arch+"."+kind))
	if errors.Is(err, fs.ErrNotExist) {
		file, err = os.Open(filepath.Join(dir, p.Name+"."+kind))
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if err := line(lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

type diversion struct{ to, by string }

// diversions reads dpkg's list of files that a package has under another name
// because a second package (":" for the administrator) wants theirs: three lines each.
func (f *files) diversions() (map[string]diversion, error) {
	data, err := os.ReadFile(filepath.Join(f.root, "var/lib/dpkg/diversions"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	m := make(map[string]diversion)
	for i := 0; i+2 < len(lines); i += 3 {
		m[strings.TrimPrefix(lines[i], "/")] = diversion{strings.TrimPrefix(lines[i+1], "/"), lines[i+2]}
	}
	return m, nil
}

// resolve returns where a recorded name is in the tree: /bin/sh is usr/bin/sh
// where /bin leads to usr/bin.
func (f *files) resolve(name string) string {
	dir, base := path.Split(path.Clean(name))
	return path.Join(f.directory(path.Clean(dir), 0), base)
}

func (f *files) directory(dir string, depth int) string {
	if dir == "." || depth > 40 {
		return dir
	}
	if known, ok := f.dirs[dir]; ok {
		return known
	}
	resolved := path.Join(f.directory(path.Dir(dir), depth), path.Base(dir))
	if target, err := os.Readlink(filepath.Join(f.root, resolved)); err == nil {
		if !path.IsAbs(target) {
			target = path.Join("/", path.Dir(resolved), target)
		}
		resolved = f.directory(strings.TrimPrefix(path.Clean(target), "/"), depth+1)
	}
	f.dirs[dir] = resolved
	return resolved
}

// compare reads every recorded file and adds to img what is not as recorded.
func (f *files) compare(img *Image) error {
	versions := make(map[string]string)
	for _, p := range img.Packages {
		versions[p.Name] = p.Version
	}
	ghosts := make(map[string]*Ghost)
	for _, s := range f.sums {
		g := ghosts[s.pkg]
		if g == nil {
			g = &Ghost{Name: s.pkg, Version: versions[s.pkg]}
			ghosts[s.pkg] = g
		}
		g.Files++
		sum, err := fileMD5(filepath.Join(f.root, s.path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			g.Missing++
			img.Changes = append(img.Changes, Change{Kind: Missing, Path: s.path, Package: s.pkg})
		case err != nil:
			return err
		case sum != s.md5:
			img.Changes = append(img.Changes, Change{Kind: Modified, Path: s.path, Package: s.pkg})
		}
	}
	for _, p := range img.Packages {
		if g := ghosts[p.Name]; g != nil && g.Missing > 0 {
			img.Ghosts = append(img.Ghosts, *g)
			delete(ghosts, p.Name)
		}
	}
	return nil
}

func fileMD5(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := md5.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
