package buildkit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

var (
	// ErrFormat: a statement does not follow its format, or its steps do not make a
	// graph that could have been run.
	ErrFormat = errors.New("buildkit: malformed statement")
	// ErrLimit: a statement is beyond a limit of the options.
	ErrLimit = errors.New("buildkit: limit reached")
	// ErrBinding: a statement is about another image.
	ErrBinding = errors.New("buildkit: statement is about another image")
)

var errNoImage = fmt.Errorf("buildkit: no image: %w", fs.ErrInvalid)

// Options bound what statements may cost. The zero value, and nil, have the defaults.
type Options struct {
	// MaxBytes is the most bytes that all statements together may have; 256 MiB if 0.
	MaxBytes int64
	// MaxSteps is the most steps of a build, and of their inputs, mounts and actions;
	// 100,000 if 0.
	MaxSteps int
	// MaxComponents is the most components and files of all stages; 1,000,000 if 0.
	MaxComponents int
	// MaxWork bounds tracing, in steps and actions looked at; 50,000,000 if 0, which
	// takes about a second.
	MaxWork int
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 256 << 20
	}
	if c.MaxSteps <= 0 {
		c.MaxSteps = 100_000
	}
	if c.MaxComponents <= 0 {
		c.MaxComponents = 1_000_000
	}
	if c.MaxWork <= 0 {
		c.MaxWork = 50_000_000
	}
	return c
}

// Statement is an in-toto statement as it was found.
type Statement struct {
	// Data is the statement, without an envelope.
	Data []byte
	// Signer is who signed it, if the caller has verified that; empty for BuildKit's
	// own, which nobody signs. A signature on a statement that does not name the image
	// as its subject proves nothing about it, and counts as none.
	Signer string
}

// Build is what is stated about how an image was built. It is not safe for concurrent
// writes.
type Build struct {
	// Statements are those that were read, in their order.
	Statements []Source
	// Stages are those of the Dockerfile in its order, and behind them those that only an
	// inventory names. The last stage of the Dockerfile need not be the result's.
	Stages []Stage
	// Materials are what the build was given: base images, repositories, downloads.
	Materials []Material
	// Steps are those of the build, each behind its inputs; nil without provenance of
	// mode max.
	Steps []Step
	// Result is what the SBOM generator states of the result itself, nil if nothing. What
	// the image's bytes say is in its own inventory.
	Result *sbom.Inventory
	// Gaps are statements, and parts of them, that were not understood or not believed.
	Gaps []sbom.Gap

	limits     Options
	provenance int // index in Statements; -1 if none
	scanned    []Stage
	graph      graph
	contents   map[string]*contents // files of stages by name of the stage
}

// Source says which statement something is known from.
type Source struct {
	// Digest is that of the statement's bytes.
	Digest sbom.Digest
	// PredicateType is what the statement is.
	PredicateType string
	// Signer is Statement.Signer; empty if the statement does not name the image.
	Signer string
}

// Stage is a stage of the build.
type Stage struct {
	// Name is that of the Dockerfile in lower case, or "stage-N" for the Nth stage, from 0,
	// without one; "context" is the build context.
	Name string
	// From is what the stage begins with, as the Dockerfile has it: an image, another
	// stage, "scratch". It is empty for a stage that the Dockerfile does not have.
	From string
	// Line is where the stage begins in the Dockerfile, from 1.
	Line int
	// Inventory is what the SBOM generator found in the stage, nil if nothing.
	Inventory *sbom.Inventory
	// Source is the index of the statement with Inventory in Build.Statements.
	Source int
}

// Material is something the build was given (SLSA resolvedDependencies, materials).
type Material struct {
	// URI is what it is: a package URL of an image, or an address.
	URI string
	// Digests are its digests; a commit of git is a sha1.
	Digests []sbom.Digest
	// Source is the index of the statement in Build.Statements.
	Source int
}

// Read reads the statements that BuildKit has stored beside an image. An image that has
// none, because it was not chosen from an index or not built by BuildKit, gives an
// empty Build. opts may be nil.
//
// What cannot be read or believed is in Build.Gaps. The error is that of ctx, or
// fs.ErrInvalid when img is nil.
func Read(ctx context.Context, img *image.Image, opts *Options) (*Build, error) {
	if img == nil {
		return nil, errNoImage
	}
	var (
		statements []Statement
		gaps       []sbom.Gap
	)
	for a, err := range img.Attestations(ctx) {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		if err != nil {
			gaps = append(gaps, gapOf(err))
			continue
		}
		statements = append(statements, Statement{Data: a.Data})
	}
	b := Parse(img.Subject().Digest, statements, opts)
	b.Gaps = append(gaps, b.Gaps...)
	return b, nil
}

// Parse reads statements about the image whose manifest has the given digest: for
// whoever has them from somewhere else than [Read], such as package attest/oci. A
// statement without a subject, as BuildKit writes for an image without a name, is taken
// to be about the image: the caller knows where it was found. opts may be nil.
//
// What cannot be read or believed is in Build.Gaps.
func Parse(subject sbom.Digest, statements []Statement, opts *Options) *Build {
	b := &Build{limits: opts.withDefaults(), provenance: -1, contents: make(map[string]*contents)}
	bytes, components := b.limits.MaxBytes, b.limits.MaxComponents
	for i := range statements {
		st := &statements[i]
		if bytes -= int64(len(st.Data)); bytes < 0 {
			b.fail(Source{}, fmt.Errorf("%w: statements of more than %d bytes", ErrLimit, b.limits.MaxBytes))
			break
		}
		b.add(subject, st, &components)
	}
	b.settle()
	return b
}

// add reads one statement.
func (b *Build) add(subject sbom.Digest, st *Statement, components *int) {
	src := Source{Digest: sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256(st.Data))), Signer: st.Signer}
	s, err := parseStatement(st.Data)
	if err == nil {
		src.PredicateType = s.PredicateType
		var named bool
		if named, err = s.about(subject); err == nil && !named && src.Signer != "" {
			// What was signed for one image could be stored beside any other.
			b.Gaps = append(b.Gaps, b.gap(sbom.GapIncomplete, "statement %s was signed but does not name the image: it counts as unsigned", src.Digest))
			src.Signer = ""
		}
	}
	if err == nil {
		switch s.PredicateType {
		case provenanceV02, provenanceV1:
			err = b.addProvenance(s, len(b.Statements))
		case predicateSPDX:
			err = b.addInventory(s.Predicate, len(b.Statements), components)
		default:
			err = fmt.Errorf("predicate type %.100q: %w", s.PredicateType, errors.ErrUnsupported)
		}
	}
	if err != nil {
		b.fail(src, err)
		return
	}
	b.Statements = append(b.Statements, src)
}

// fail adds a gap for a statement.
func (b *Build) fail(src Source, err error) {
	if src.Digest != "" {
		err = fmt.Errorf("statement %s: %w", src.Digest, err)
	}
	b.Gaps = append(b.Gaps, gapOf(err))
}

func gapOf(err error) sbom.Gap {
	g := sbom.Gap{Kind: sbom.GapCorrupt, Detector: detector, Message: err.Error()}
	is := func(targets ...error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
	switch {
	case is(ErrLimit, image.ErrLimit):
		g.Kind = sbom.GapLimit
	case is(ErrBinding, image.ErrBinding):
		g.Kind = sbom.GapContradiction
	case is(errors.ErrUnsupported, image.ErrUnsupported, fs.ErrNotExist):
		g.Kind = sbom.GapUnsupported
	}
	return g
}

// detector names this package, and the version of what it makes of statements, in
// evidence and gaps.
const detector = "buildkit@1"

// Confidence of what a statement says.
const (
	confidenceUnsigned = 0.5
	confidenceSigned   = 0.9
)

// evidence says how a field is known from the statement with index src.
func (b *Build) evidence(src int, field, value string) sbom.Evidence {
	e := sbom.Evidence{Field: field, Technique: sbom.TechniqueOther, Confidence: confidenceUnsigned, Value: value, Detector: detector}
	if src >= 0 && src < len(b.Statements) && b.Statements[src].Signer != "" {
		e.Technique, e.Confidence = sbom.TechniqueAttestation, confidenceSigned
	}
	return e
}
