package header

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// What a module and a component begin with (WebAssembly core specification, "Binary Format";
// component model, "Binary Format").
const (
	wasmModule    = "\x00asm\x01\x00\x00\x00"
	wasmComponent = "\x00asm\x0d\x00\x01\x00"
)

// Limits of what is looked at in WebAssembly.
const (
	maxWasmKept     = 64 << 10 // bytes of a section
	maxWasmSections = 1 << 16
	maxWasmDepth    = 64
)

// wasm is a module or component, by its sections as they go by: none says where the others
// are. Components have modules and components in them, which are read in the same way.
type wasm struct {
	at       int64  // offset of the next byte
	buf      []byte // what was read of a header, or of the content of a section
	want     int    // bytes of the content that are read; 0 while a header is
	skip     int64  // bytes of no interest that come first
	rest     int64  // those that follow the content
	begin    int64  // offset of the section's header
	section  byte
	frames   []frame // inner ones last
	sections int
	imported bool // a module has one section of imports
	damaged  string

	said Facts
	meta map[string]string // texts of custom sections of the outermost
	when int64             // offset of the section "version"
}

// frame is a module or component that is being read.
type frame struct {
	end       int64
	component bool
}

// Sections.
const (
	wasmCustom      = 0
	wasmModuleIn    = 1 // of a component: a module
	wasmImport      = 2 // of a module
	wasmComponentIn = 4 // of a component: a component
)

func (w *wasm) plan(r *Reader, head []byte) {
	w.said = Facts{Format: "WebAssembly", Architecture: "wasm", Bits: 32}
	w.meta = make(map[string]string)
	w.frames = []frame{{r.size, string(head[:8]) == wasmComponent}}
	w.at = 8
	w.see(head[8:])
}

func (w *wasm) take(_ *Reader, b []byte) { w.see(b) }

// see takes in the next bytes.
func (w *wasm) see(b []byte) {
	for len(b) > 0 && w.damaged == "" {
		var n int
		switch {
		case w.skip > 0:
			n = int(min(w.skip, int64(len(b))))
			w.skip -= int64(n)
			w.at += int64(n)
		case w.want > 0:
			n = min(w.want-len(w.buf), len(b))
			w.buf = append(w.buf, b[:n]...)
			w.at += int64(n)
			w.content()
		default:
			n = 1
			w.buf = append(w.buf, b[0])
			w.at++
			w.header()
		}
		b = b[n:]
	}
}

// header looks at what was read of a section's header: a number and the size.
func (w *wasm) header() {
	size, n := binary.Uvarint(w.buf[1:])
	if n == 0 && len(w.buf) < 6 {
		return
	}
	w.begin, w.section = w.at-int64(len(w.buf)), w.buf[0]
	for len(w.frames) > 1 && w.frames[len(w.frames)-1].end <= w.begin {
		w.frames = w.frames[:len(w.frames)-1]
	}
	in := w.frames[len(w.frames)-1]
	w.buf = w.buf[:0]
	w.sections++
	switch {
	case n <= 0 || w.sections > maxWasmSections || size > uint64(max(0, in.end-w.at)):
		w.damaged = "a section leads out of the module"
		return
	case in.component && (w.section == wasmModuleIn || w.section == wasmComponentIn):
		if size < 8 || len(w.frames) == maxWasmDepth {
			w.damaged = "a component that cannot be"
			return
		}
		w.frames = append(w.frames, frame{w.at + int64(size), w.section == wasmComponentIn})
		w.want, w.rest = 8, 0
	case w.section == wasmCustom, w.section == wasmImport && !in.component:
		w.want = int(min(size, maxWasmKept))
		w.rest = int64(size) - int64(w.want)
	default:
		w.skip = int64(size)
	}
}

// content looks at the content of a section when it is there.
func (w *wasm) content() {
	if len(w.buf) < w.want {
		return
	}
	b := w.buf
	w.buf, w.want, w.skip = w.buf[:0], 0, w.rest
	switch w.section {
	case wasmCustom:
		if name, content, ok := wasmName(b); ok {
			w.custom(name, content)
		}
	case wasmImport:
		if len(w.frames) == 1 && w.imported {
			w.damaged = "several sections of imports"
		} else if len(w.frames) == 1 {
			w.imported = true
			w.imports(b)
		}
	default:
		if !bytes.HasPrefix(b, []byte(wasmModule[:4])) {
			w.damaged = "a component that cannot be"
		}
	}
}

// wasmName returns the name that b begins with: its length, and so many bytes.
func wasmName(b []byte) (name string, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return "", nil, false
	}
	b = b[n:]
	if size <= maxName {
		name = string(b[:size])
	}
	return name, b[size:], true
}

// metadata are the custom sections that are text (tool conventions; component model,
// "Metadata").
var metadata = []string{"version", "licenses", "authors"}

func (w *wasm) custom(name string, b []byte) {
	outermost := len(w.frames) == 1
	switch {
	case name == "producers":
		w.producers(b)
	case !outermost:
	case name == "name" || name == "component-name":
		if len(b) > 1 && b[0] == 0 { // The module's own name comes first.
			if _, n := binary.Uvarint(b[1:]); n > 0 {
				w.said.SONAME, _, _ = wasmName(b[1+n:])
			}
		}
	case name == "build_id":
		if size, n := binary.Uvarint(b); n > 0 && size <= 64 && size <= uint64(len(b)-n) {
			w.said.BuildID = hex.EncodeToString(b[n:][:size])
		}
	case name == "dylink.0" || name == "dylink":
		w.said.Library = true
	case name == "registry-metadata":
		var m struct{ License string }
		if json.Unmarshal(b, &m) == nil && w.meta["licenses"] == "" {
			w.meta["licenses"] = text([]byte(m.License))
		}
	case slices.Contains(metadata, name):
		w.meta[name] = text(b)
		if name == "version" {
			w.when = w.begin
		}
	}
}

// producers reads the section of that name (tool conventions, "Producers Section").
func (w *wasm) producers(b []byte) {
	fields, n := binary.Uvarint(b)
	for b = b[max(n, 0):]; n > 0 && fields > 0; fields-- {
		field, rest, ok := wasmName(b)
		values, m := binary.Uvarint(rest)
		if !ok || m <= 0 {
			return
		}
		for b = rest[m:]; values > 0; values-- {
			name, rest, ok := wasmName(b)
			version, after, ok2 := wasmName(rest)
			if !ok || !ok2 {
				return
			}
			b = after
			if version != "" {
				name += " " + version
			}
			list := &w.said.Tools
			if field == "language" {
				list = &w.said.Languages
			}
			if len(*list) < maxParts {
				*list = union(*list, []string{name})
			}
		}
	}
}

// imports notes the modules that functions are imported from.
func (w *wasm) imports(b []byte) {
	count, n := binary.Uvarint(b)
	for b = b[max(n, 0):]; n > 0 && count > 0; count-- {
		module, rest, ok := wasmName(b)
		_, rest, ok2 := wasmName(rest)
		if !ok || !ok2 {
			return
		}
		if b, ok = importType(rest); !ok {
			return
		}
		if module != "" {
			w.said.Needed = union(w.said.Needed, []string{module})
		}
	}
}

// importType returns what is behind the type of an import.
func importType(b []byte) (rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, false
	}
	kind, b := b[0], b[1:]
	numbers := 1 // A function has the number of its type.
	switch kind {
	case 0:
	case 1, 2: // A table has the type of its elements, and both have limits.
		if kind == 1 {
			b = b[1:]
		}
		if len(b) == 0 {
			return nil, false
		}
		numbers += int(b[0] & 1)
		b = b[1:]
	case 3: // A global has a type, and whether it changes.
		return b[min(2, len(b)):], len(b) >= 2
	case 4:
		b = b[1:]
	default:
		return nil, false
	}
	for range numbers {
		_, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, false
		}
		b = b[n:]
	}
	return b, true
}

func (w *wasm) facts(*Reader, Names) Facts {
	f := w.said
	f.Damaged = w.damaged
	f.Dynamic = len(f.Needed) > 0
	if v := w.meta["version"]; v != "" {
		f.Stated = &Stated{Field: "version", Offset: w.when, Name: f.SONAME, Version: v, Vendor: w.meta["authors"], License: w.meta["licenses"]}
	}
	return f
}
