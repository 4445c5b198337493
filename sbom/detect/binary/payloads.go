package binary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/appended"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/asar"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/jsprogram"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/nativeimage"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/pyinstaller"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upx"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
)

// The rules of payloads, and how sure they are: lists that a tool made are all but certain.
var payloadConfidence = map[string]float64{
	pyinstaller.Rule:       0.98,
	appended.Rule:          0.97,
	asar.Rule:              0.98,
	nativeimage.Rule:       0.99,
	jsprogram.RuleSnapshot: 0.99,
	jsprogram.RuleManifest: 0.92,
	jsprogram.RulePath:     0.95,
}

// errOnce is the error of a payload, and of strings, in a file that can only be read once.
var errOnce = fmt.Errorf("%w: the file can be read only once, and where to look was not known before its end", detect.ErrSkipped)

const (
	keptHead = 4 << 10  // bytes that a file begins with
	keptTail = 64 << 10 // and ends with
)

// ends keeps the first and the last bytes of a file that goes by.
type ends struct {
	size, pos  int64
	head, tail []byte
}

// Write implements io.Writer.
func (e *ends) Write(p []byte) (int, error) {
	if n := min(len(p), keptHead-len(e.head)); n > 0 {
		e.head = append(e.head, p[:n]...)
	}
	if skip := max(e.size-keptTail, 0) - e.pos; skip < int64(len(p)) {
		if room := keptTail - len(e.tail); room > 0 {
			last := p[max(skip, 0):]
			e.tail = append(e.tail, last[:min(room, len(last))]...)
		}
	}
	e.pos += int64(len(p))
	return len(p), nil
}

// scratch is what the reading of one file needs, and that of the next may have.
type scratch struct {
	tail  [keptTail]byte
	piece [16 << 10]byte
}

// spared returns a scratch.
func (d *Detector) spared() *scratch {
	if s, ok := d.scratch.Get().(*scratch); ok {
		return s
	}
	return new(scratch)
}

// free lets the next file have the scratch. Nothing of the last bytes is used any more.
func (r *reading) free() {
	if r.scratch != nil {
		r.d.scratch.Put(r.scratch)
		r.scratch, r.tail = nil, nil
	}
}

// reading is one pass over a program.
type reading struct {
	*collector
	ends
	again   io.ReaderAt // the file, if it can be read again; else nil
	known   []reader    // what signs returned; nil at first
	scratch *scratch
}

func newReading(d *Detector, file string, size int64, again io.ReaderAt) *reading {
	room := d.spared()
	r := &reading{collector: newCollector(d, file, size), ends: ends{size: size, tail: room.tail[:0]}, again: again, scratch: room}
	if again != nil {
		r.headers.Again(again)
		r.file, r.fileSize = again, size
	}
	return r
}

// Write implements io.Writer. It never fails.
func (r *reading) Write(p []byte) (int, error) {
	_, _ = r.ends.Write(p)
	return r.collector.Write(p)
}

// report judges what was read, and reads what it has beside its own code.
func (r *reading) report(ctx context.Context) *Report {
	facts := r.headers.Facts(nil)
	report := r.judge()
	if report.Format == "" {
		return report
	}
	r.state(report, &facts)
	for _, p := range r.payloads(report, &facts) {
		report.add(p)
		r.programs(ctx, report, p)
	}
	report.sort()
	return report
}

// incomplete reports whether the file has to be read once more, by what went by.
func (r *reading) incomplete() bool {
	if r.again != nil {
		return false
	}
	r.scanner.Close() // What it sees at the end of the file may be a sign.
	facts := r.headers.Facts(nil)
	return facts.Format != "" && (r.headers.Missed() || len(r.signs(&facts)) > 0 || r.stringsMatter())
}

// trait reports whether the text of a trait has gone by.
func (r *reading) trait(value string) bool {
	for i := range r.traits {
		if r.d.index().Trait(i).Value == value {
			return true
		}
	}
	return false
}

// reader reads one kind of payload; nil if the file turns out to have none.
type reader func(payload.Source) *payload.Payload

// signs returns who is to read the payloads that the file has signs of. It is called when
// all of the file has gone by.
func (r *reading) signs(facts *header.Facts) []reader {
	if r.known == nil {
		r.known = append(make([]reader, 0, 1), r.look(facts)...)
	}
	return r.known
}

// look looks for the signs.
func (r *reading) look(facts *header.Facts) []reader {
	var list []reader
	for _, p := range facts.Payloads {
		if read := added[p.Name]; read != nil {
			list = append(list, func(f payload.Source) *payload.Payload { return read(f, p.Offset, p.Size) })
		}
	}
	if _, more := upx.Recognise(r.head, r.tail, r.size); more {
		list = append(list, func(f payload.Source) *payload.Payload { return upx.Unpack(f, r.head, r.tail) })
	}
	if bytes.Contains(r.tail, []byte(pyinstaller.Cookie)) || r.trait("PyInstaller") {
		list = append(list, pyinstaller.Read)
	}
	if r.trait("native-image SBOM") {
		list = append(list, nativeimage.Read)
	}
	if r.trait("Bun compiled program") {
		list = append(list, bun)
	}
	switch {
	case bytes.Contains(r.tail, []byte(jsprogram.NexeTrailer)):
		list = append(list, jsprogram.Nexe)
	case r.trait("pkg snapshot"):
		list = append(list, func(f payload.Source) *payload.Payload { return jsprogram.Pkg(f, programEnd(f)) })
	case appended.In(r.tail):
		list = append(list, appended.Read)
	}
	return list
}

// added are the readers of what the headers lead to.
var added = map[string]func(f payload.Source, off, size int64) *payload.Payload{
	"NODE_SEA_BLOB": jsprogram.Node,
	"SUI":           jsprogram.Deno,
	"D3N0L4ND":      jsprogram.Deno,
	"BUN":           jsprogram.Bun,
}

// bun reads the section that Bun has since 1.3, or what older versions append.
func bun(f payload.Source) *payload.Payload {
	if s, err := section.Find(f, f.Size, ".bun"); err == nil {
		_, off, n := s.Outer()
		if p := jsprogram.Bun(f, off, n); p != nil {
			return p
		}
	}
	return jsprogram.Bun(f, 0, f.Size)
}

// programEnd returns where an ELF file ends by its headers, 0 for others.
func programEnd(f payload.Source) int64 {
	head, err := f.Bytes(0, min(f.Size, 64), 64)
	if err != nil {
		return 0
	}
	e, ok := section.ReadELF(head)
	if !ok {
		return 0
	}
	var end uint64
	for _, s := range e.Segments(f) {
		if s.Off < uint64(f.Size) {
			end = max(end, s.Off+min(s.Filesz, uint64(f.Size)-s.Off))
		}
	}
	return int64(end)
}

// payloads reads what the file has beside its own code.
func (r *reading) payloads(report *Report, facts *header.Facts) []*payload.Payload {
	var list []*payload.Payload
	if p, more := upx.Recognise(r.head, r.tail, r.size); p != nil && !more {
		list = append(list, p)
	}
	if bytes.HasPrefix(r.head[min(8, len(r.head)):], []byte("AI\x02")) {
		list = append(list, &payload.Payload{Kind: "AppImage", Size: r.size, Err: fmt.Errorf("%w: the file system in an AppImage", detect.ErrUnsupported)})
	}
	signs := r.signs(facts)
	if r.again == nil {
		if len(signs) > 0 {
			list = append(list, &payload.Payload{Kind: "payload", Size: r.size, Err: errOnce})
		}
		return list
	}
	for _, read := range signs {
		if p := read(payload.Source{ReaderAt: r.again, Size: r.size}); p != nil {
			list = append(list, p)
		}
	}
	return list
}

// Payload is what a program carries beside its own code: an archive, a bundle of scripts, a
// list of what it was made of.
type Payload struct {
	// Kind is what it is, and Tool what made it or runs it, where it says so.
	Kind string `json:"kind"`
	Tool string `json:"tool,omitempty"`
	// Offset and Size are where it is in the file.
	Offset int64 `json:"offset"`
	Size   int64 `json:"size"`
	// Packages is the number of packages with a version that it names, all of which are
	// findings. Unversioned are the names of others, in order.
	Packages    int      `json:"packages"`
	Unversioned []string `json:"unversioned,omitempty"`
	// Programs is the number of programs and libraries in it, and Unnamed are the names of
	// those in which nothing was found, in order. What was found in the others is a finding.
	Programs int      `json:"programs,omitempty"`
	Unnamed  []string `json:"unnamed,omitempty"`
	// Problem says what was not read and why; empty if nothing.
	Problem string `json:"problem,omitempty"`

	gap sbom.GapKind
}

// add adds a payload and its packages.
func (r *Report) add(p *payload.Payload) {
	out := Payload{Kind: p.Kind, Tool: p.Tool, Offset: p.Offset, Size: p.Size, Packages: len(p.Packages), Unversioned: p.Names}
	for i, name := range out.Unversioned {
		out.Unversioned[i] = oneline.Text(name, maxText)
	}
	if p.Err != nil {
		out.Problem, out.gap = oneline.Text(p.Err.Error(), 2*maxText), kindOf(p.Err)
	}
	r.Payloads = append(r.Payloads, out)
	r.carry(p)
	for i := range p.Packages {
		if len(r.Findings) >= maxFindings {
			r.Payloads[len(r.Payloads)-1].problem("packages", &detect.LimitError{Path: p.Kind, Limit: maxFindings, What: "findings"})
			return
		}
		if f, ok := packaged(&p.Packages[i]); ok {
			r.Findings = append(r.Findings, f)
		}
	}
}

// maxFindings is how many there are of a file and its payloads: as many as one of them may have, and
// as many modules in its own code.
const maxFindings = payload.MaxPackages + maxModules

// carry makes what carries a program part of it. A program that a payload names is not told
// again by its text.
func (r *Report) carry(p *payload.Payload) {
	var own *payload.Package
	for i := range p.Packages {
		if p.Packages[i].Own {
			own = &p.Packages[i]
		}
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
		return own != nil && f.Relation == Is && names.Key(f.Name) == names.Key(own.Name) && f.Version == own.Version
	})
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Relation == Is && (own != nil || p.Err == nil && carriers[names.Key(f.Name)] == p.Kind) {
			f.Relation = Contains
		}
	}
}

// carriers are the run times that are copied to carry a program, and what it is then.
var carriers = map[string]string{"nodejs": jsprogram.KindNode, "deno": jsprogram.KindDeno, "bun": jsprogram.KindBun}

// kindOf returns the kind of gap that an error of package detect is.
func kindOf(err error) sbom.GapKind {
	switch {
	case errors.Is(err, detect.ErrLimit):
		return sbom.GapLimit
	case errors.Is(err, detect.ErrUnsupported):
		return sbom.GapUnsupported
	case errors.Is(err, detect.ErrEncrypted):
		return sbom.GapEncrypted
	case errors.Is(err, detect.ErrSkipped), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sbom.GapIncomplete
	}
	return sbom.GapCorrupt
}

// packaged turns a package of a payload into a finding. It is false for what has no canonical
// identity.
func packaged(p *payload.Package) (f Finding, ok bool) {
	f = Finding{Name: p.Name, Version: p.Version, License: p.License, Relation: Contains,
		Evidence: []Evidence{{p.Rule, p.Offset, oneline.Text(p.Text, maxText), payloadConfidence[p.Rule]}}}
	if p.Own {
		f.Relation = Is
	}
	if p.Type == "jsr" {
		c, ok := node.JSR(p.Name, p.Version)
		f.PURL = c.PURL
		return f, ok
	}
	group, name := path.Split(p.Name)
	f.PURL = sbom.NewPURL(p.Type, strings.TrimSuffix(group, "/"), name, p.Version, nil)
	return f, f.PURL != ""
}
