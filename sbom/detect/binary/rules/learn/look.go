package main

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"io"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// What is kept of one file.
const (
	maxSeen   = 4000
	maxNamed  = 80
	minString = 8
	maxString = 48
	maxText   = 100
	// The detector's patterns are shorter.
	maxBefore = 64
	maxAfter  = 32
)

// look reads a program or library, and returns what the detector would see of it.
func look(r io.Reader, size int64, names []string) (*file, error) {
	l := &looker{headers: header.New(size), names: names, versions: make(map[seen]bool), libraries: make(map[int64]string), strings: make(map[uint32]bool), named: make(map[string]bool)}
	scanner := textscan.New(nil, l)
	if _, err := io.Copy(io.MultiWriter(l.headers, scanner, &stringWriter{found: l.string}), r); err != nil {
		return nil, err
	}
	scanner.Close()
	facts := l.headers.Facts(l.library)
	l.file.SONAME, l.file.Needed = facts.SONAME, facts.Needed
	sums := make([]uint32, 0, len(l.strings))
	for sum := range l.strings {
		sums = append(sums, sum)
	}
	slices.Sort(sums)
	for _, sum := range sums {
		l.file.Strings = binary.LittleEndian.AppendUint32(l.file.Strings, sum)
	}
	return &l.file, nil
}

// looker is a textscan.Observer.
type looker struct {
	file      file
	headers   *header.Reader
	names     []string
	versions  map[seen]bool
	libraries map[int64]string
	strings   map[uint32]bool
	named     map[string]bool
}

// Version implements textscan.Observer.
func (l *looker) Version(v *textscan.Version) {
	if len(l.versions) >= maxSeen || bytes.HasSuffix(v.Before, []byte("-")) && bytes.HasPrefix(v.After, []byte("/")) && bytes.Contains(v.After, []byte(".rs")) {
		return // Of crates there are thousands.
	}
	s := seen{Before: string(v.Before[max(0, len(v.Before)-maxBefore):]), Text: string(v.Text), After: string(v.After[:min(len(v.After), maxAfter)]),
		Previous: string(v.Previous), Next: string(v.Next), Core: len(v.Core),
		Opened: v.Opened && len(v.Before) <= maxBefore, Closed: v.Closed && len(v.After) <= maxAfter}
	if len(v.Before) > 0 || len(v.After) > 0 {
		s.Previous, s.Next = "", ""
	}
	if !l.versions[s] {
		l.versions[s] = true
		l.file.Versions = append(l.file.Versions, s)
	}
}

// Literal implements textscan.Observer.
func (*looker) Literal(int, int64, []byte) {}

// Library implements textscan.Observer.
func (l *looker) Library(offset int64, name []byte) { l.libraries[offset] = string(name) }

func (l *looker) library(offset int64) string {
	if name, ok := l.libraries[offset]; ok {
		return name
	}
	for back := int64(1); back < 64; back++ {
		if name := l.libraries[offset-back]; int64(len(name)) > back {
			return name[back:]
		}
	}
	return ""
}

// string takes in a string that begins and ends with NUL.
func (l *looker) string(b []byte) {
	l.strings[sum(b)] = true
	if len(l.named) >= maxNamed || len(b) > maxString || bytes.ContainsAny(b, "0123456789") || bytes.HasPrefix(b, []byte("_Z")) {
		return
	}
	lower := strings.ToLower(string(b))
	for _, n := range l.names {
		if strings.Contains(lower, n) && !l.named[string(b)] {
			l.named[string(b)] = true
			l.file.Named = append(l.file.Named, string(b))
			return
		}
	}
}

// sum is the hash by which strings are compared.
func sum(b []byte) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(b)
	return h.Sum32()
}

// stringWriter finds the strings between two NULs.
type stringWriter struct {
	found func([]byte)
	text  []byte // of a string that the last piece ended in
}

// Write implements io.Writer. It never fails.
func (w *stringWriter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, 0)
		if i < 0 {
			break
		}
		text := p[:i]
		if p = p[i+1:]; len(w.text) > 0 {
			w.text = append(w.text, text...)
			text = w.text
		}
		if len(text) >= minString && len(text) < maxText && isText(text) {
			w.found(text)
		}
		w.text = w.text[:0]
	}
	if len(w.text) < maxText {
		w.text = append(w.text, p[:min(len(p), maxText)]...)
	}
	return n, nil
}

func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' || c > '~' {
			return false
		}
	}
	return true
}
