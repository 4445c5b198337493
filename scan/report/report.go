package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

// Format is the format of a report.
type Format string

const (
	FormatAuto      Format = ""          // The content decides.
	FormatGrype     Format = "grype"     // grype -o json
	FormatTrivy     Format = "trivy"     // trivy image --format json
	FormatCycloneDX Format = "cyclonedx" // CycloneDX with vulnerabilities, JSON or XML
)

// Options bound and direct Decode. The zero value, and nil, are good defaults.
type Options struct {
	// Format of the report; FormatAuto looks at the content.
	Format Format
	// MaxBytes is the size over which a report is refused; 0 means 512 MiB. A
	// report is read into memory, and decoding takes about ten times its size.
	MaxBytes int64
	// MaxFindings is the number of rows over which a report is refused; 0 means
	// 1,000,000.
	MaxFindings int
}

// Errors of Decode.
var (
	// ErrFormat: the input is none of the formats of this package, or not what
	// Options.Format says.
	ErrFormat = errors.New("report: unknown format")
	// ErrLimit: the input is over a limit of the options.
	ErrLimit = errors.New("report: over the limit")
)

// DecodeError says where a report is malformed.
type DecodeError struct {
	Format Format
	// Pointer is the place as a JSON pointer; empty for the whole document.
	Pointer string
	// Err is the reason.
	Err error
}

// Error implements error.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("report: %s%s: %v", e.Format, e.Pointer, e.Err)
}

// Unwrap returns e.Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// Decode reads a report. opts may be nil. The error wraps ErrFormat, ErrLimit, or
// is a *DecodeError for a document that is malformed as a whole; or it is the error
// of r. Rows that are malformed are in the report's gaps.
func Decode(r io.Reader, opts *Options) (*scan.Report, error) {
	o := opts.withDefaults()
	text, err := io.ReadAll(io.LimitReader(r, o.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if int64(len(text)) > o.MaxBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrLimit, o.MaxBytes)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	format, known := Sniff(text)
	if o.Format == FormatAuto {
		o.Format = format
	}
	d := &decoder{format: o.Format, left: o.MaxFindings, report: &scan.Report{}}
	switch {
	case o.Format == FormatGrype && format == FormatGrype:
		err = d.grype(text)
	case o.Format == FormatTrivy && format == FormatTrivy:
		err = d.trivy(text)
	case o.Format == FormatCycloneDX && format == FormatCycloneDX:
		err = d.cyclonedx(text)
	default:
		return nil, formatError(o.Format, known)
	}
	if err != nil {
		return nil, err
	}
	return d.report, nil
}

func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.MaxBytes <= 0 {
		out.MaxBytes = 512 << 20
	}
	if out.MaxFindings <= 0 {
		out.MaxFindings = 1_000_000
	}
	return out
}

func formatError(want Format, known string) error {
	err := ErrFormat
	if known != "" {
		err = fmt.Errorf("%w: it looks like %s", ErrFormat, known)
	}
	if want != FormatAuto {
		err = fmt.Errorf("%w, not like %s", err, want)
	}
	return err
}

// decoder builds one report.
type decoder struct {
	format Format
	left   int // Findings still allowed.
	report *scan.Report
}

func (d *decoder) fail(pointer string, err error) error {
	return &DecodeError{Format: d.format, Pointer: pointer, Err: err}
}

// take counts n rows against the limit.
func (d *decoder) take(n int) error {
	if d.left -= n; d.left < 0 {
		return fmt.Errorf("%w: too many findings", ErrLimit)
	}
	return nil
}

// gap notes a part of the report that was not understood.
func (d *decoder) gap(kind sbom.GapKind, pointer, message string) {
	d.report.Gaps = append(d.report.Gaps, sbom.Gap{Kind: kind, Detector: "scan/report/" + string(d.format),
		Message: pointer + ": " + message})
}

// row decodes one row and reports whether it could. What cannot is a gap.
func (d *decoder) row(raw json.RawMessage, pointer string, into any) bool {
	if err := json.Unmarshal(raw, into); err != nil {
		d.gap(sbom.GapCorrupt, pointer, err.Error())
		return false
	}
	return true
}

func pointer(parts ...any) string {
	var b []byte
	for _, p := range parts {
		b = append(b, '/')
		switch p := p.(type) {
		case string:
			b = append(b, p...)
		case int:
			b = strconv.AppendInt(b, int64(p), 10)
		}
	}
	return string(b)
}
