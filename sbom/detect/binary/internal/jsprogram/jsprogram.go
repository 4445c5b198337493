// Package jsprogram reads what the run times of JavaScript put into a copy of themselves to
// make a program: Node (single executable applications), Deno and Bun (compile), and the
// tools nexe and pkg.
//
// Node and Deno have lists: of assets, and of npm packages. Everywhere else packages
// are told by the paths of their modules, which bundlers leave in comments and source maps,
// and by the package.json files among the content.
package jsprogram

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// The rules by which packages are found.
const (
	RuleManifest = "embedded-package-json" // of a package in the program
	RulePath     = "embedded-module-path"  // a path with name and version in it
	RuleSnapshot = "deno-npm-snapshot"     // the list of npm packages that Deno keeps
)

// The kinds of payloads that a run time is copied for.
const (
	KindNode = "Node single executable application"
	KindDeno = "Deno compiled program"
	KindBun  = "Bun compiled program"
)

// Limits.
const (
	maxList   = 32 << 20 // bytes of a list
	maxAssets = 100_000  // each of which is found by reading where the one before it ends
)

// seaMagic begins the blob of a single executable application (node/src/node_sea.cc).
const seaMagic = 0x143da20

// Flags of the blob.
const (
	seaCodeCache = 1 << 2
	seaAssets    = 1 << 3
	seaArguments = 1 << 4
)

// Node reads the blob of a single executable application, which is size bytes at off.
func Node(file payload.Source, off, size int64) *payload.Payload {
	p := &payload.Payload{Kind: KindNode, Offset: off, Size: size}
	head, err := file.Bytes(off, min(9, size), 9)
	if err != nil || len(head) < 9 || binary.LittleEndian.Uint32(head) != seaMagic {
		p.Err = fmt.Errorf("%w: blob of the application", detect.ErrFormat)
		return p
	}
	flags := binary.LittleEndian.Uint32(head[4:])
	b := blob{file: file, at: off + 8, end: off + size}
	if !b.peekText() {
		b.at++ // Since Node 24.6 a byte says how arguments are taken.
	}
	var set payload.Set
	b.skip() // The script's name.
	at, n := b.text()
	scan(file, at, n, &set)
	if flags&seaCodeCache != 0 {
		b.skip()
	}
	if flags&seaAssets != 0 {
		count := b.number()
		for n := uint64(0); n < min(count, maxAssets) && b.err == nil; n++ {
			b.asset(&set)
		}
		if count > maxAssets && b.err == nil {
			b.err = &detect.LimitError{Path: KindNode, Limit: maxAssets, What: "assets"}
		}
	}
	p.Err = b.err
	set.Tell(p)
	return p
}

// blob is a reader of lengths and texts.
type blob struct {
	file    payload.Source
	at, end int64
	err     error
}

func (b *blob) number() uint64 {
	if b.err != nil {
		return 0
	}
	if b.at > b.end-8 {
		b.err = fmt.Errorf("%w: blob of the application", detect.ErrFormat)
		return 0
	}
	x, err := b.file.Bytes(b.at, 8, 8)
	if b.err = err; err != nil {
		return 0
	}
	b.at += 8
	return binary.LittleEndian.Uint64(x)
}

// text returns where a text is.
func (b *blob) text() (at, n int64) {
	size := b.number()
	if b.err == nil && size > uint64(b.end-b.at) {
		b.err = fmt.Errorf("%w: blob of the application", detect.ErrFormat)
	}
	if b.err != nil {
		return b.end, 0
	}
	at, b.at = b.at, b.at+int64(size)
	return at, int64(size)
}

func (b *blob) skip() { b.text() }

// peekText reports whether a path may be next.
func (b *blob) peekText() bool {
	c := *b
	_, n := c.text()
	return c.err == nil && n < 1<<14
}

func (b *blob) asset(set *payload.Set) {
	const maxKey = 4 << 10
	keyAt, keySize := b.text()
	at, size := b.text()
	if b.err != nil || keySize > maxKey {
		return
	}
	key, err := b.file.Bytes(keyAt, keySize, maxKey)
	if err != nil || !bytes.HasSuffix(key, []byte("package.json")) {
		return
	}
	content, err := b.file.Bytes(at, size, payload.MaxManifest)
	if err != nil {
		return
	}
	if x, ok := payload.PackageJSON(content); ok {
		x.Offset, x.Rule = at, RuleManifest
		x.Own = !strings.Contains(string(key), "node_modules/")
		set.Add(x)
	}
}

const denoMagic = "d3n0l4nd"

// Deno reads the data of a program that Deno has compiled: metadata, a list of npm packages,
// specifiers of modules, and a file system.
func Deno(file payload.Source, off, size int64) *payload.Payload {
	p := &payload.Payload{Kind: KindDeno, Offset: off, Size: size}
	head, err := file.Bytes(off, min(64, size), 64)
	i := bytes.LastIndex(head, []byte(denoMagic)) // The name of the section comes first in notes.
	if err != nil || i < 0 {
		p.Err = fmt.Errorf("%w: a format of programs that Deno compiles", detect.ErrUnsupported)
		return p
	}
	var set payload.Set
	b := blob{file: file, at: off + int64(i+len(denoMagic)), end: off + size}
	b.skip() // Metadata: permissions, flags, import maps.
	at, n := b.text()
	if p.Err = b.err; b.err == nil {
		p.Err = snapshot(file, at, n, &set)
	}
	scan(file, b.at, b.end-b.at, &set)
	set.Tell(p)
	return p
}

// snapshot reads the ids that the list of npm packages begins with: NAME@VERSION, and behind
// "_" with which peers.
func snapshot(file payload.Source, at, n int64, set *payload.Set) error {
	b, err := file.Bytes(at, n, maxList)
	if err != nil || len(b) < 4 {
		return err
	}
	for count, pos := binary.LittleEndian.Uint32(b), 4; count > 0; count-- {
		if len(b)-pos < 4 {
			return fmt.Errorf("%w: list of npm packages", detect.ErrFormat)
		}
		length := binary.LittleEndian.Uint32(b[pos:])
		pos += 4
		if uint64(length) > uint64(len(b)-pos) {
			return fmt.Errorf("%w: list of npm packages", detect.ErrFormat)
		}
		id := string(b[pos : pos+int(length)])
		if x, ok := nameAtVersion(unpeered(id)); ok {
			x.Offset, x.Rule, x.Text = at+int64(pos), RuleSnapshot, id
			set.Add(x)
		}
		pos += int(length)
	}
	return nil
}

// BunTrailer ends what Bun adds to a copy of itself.
const BunTrailer = "\n---- Bun! ----\n"

// Bun reads what Bun has compiled into a program: the last thing in size bytes at off that
// ends in BunTrailer, nil if there is none. Before it are 32 bytes, the first eight of which
// say how long the rest is.
func Bun(file payload.Source, off, size int64) *payload.Payload {
	const offsets, nearEnd = 32, 4 << 10
	from := max(off, off+size-nearEnd)
	tail, err := file.Bytes(from, off+size-from, nearEnd)
	i := bytes.LastIndex(tail, []byte(BunTrailer))
	if err != nil || i < 0 {
		return nil
	}
	trailer := from + int64(i)
	p := &payload.Payload{Kind: KindBun, Offset: off, Size: trailer + int64(len(BunTrailer)) - off}
	b, err := file.Bytes(trailer-offsets, 8, 8)
	if err != nil {
		p.Err = err
		return p
	}
	n := binary.LittleEndian.Uint64(b)
	if n > uint64(max(0, trailer-offsets-off)) {
		p.Err = fmt.Errorf("%w: the modules are not in the file", detect.ErrFormat)
		return p
	}
	p.Offset, p.Size = trailer-offsets-int64(n), int64(n)
	var set payload.Set
	scan(file, p.Offset, p.Size, &set)
	set.Tell(p)
	return p
}

// NexeTrailer is followed by two numbers of eight bytes at the end of a file that nexe made:
// the lengths of its script and of its resources.
const NexeTrailer = "<nexe~~sentinel>"

// Nexe reads what nexe appended, nil if it has nothing.
func Nexe(file payload.Source) *payload.Payload {
	const trailer = len(NexeTrailer) + 16
	b, err := file.Bytes(file.Size-int64(trailer), int64(trailer), int64(trailer))
	if err != nil || !bytes.HasPrefix(b, []byte(NexeTrailer)) {
		return nil
	}
	p := &payload.Payload{Kind: "nexe bundle", Offset: file.Size - int64(trailer), Size: int64(trailer)}
	number := func(at int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[at:])) }
	n := number(len(NexeTrailer)) + number(len(NexeTrailer)+8)
	if !(n >= 0 && n <= float64(p.Offset)) {
		p.Err = fmt.Errorf("%w: the bundle is not in the file", detect.ErrFormat)
		return p
	}
	return appended(file, p, p.Offset-int64(n))
}

// Pkg reads what pkg appended behind end, the end of the program itself.
func Pkg(file payload.Source, end int64) *payload.Payload {
	return appended(file, &payload.Payload{Kind: "pkg snapshot"}, end)
}

func appended(file payload.Source, p *payload.Payload, from int64) *payload.Payload {
	p.Offset, p.Size = from, file.Size-from
	var set payload.Set
	scan(file, p.Offset, p.Size, &set)
	set.Tell(p)
	return p
}
