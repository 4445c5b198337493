package header

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Limits on the resources of a program, which are a tree of three levels: type, name,
// language.
const (
	maxResources = 4096       // entries that are looked at
	maxDirectory = 64 << 10   // bytes of the tree
	maxVersion   = 32 << 10   // bytes of a VERSIONINFO
	maxPEText    = 256        // characters of a text in it
	highBit      = 1 << 31    // of names and of subdirectories
	typeData     = 10         // RT_RCDATA
	typeVersion  = 16         // RT_VERSION
	fixedInfo    = 0xfeef04bd // of VS_FIXEDFILEINFO
)

// planResources keeps the tree of resources, and then what it leads to. Linkers write the
// tree first.
func (p *pe) planResources(r *Reader, off, n int64) {
	r.keepThen(off, min(n, maxDirectory, max(0, r.size-off)), func(b []byte) {
		tree := resources{p: p, b: b}
		tree.each(0, func(kind uint32, _ string, sub uint32) {
			switch kind {
			case typeVersion:
				tree.leaves(sub, func(_ string, at, size int64) { p.planVersion(r, at, size) })
			case typeData:
				tree.leaves(sub, func(name string, at, size int64) {
					if len(p.payloads) < maxParts && payloads[strings.ToUpper(name)] && r.inside(at, size) {
						p.payloads = append(p.payloads, Payload{strings.ToUpper(name), at, size})
					}
				})
			}
		})
	})
}

// resources is the tree.
type resources struct {
	p *pe
	b []byte
}

// each calls entry for the entries of the directory at off, which have a number or a name.
func (t *resources) each(off uint32, entry func(id uint32, name string, to uint32)) {
	if uint64(off)+16 > uint64(len(t.b)) {
		return
	}
	d := t.b[off:]
	n := int(binary.LittleEndian.Uint16(d[12:])) + int(binary.LittleEndian.Uint16(d[14:]))
	for d = d[16:]; n > 0 && len(d) >= 8 && t.p.left > 0; n-- {
		t.p.left--
		id, name := binary.LittleEndian.Uint32(d), ""
		if id&highBit != 0 {
			name = t.text(id &^ highBit)
		}
		entry(id, name, binary.LittleEndian.Uint32(d[4:]))
		d = d[8:]
	}
}

// leaves calls leaf for what is below a directory of names: the tree has no deeper levels
// than that of languages, whatever it says.
func (t *resources) leaves(sub uint32, leaf func(name string, at, size int64)) {
	if sub&highBit == 0 {
		return
	}
	t.each(sub&^highBit, func(_ uint32, name string, languages uint32) {
		if languages&highBit == 0 {
			return
		}
		t.each(languages&^highBit, func(_ uint32, _ string, data uint32) {
			if data&highBit != 0 || uint64(data)+16 > uint64(len(t.b)) {
				return
			}
			if at, ok := t.p.offset(binary.LittleEndian.Uint32(t.b[data:])); ok {
				leaf(name, at, int64(binary.LittleEndian.Uint32(t.b[data+4:])))
			}
		})
	})
}

func (t *resources) text(off uint32) string {
	if uint64(off)+2 > uint64(len(t.b)) {
		return ""
	}
	n := int(binary.LittleEndian.Uint16(t.b[off:]))
	b := t.b[off+2:]
	return utf16Text(b[:min(len(b), 2*min(n, maxPEText))])
}

// planVersion keeps the first VERSIONINFO.
func (p *pe) planVersion(r *Reader, at, size int64) {
	if p.stated != nil || size <= 0 {
		return
	}
	p.stated = new(Stated) // No second one.
	kept := r.keepThen(at, min(size, maxVersion), func(b []byte) { p.stated = versionInfo(b, at) })
	if !kept {
		p.stated = nil
	}
}

// block is a structure of a VERSIONINFO: a key, a value, and structures in it
// (VS_VERSIONINFO, StringFileInfo, StringTable, String).
type block struct {
	key             string
	value, children []byte
}

// readBlock returns the first structure of b, and what is behind it.
func readBlock(b []byte) (x block, rest []byte, ok bool) {
	if len(b) < 6 {
		return x, nil, false
	}
	length, valueLength, text := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint16(b[4:]) == 1
	if length < 6 || length > len(b) {
		return x, nil, false
	}
	end := 6
	for end+2 <= length && (b[end] != 0 || b[end+1] != 0) {
		end += 2
	}
	x.key = utf16Text(b[6:min(end, 6+2*maxPEText)])
	at := min(aligned(end+2), length)
	if text {
		valueLength *= 2 // In characters; some compilers count bytes.
	}
	x.value = b[at:min(length, at+valueLength)]
	x.children = b[min(length, aligned(at+len(x.value))):length]
	return x, b[min(len(b), aligned(length)):], true
}

func aligned(n int) int { return (n + 3) &^ 3 }

func utf16Text(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// versionInfo reads a VERSIONINFO, nil if it names nothing.
func versionInfo(b []byte, at int64) *Stated {
	root, _, ok := readBlock(b)
	if !ok || root.key != "VS_VERSION_INFO" {
		return nil
	}
	texts := make(map[string]string)
	for info, rest, ok := readBlock(root.children); ok; info, rest, ok = readBlock(rest) {
		if info.key != "StringFileInfo" {
			continue
		}
		for table, more, ok := readBlock(info.children); ok; table, more, ok = readBlock(more) {
			for s, others, ok := readBlock(table.children); ok; s, others, ok = readBlock(others) {
				if text := strings.TrimSpace(utf16Text(s.value[:min(len(s.value), 2*maxPEText)])); texts[s.key] == "" && len(texts) < maxParts*4 {
					texts[s.key] = text
				}
			}
		}
	}
	s := &Stated{Field: "VERSIONINFO", Offset: at, Name: texts["ProductName"], Version: texts["ProductVersion"], Vendor: texts["CompanyName"], File: texts["OriginalFilename"]}
	if s.Name == "" {
		s.Name = texts["InternalName"]
	}
	for _, v := range []string{texts["FileVersion"], fixedVersion(root.value)} {
		if s.Version == "" {
			s.Version = v
		}
	}
	if s.Name == "" && s.File == "" {
		return nil
	}
	return s
}

// fixedVersion returns the version of the product as four numbers; empty if they are zero.
func fixedVersion(b []byte) string {
	if len(b) < 24 || binary.LittleEndian.Uint32(b) != fixedInfo {
		return ""
	}
	var parts []string
	for _, at := range []int{18, 16, 22, 20} { // The more significant word of each pair comes second.
		parts = append(parts, strconv.Itoa(int(binary.LittleEndian.Uint16(b[at:]))))
	}
	if v := strings.Join(parts, "."); v != "0.0.0.0" {
		return v
	}
	return ""
}
