package document

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// errValue is the error of a property whose value its field cannot take.
var errValue = errors.New("malformed value")

// field is one leaf of T: its name, and its value as text in both directions.
// The zero value of the leaf is the empty string.
type field[T any] struct {
	name string
	get  func(*T) string
	set  func(*T, string) error
}

func text[T any, S ~string](name string, at func(*T) *S) field[T] {
	return field[T]{
		name: name,
		get:  func(v *T) string { return string(*at(v)) },
		set:  func(v *T, s string) error { *at(v) = S(s); return nil },
	}
}

func number[T any, N ~int | ~int64](name string, at func(*T) *N) field[T] {
	return field[T]{
		name: name,
		get: func(v *T) string {
			if *at(v) == 0 {
				return ""
			}
			return strconv.FormatInt(int64(*at(v)), 10)
		},
		set: func(v *T, s string) error {
			if s == "" {
				s = "0"
			}
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return errValue
			}
			*at(v) = N(n)
			return nil
		},
	}
}

func float[T any](name string, at func(*T) *float64) field[T] {
	return field[T]{
		name: name,
		get: func(v *T) string {
			switch f := *at(v); {
			case f == 1:
				return "1"
			case f == 0 && !math.Signbit(f):
				return ""
			default:
				return strconv.FormatFloat(f, 'g', -1, 64)
			}
		},
		set: func(v *T, s string) error {
			if s == "" {
				s = "0"
			}
			f, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(f) || math.IsInf(f, 0) { // which JSON cannot state
				return errValue
			}
			*at(v) = f
			return nil
		},
	}
}

func moment[T any](name string, at func(*T) *time.Time) field[T] {
	return field[T]{
		name: name,
		get:  func(v *T) string { return FormatTime(*at(v)) },
		set: func(v *T, s string) error {
			t, err := ParseTime(s)
			if err != nil {
				return errValue
			}
			*at(v) = t
			return nil
		},
	}
}

func layer[T any](name string, at func(*T) **sbom.LayerRef) field[T] {
	return field[T]{
		name: name,
		get:  func(v *T) string { return FormatLayer(*at(v)) },
		set: func(v *T, s string) error {
			r, err := ParseLayer(s)
			if err != nil {
				return err
			}
			*at(v) = r
			return nil
		},
	}
}

// FormatLayer returns "INDEX DIFFID", "INDEX" for a layer without diffID, and
// the empty string for no layer.
func FormatLayer(r *sbom.LayerRef) string {
	switch {
	case r == nil:
		return ""
	case r.DiffID == "":
		return strconv.Itoa(r.Index)
	}
	return strconv.Itoa(r.Index) + " " + string(r.DiffID)
}

// ParseLayer is the inverse of FormatLayer.
func ParseLayer(s string) (*sbom.LayerRef, error) {
	if s == "" {
		return nil, nil
	}
	index, diffID, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(index)
	if err != nil {
		return nil, errValue
	}
	return &sbom.LayerRef{Index: n, DiffID: sbom.Digest(diffID)}, nil
}

// TimeOK reports whether documents can state t: its year has four digits.
func TimeOK(t time.Time) bool { y := t.UTC().Year(); return y >= 0 && y <= 9999 }

// FormatTime returns t in UTC (RFC 3339), the empty string for the zero time and
// for one that is not TimeOK.
func FormatTime(t time.Time) string {
	if t.IsZero() || !TimeOK(t) {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// ParseTime is the inverse of FormatTime. It also takes a time without a zone,
// which some tools write, for UTC.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05", s)
	}
	return t.UTC(), err
}
