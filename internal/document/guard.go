package document

import (
	"fmt"
	"io"
)

// guard checks a JSON text as it passes.
type guard struct {
	r       io.Reader
	limits  Limits
	format  string
	err     error // of an earlier Read
	read    int64
	objects int
	depth   int
	quoted  bool // within a string
	escaped bool // behind a backslash in a string
}

// Guard returns a reader of the JSON text r which fails, with a *DecodeError that
// wraps ErrLimit, as soon as the text is longer than l.Bytes, nested deeper than
// l.Depth or made of empty objects. It does not check the syntax otherwise. Errors
// of r are wrapped in a *DecodeError too.
func (l Limits) Guard(r io.Reader, format string) io.Reader {
	return &guard{r: r, limits: l, format: format}
}

// Read implements io.Reader.
func (g *guard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.r.Read(p)
	if bad := g.scan(p[:n]); bad != nil {
		g.err = bad
		return 0, bad
	}
	if err != nil && err != io.EOF {
		err = &DecodeError{Format: g.format, Offset: g.read, Err: err}
	}
	g.err = err
	return n, err
}

func (g *guard) scan(b []byte) error {
	for i, c := range b {
		switch {
		case g.escaped:
			g.escaped = false
		case g.quoted:
			g.escaped = c == '\\'
			g.quoted = c != '"'
		case c == '"':
			g.quoted = true
		case c == '{', c == '[':
			if c == '{' {
				g.objects++
			}
			if g.depth++; g.depth > g.limits.Depth {
				return g.limit(int64(i), fmt.Sprintf("nested deeper than %d", g.limits.Depth))
			}
		case c == '}', c == ']':
			g.depth--
		}
	}
	g.read += int64(len(b))
	if g.read > g.limits.Bytes {
		return g.limit(0, fmt.Sprintf("longer than %d bytes", g.limits.Bytes))
	}
	if size := int(g.read); Dense(g.objects, size) {
		return g.limit(0, fmt.Sprintf("%d objects in %d bytes", g.objects, size))
	}
	return nil
}

func (g *guard) limit(at int64, detail string) error {
	return &DecodeError{Format: g.format, Offset: g.read + at, Err: ErrLimit, Detail: detail}
}
