// Package pyinstaller reads the archive that PyInstaller puts behind its launcher: a table
// of contents, files that are compressed each by itself, and in one of them (PYZ) the
// modules of Python with a table of their own (PyInstaller, "CArchive" and "ZlibArchive").
package pyinstaller

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// Rule is how the packages were found.
const Rule = "pyinstaller-metadata"

// Cookie is what the record begins with that says where the archive is.
const Cookie = "MEI\x0c\x0b\x0a\x0b\x0e"

// Limits.
const (
	maxTable    = 16 << 20  // bytes of a table of contents
	maxInflated = 64 << 20  // bytes of metadata and of tables of modules, and beginning for each file
	beginning   = 4 << 10   // what it costs to read a file of no bytes
	maxSearch   = 512 << 20 // bytes from the end in which the cookie is looked for
	step        = 256 << 10
	maxCookies  = 64 // that are looked at
)

// record is what the cookie begins (CArchive, "COOKIE"); its numbers are big-endian.
type record struct {
	Magic                    [8]byte
	Length, Table, TableSize uint32
	Python                   uint32 // 311 for 3.11
}

const recordSize = 24

// endings are the lengths of the record: since PyInstaller 2.1 it ends in the name of the
// library of Python.
var endings = []int64{recordSize + 64, recordSize}

// Read reads the archive in a program, nil if it has none.
func Read(file payload.Source) *payload.Payload {
	at := find(file)
	if at < 0 {
		return nil
	}
	p := &payload.Payload{Kind: "PyInstaller archive", Offset: at, Size: recordSize}
	r, base, err := locate(file, at)
	if err != nil {
		p.Err = err
		return p
	}
	p.Offset, p.Size, p.Tool = base, int64(r.Length), pythonVersion(r.Python)
	a := archive{file: file, base: base, end: p.Offset + p.Size, left: maxInflated, modules: make(map[string]bool), distributed: make(map[string]bool), into: p}
	table, err := file.Bytes(base+int64(r.Table), int64(r.TableSize), maxTable)
	if err == nil {
		err = a.table(table)
	}
	for _, err := range []error{err, a.err} {
		if p.Err == nil {
			p.Err = err
		}
	}
	for name := range a.modules {
		if !a.distributed[name] {
			a.set.Name(name)
		}
	}
	a.set.Tell(p)
	return p
}

// find returns where the last cookie is, -1 if nowhere: archives are appended, or are the
// last section.
func find(file payload.Source) int64 {
	b, tries := make([]byte, step+len(Cookie)-1), maxCookies
	for end := file.Size; end > max(0, file.Size-maxSearch); end -= step {
		from := max(0, end-step)
		part := b[:min(int64(len(b)), file.Size-from)]
		n, _ := file.ReadAt(part, from)
		for _, i := range slices.Backward(places(part[:n], tries)) {
			if _, _, err := locate(file, from+int64(i)); err == nil {
				return from + int64(i)
			}
			if tries--; tries == 0 {
				return -1
			}
		}
	}
	return -1
}

// places returns where in b cookies are, the last of them if there are more than most.
func places(b []byte, most int) []int {
	var list []int
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], []byte(Cookie)) // Unlike LastIndex it looks at many bytes at once.
		if i < 0 {
			return list[max(0, len(list)-most):]
		}
		at += i
		list = append(list, at)
	}
}

// locate returns the record at an offset, and where its archive begins. The record is the
// archive's end.
func locate(file payload.Source, at int64) (r record, base int64, err error) {
	b, err := file.Bytes(at, recordSize, recordSize)
	if err != nil {
		return r, 0, err
	}
	_ = binary.Read(bytes.NewReader(b), binary.BigEndian, &r)
	for _, ending := range endings {
		base = at + ending - int64(r.Length)
		if int64(r.Table)+int64(r.TableSize) <= int64(r.Length)-ending && base >= 0 && base < at && at+ending <= file.Size && plausible(file, base+int64(r.Table)) {
			return r, base, nil
		}
	}
	return r, 0, fmt.Errorf("%w: the archive lies outside of the file", detect.ErrFormat)
}

// entryHeader begins an entry of the table: its length, the place and lengths of the content,
// whether that is compressed, and of what kind it is.
const entryHeader = 18

// plausible reports whether a table of contents is at an offset.
func plausible(file payload.Source, at int64) bool {
	b, err := file.Bytes(at, entryHeader, entryHeader)
	if err != nil {
		return false
	}
	n := binary.BigEndian.Uint32(b)
	return n > entryHeader && n < 1<<16 && b[16] <= 1 && bytes.IndexByte([]byte("mMsbxzZodnlE"), b[17]) >= 0
}

func pythonVersion(v uint32) string {
	switch {
	case v >= 300 && v < 1000:
		return fmt.Sprintf("Python %d.%d", v/100, v%100)
	case v >= 20 && v < 100: // Before PyInstaller 4.
		return fmt.Sprintf("Python %d.%d", v/10, v%10)
	}
	return "Python"
}

// archive collects what the entries say.
type archive struct {
	file payload.Source
	base int64
	end  int64
	left int64 // bytes that may still be decompressed
	set  payload.Set
	err  error // the first
	into *payload.Payload

	modules     map[string]bool // top-level ones
	distributed map[string]bool // those that a distribution lists
}

func (a *archive) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// table reads the table of contents. Entries have a length, and so no loop has an end
// but the table's.
func (a *archive) table(b []byte) error {
	for len(b) > 0 {
		if len(b) < entryHeader {
			return fmt.Errorf("%w: table of contents", detect.ErrFormat)
		}
		n := binary.BigEndian.Uint32(b)
		if n < entryHeader || uint64(n) > uint64(len(b)) {
			return fmt.Errorf("%w: table of contents", detect.ErrFormat)
		}
		name, _, _ := bytes.Cut(b[entryHeader:n], []byte{0})
		e := entry{a.base + int64(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint32(b[8:])), int64(binary.BigEndian.Uint32(b[12:])), b[16] == 1, b[17], string(name)}
		a.entry(&e)
		b = b[n:]
	}
	return nil
}

// entry is one file of the archive.
type entry struct {
	offset, length, size int64
	compressed           bool
	kind                 byte
	name                 string
}

func (a *archive) entry(e *entry) {
	dir, base := path.Split(strings.ReplaceAll(e.name, `\`, "/"))
	switch {
	case e.kind == 'b':
		a.into.AddProgram(payload.Program{Name: e.name, Offset: e.offset, Size: e.size, Runtime: dir == "lib-dynload/", Open: func() (io.ReadCloser, error) { return a.open(e) }})
	case e.kind == 'z':
		if err := a.readModules(e); err != nil {
			a.fail(fmt.Errorf("modules: %w", err))
		}
	case base == "METADATA" && strings.HasSuffix(dir, ".dist-info/"), base == "PKG-INFO" && strings.HasSuffix(dir, ".egg-info/"):
		b, err := a.read(e, payload.MaxManifest)
		if err != nil {
			a.fail(fmt.Errorf("%.200q: %w", e.name, err))
			return
		}
		if p, ok := payload.Metadata(b); ok {
			p.Offset, p.Rule = e.offset, Rule
			a.set.Add(p)
		}
	case base == "RECORD" && strings.HasSuffix(dir, ".dist-info/"), base == "top_level.txt":
		b, err := a.read(e, payload.MaxManifest)
		if err != nil {
			a.fail(fmt.Errorf("%.200q: %w", e.name, err))
			return
		}
		a.owned(b)
	}
}

// owned notes the modules that a distribution lists as its own: a RECORD has paths, a
// top_level.txt names.
func (a *archive) owned(b []byte) {
	for line := range bytes.Lines(b) {
		first, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(","))
		first, _, _ = bytes.Cut(first, []byte("/"))
		name, _, _ := bytes.Cut(first, []byte(".")) // "six.py"
		if len(a.distributed) < payload.MaxNames*4 && len(name) > 0 && len(name) < payload.MaxName {
			a.distributed[string(name)] = true
		}
	}
}

// open returns a reader of the content of an entry.
func (a *archive) open(e *entry) (io.ReadCloser, error) {
	if e.offset > a.end || e.length > a.end-e.offset {
		return nil, fmt.Errorf("%w: content outside of the archive", detect.ErrFormat)
	}
	part := a.file.Part(e.offset, e.length)
	if !e.compressed {
		return io.NopCloser(part), nil
	}
	z, err := zlib.NewReader(part)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	return z, nil
}

// read returns the content of an entry of at most limit bytes, and what is left of those that
// may be read at all.
func (a *archive) read(e *entry, limit int64) ([]byte, error) {
	if a.left <= 0 {
		return nil, &detect.LimitError{Path: "PyInstaller archive", Limit: maxInflated}
	}
	r, err := a.open(e)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	most := min(limit, a.left)
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	a.left -= beginning + int64(len(b))
	switch {
	case int64(len(b)) > most:
		return nil, &detect.LimitError{Path: "PyInstaller archive", Limit: most}
	case err != nil:
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	return b, nil
}

// readModules notes the top-level names of the modules in the PYZ: a magic number, that of
// Python's bytecode, the place of the table, and there a marshalled list of pairs of a name
// and its place, or a dictionary.
func (a *archive) readModules(e *entry) error {
	const header = 12
	b, err := a.file.Bytes(e.offset, header, header)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(b, []byte("PYZ\x00")) {
		return fmt.Errorf("%w: no PYZ", detect.ErrFormat)
	}
	at := int64(binary.BigEndian.Uint32(b[8:]))
	if at < header || at > e.length {
		return fmt.Errorf("%w: the table of modules is not in the PYZ", detect.ErrFormat)
	}
	n := max(0, min(e.length-at, a.file.Size-e.offset-at))
	if a.left -= beginning + n; a.left < 0 {
		return &detect.LimitError{Path: "PyInstaller archive", Limit: maxInflated, What: "bytes of tables"} // Entries may name one table many times.
	}
	table, err := a.file.Bytes(e.offset+at, n, maxTable)
	if err != nil {
		return err
	}
	names, err := moduleNames(table)
	for _, n := range names {
		top, _, _ := strings.Cut(n, ".")
		if standard(top) || len(top) > payload.MaxName || a.modules[top] {
			continue
		}
		if len(a.modules) == payload.MaxPackages {
			return &detect.LimitError{Path: "PyInstaller archive", Limit: payload.MaxPackages, What: "modules"}
		}
		a.modules[top] = true
	}
	return err
}
