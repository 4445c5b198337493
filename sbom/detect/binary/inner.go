package binary

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Limits on the programs in a payload, in bytes of their content: so many, and so many times
// the size of the file.
const (
	maxInner    = 1 << 30
	innerFactor = 16
	maxUnnamed  = 100 // whose names are kept
)

// programs looks into the programs and libraries of a payload as into files, but for their own
// payloads. What one of them is or contains, the file contains.
func (r *reading) programs(ctx context.Context, report *Report, p *payload.Payload) {
	out := &report.Payloads[len(report.Payloads)-1]
	left := min(maxInner, innerFactor*r.size)
	for i := range p.Programs {
		x := &p.Programs[i]
		inner, err := r.inner(ctx, x, &left)
		if err != nil {
			if out.Problem == "" {
				out.Problem, out.gap = oneline.Text(x.Name+": "+err.Error(), 2*maxText), kindOf(err)
			}
			if errors.Is(err, detect.ErrLimit) || ctx.Err() != nil {
				break
			}
			continue
		}
		if inner.Format == "" {
			continue
		}
		out.Programs++
		if x.Whole {
			report.unpacked(inner)
		}
		if len(inner.Findings) == 0 && !x.Runtime && !x.Whole && len(out.Unnamed) < maxUnnamed {
			out.Unnamed = append(out.Unnamed, oneline.Text(x.Name, maxText))
		}
		for i := range inner.Findings {
			report.contain(inner.Findings[i], x)
		}
	}
	slices.Sort(out.Unnamed)
}

// inner reads one of them, of which left bytes may be read.
func (r *reading) inner(ctx context.Context, x *payload.Program, left *int64) (*Report, error) {
	content, err := x.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	b := bufio.NewReaderSize(content, 64<<10)
	head, _ := b.Peek(detect.HeadSize)
	if !program(head) {
		return new(Report), nil
	}
	name := x.Name
	if x.Whole {
		name = r.path
	}
	c := newReading(r.d, name, x.Size, nil)
	defer c.free()
	n, err := io.Copy(c, io.LimitReader(&cancelled{ctx, b}, *left+1))
	switch *left -= n; {
	case *left < 0:
		return nil, &detect.LimitError{Path: "programs in a payload", Limit: min(maxInner, innerFactor*r.size)}
	case err != nil && ctx.Err() == nil && !errors.Is(err, detect.ErrLimit):
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	case err != nil:
		return nil, err
	}
	c.scanner.Close()
	for i := range c.traits { // Nobody else reads the lists in it.
		if t := r.d.index().Trait(i).Value; t == goBuildInfo || t == cargoAuditable {
			delete(c.traits, i)
		}
	}
	facts := c.headers.Facts(nil)
	report := c.judge()
	c.state(report, &facts)
	return report, nil
}

// cancelled is a reader that ends with its context.
type cancelled struct {
	ctx context.Context
	io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

// unpacked takes over what is known of the program that was packed.
func (r *Report) unpacked(inner *Report) {
	r.Linkage, r.SONAME, r.Needed, r.Versions = inner.Linkage, inner.SONAME, inner.Needed, r.Versions+inner.Versions
	for _, list := range []struct {
		to   *[]string
		from []string
	}{{&r.Compilers, inner.Compilers}, {&r.Traits, inner.Traits}} {
		for _, s := range list.from {
			if !contains(*list.to, s) {
				*list.to = append(*list.to, s)
			}
		}
	}
	if inner.BuildID != "" {
		r.BuildID = inner.BuildID
	}
}

// contain adds what was found in a program of a payload, if it is in it.
func (r *Report) contain(f Finding, x *payload.Program) {
	switch {
	case x.Whole:
	case f.Relation == BuiltAgainst:
		return
	default:
		f.Relation = Contains
	}
	for i := range f.Evidence {
		f.Evidence[i].Offset, f.Evidence[i].Text = x.Offset, oneline.Text(x.Name+": "+f.Evidence[i].Text, maxText)
	}
	for i := range r.Findings {
		if have := &r.Findings[i]; have.PURL == f.PURL {
			have.Evidence = append(have.Evidence, f.Evidence...)
			slices.SortStableFunc(have.Evidence, func(a, b Evidence) int { return cmp.Compare(b.Confidence, a.Confidence) })
			have.Evidence = have.Evidence[:min(len(have.Evidence), maxEvidence)]
			return
		}
	}
	r.Findings = append(r.Findings, f)
}

// maxEvidence is how much is kept of what speaks for one finding.
const maxEvidence = 8
