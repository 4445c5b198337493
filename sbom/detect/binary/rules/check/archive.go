package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// library is a static library of a package.
type library struct {
	name, version string
	members       []*member
}

// member is an object file of a static library.
type member struct {
	text           []byte // of its sections that hold data
	defines, needs []string
}

// libraries returns the static libraries of a .deb, with the package's upstream version.
func libraries(deb string) ([]library, error) {
	out, err := exec.Command("dpkg-deb", "--show", "--showformat", "${source:Upstream-Version}", deb).Output()
	if err != nil {
		return nil, err
	}
	version := upstream(string(out))
	unpack := exec.Command("dpkg-deb", "--fsys-tarfile", deb)
	pipe, err := unpack.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := unpack.Start(); err != nil {
		return nil, err
	}
	libs, err := readTar(pipe, version)
	_, _ = io.Copy(io.Discard, pipe)
	return libs, errors.Join(err, unpack.Wait())
}

// repacked is what distributions append to the version of what they have changed.
var repacked = regexp.MustCompile(`([.+~-]?(dfsg|ds|repack)|[+~]).*$`)

func upstream(version string) string {
	if _, after, ok := strings.Cut(version, "+really"); ok {
		version = after
	}
	return repacked.ReplaceAllString(version, "")
}

func readTar(r io.Reader, version string) ([]library, error) {
	var libs []library
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return libs, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg || path.Ext(h.Name) != ".a" {
			continue
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			return nil, err
		}
		members, err := readArchive(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		if len(members) > 0 {
			libs = append(libs, library{path.Base(h.Name), version, members})
		}
	}
}

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
)

// readArchive returns the members of a static library (ar(5)) that are ELF objects.
func readArchive(b []byte) ([]*member, error) {
	if !bytes.HasPrefix(b, []byte(arMagic)) {
		return nil, nil // A linker script.
	}
	var members []*member
	for b = b[len(arMagic):]; len(b) >= arHeader; {
		size, err := strconv.Atoi(strings.TrimSpace(string(b[48:58])))
		if err != nil || size < 0 || size > len(b)-arHeader {
			return nil, fmt.Errorf("size of a member: %q", b[48:58])
		}
		if m := readObject(b[arHeader : arHeader+size]); m != nil {
			members = append(members, m)
		}
		b = b[min(len(b), arHeader+size+size%2):]
	}
	return members, nil
}

// readObject returns nil for what is no ELF object.
func readObject(b []byte) *member {
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	m := new(member)
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || s.Flags&elf.SHF_EXECINSTR != 0 || s.Type == elf.SHT_NOBITS || strings.HasPrefix(s.Name, ".eh_frame") {
			continue
		}
		if data, err := s.Data(); err == nil {
			m.text = append(append(m.text, data...), 0)
		}
	}
	symbols, err := f.Symbols()
	if err != nil {
		return m
	}
	for _, s := range symbols {
		switch bind := elf.ST_BIND(s.Info); {
		case s.Section == elf.SHN_UNDEF && s.Name != "":
			m.needs = append(m.needs, s.Name)
		case bind == elf.STB_GLOBAL || bind == elf.STB_WEAK:
			m.defines = append(m.defines, s.Name)
		}
	}
	return m
}

// all returns the text of all members, as "ld --whole-archive" links them.
func (l *library) all() []byte {
	var out []byte
	for _, m := range l.members {
		out = append(out, m.text...)
	}
	return out
}

// part returns the text of the members that a linker takes for a program which calls n
// of the library's functions.
func (l *library) part(r *rand.Rand, n int) []byte {
	home := make(map[string]int)
	var names []string
	for i, m := range l.members {
		for _, name := range m.defines {
			if _, ok := home[name]; !ok {
				home[name] = i
				names = append(names, name)
			}
		}
	}
	taken := make([]bool, len(l.members))
	var open []int
	take := func(name string) {
		if i, ok := home[name]; ok && !taken[i] {
			taken[i] = true
			open = append(open, i)
		}
	}
	for range min(n, len(names)) {
		take(names[r.IntN(len(names))])
	}
	for len(open) > 0 {
		m := l.members[open[len(open)-1]]
		open = open[:len(open)-1]
		for _, name := range m.needs {
			take(name)
		}
	}
	var out []byte
	for i, m := range l.members {
		if taken[i] {
			out = append(out, m.text...)
		}
	}
	return out
}

// same reports whether a version that was found is the package's.
func same(found, version string) bool {
	found, version = strings.TrimSuffix(repacked.ReplaceAllString(found, ""), ".0"), strings.TrimSuffix(version, ".0")
	short, _, _ := strings.Cut(found, "-")
	return found == version || short == version
}
