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
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
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
	left := &allowance{min(maxInner, innerFactor*r.size), textscan.MaxVersions}
	have := report.byPURL()
	for i := range p.Programs {
		x := &p.Programs[i]
		inner, err := r.inner(ctx, x, left)
		if err == nil {
			out.problem(x.Name, inner.trouble())
			for i := range inner.Payloads {
				out.problem(x.Name, fmt.Errorf("%w: %s in a program of an archive", detect.ErrUnsupported, inner.Payloads[i].Kind))
			}
		}
		if err != nil {
			out.problem(x.Name, err)
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
		if !report.contain(inner.Findings, x, have) {
			out.problem(x.Name, &detect.LimitError{Path: p.Kind, Limit: maxFindings, What: "findings"})
			break
		}
	}
	slices.Sort(out.Unnamed)
}

// allowance is what may still be read of the programs, and of the versions in them looked at: a few
// bytes that are versions take as long as a hundred times as much code.
type allowance struct {
	bytes    int64
	versions int
}

// inner reads one of them, as far as is left.
func (r *reading) inner(ctx context.Context, x *payload.Program, left *allowance) (*Report, error) {
	content, err := x.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	b := bufio.NewReaderSize(content, 64<<10)
	head, err := b.Peek(detect.HeadSize)
	if err != nil && err != io.EOF {
		return nil, broken(ctx, err)
	}
	if !program(head) {
		return new(Report), nil
	}
	name := x.Name
	if x.Whole {
		name = r.path
	}
	c := newReading(r.d, name, x.Size, nil)
	defer c.free()
	c.most = left.versions
	defer func() { left.versions -= c.looked }()
	n, err := io.Copy(c, io.LimitReader(&cancelled{ctx, b}, left.bytes+1))
	switch left.bytes -= n; {
	case left.bytes < 0:
		return nil, &detect.LimitError{Path: "programs in a payload", Limit: min(maxInner, innerFactor*r.size)}
	case err != nil:
		return nil, broken(ctx, err)
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
	if report.Format != "" { // What it carries itself is told and not read.
		report.Payloads = c.told(&facts)
	}
	if n != x.Size { // What is stated decides where headers may lead, and not what is unpacked and run.
		report.Damaged = fmt.Sprintf("%d bytes, where the archive states %d", n, x.Size)
	}
	return report, nil
}

// broken returns the error of content that cannot be read.
func broken(ctx context.Context, err error) error {
	if ctx.Err() == nil && !errors.Is(err, detect.ErrLimit) {
		err = fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	return err
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
			if !slices.Contains(*list.to, s) {
				*list.to = append(*list.to, s)
			}
		}
	}
	if inner.BuildID != "" {
		r.BuildID = inner.BuildID
	}
}

// byPURL returns the places of the findings.
func (r *Report) byPURL() map[string]int {
	have := make(map[string]int, len(r.Findings))
	for i := range r.Findings {
		have[r.Findings[i].PURL] = i
	}
	return have
}

// problem notes the first error of one of the programs.
func (p *Payload) problem(program string, err error) {
	if err != nil && p.Problem == "" {
		p.Problem, p.gap = oneline.Text(program+": "+err.Error(), 2*maxText), kindOf(err)
	}
}

// trouble returns what was not read of a program, nil if nothing.
func (r *Report) trouble() error {
	switch {
	case r.Limited != "":
		return fmt.Errorf("%w: %s", detect.ErrLimit, r.Limited)
	case r.Damaged != "":
		return fmt.Errorf("%w: %s: %s", detect.ErrFormat, r.Format, r.Damaged)
	}
	return nil
}

// contain adds what was found in a program of a payload, if it is in it. Have are the places
// of the report's findings. It is false if there are too many to take them all.
func (r *Report) contain(findings []Finding, x *payload.Program, have map[string]int) bool {
	for _, f := range findings {
		switch {
		case x.Whole:
		case f.Relation == BuiltAgainst:
			continue
		default:
			f.Relation = Contains
		}
		for i := range f.Evidence {
			f.Evidence[i].Offset, f.Evidence[i].Text = x.Offset, oneline.Text(x.Name+": "+f.Evidence[i].Text, maxText)
		}
		if at, ok := have[f.PURL]; ok {
			r.Findings[at].support(f.Evidence)
			continue
		}
		if len(r.Findings) >= maxFindings {
			return false
		}
		have[f.PURL] = len(r.Findings)
		r.Findings = append(r.Findings, f)
	}
	return true
}

// support adds evidence, of which the best is kept.
func (f *Finding) support(more []Evidence) {
	f.Evidence = append(f.Evidence, more...)
	slices.SortStableFunc(f.Evidence, func(a, b Evidence) int { return cmp.Compare(b.Confidence, a.Confidence) })
	f.Evidence = f.Evidence[:min(len(f.Evidence), maxEvidence)]
}

// maxEvidence is how much is kept of what speaks for one finding.
const maxEvidence = 8

// told returns the payloads that a program of a payload has, as far as they are known without reading
// them.
func (r *reading) told(facts *header.Facts) []Payload {
	var list []Payload
	for _, p := range r.payloads(nil, facts) {
		list = append(list, Payload{Kind: p.Kind})
	}
	return list
}
