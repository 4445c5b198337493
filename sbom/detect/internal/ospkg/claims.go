package ospkg

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Bytes returns the content of f. What the layer's reader says of a content that is
// shorter than announced becomes an error that wraps detect.ErrFormat; one of more than max
// bytes is a *detect.LimitError.
func Bytes(f *detect.File, max int64) ([]byte, error) {
	data, err := f.Bytes(max)
	var limit *detect.LimitError
	switch {
	case errors.As(err, &limit):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
	}
	return data, nil
}

// Read is Bytes as text.
func Read(f *detect.File, max int64) (string, error) {
	data, err := Bytes(f, max)
	return string(data), err
}

// claimCost is what a claim costs beside its strings, in bytes.
const claimCost = 48

// Claims collects the claims that one file makes, within limits on their number and
// on their size, so that a small file cannot say very much.
type Claims struct {
	file, root string
	budget     int64
	left       int64
	max        int
	list       []detect.Claim
}

// NewClaims returns an empty collection for f, whose database is in root, of at most
// max claims.
func NewClaims(f *detect.File, root string, max int) *Claims {
	budget := PathBudget(f.Size)
	return &Claims{file: f.Path, root: root, budget: budget, left: budget, max: max}
}

// Add adds c with the path that a database recorded, which need not be clean. An
// impossible path is a gap. The error is a *detect.LimitError.
func (s *Claims) Add(c detect.Claim, recorded string, gaps *Gaps) error {
	p, ok := Path(s.root, recorded)
	if !ok || p == "" || p == s.root {
		gaps.Add(sbom.GapCorrupt, "the impossible path %s is recorded", Clip(recorded))
		return nil
	}
	if len(s.list) == s.max {
		return &detect.LimitError{Path: s.file, Limit: int64(s.max), What: "files"}
	}
	if s.left -= int64(len(p)+len(c.Key)+len(c.Digest)) + claimCost; s.left < 0 {
		return &detect.LimitError{Path: s.file, Limit: s.budget, What: "bytes of claims"}
	}
	c.Path = strings.Clone(p)
	c.Optional = c.Optional || Optional(strings.TrimPrefix(p, Join(s.root, "")))
	s.list = append(s.list, c)
	return nil
}

// List returns the claims.
func (s *Claims) List() []detect.Claim { return s.list }

// Licenses returns the statement of a package's metadata at location as a list of
// one, or of none when it is empty. names are as for Expression.
func Licenses(statement, location string, names map[string]string) []sbom.License {
	statement = Text(statement)
	if statement == "" {
		return nil
	}
	expr, _ := Expression(statement, names)
	lic := sbom.License{Expression: expr, Location: location}
	if expr != statement {
		lic.Name = statement
	}
	return []sbom.License{lic}
}

// Relations returns what from depends on, each once and in order. Empty keys and
// from itself are left out; a list of more than max is cut there, and ok false.
func Relations(from string, to []string, max int) (list []detect.Relation, ok bool) {
	to = slices.Clone(to)
	slices.Sort(to)
	for _, key := range slices.Compact(to) {
		if key == "" || key == from {
			continue
		}
		if len(list) == max {
			return list, false
		}
		list = append(list, detect.Relation{From: from, To: key, Type: sbom.DependsOn})
	}
	return list, true
}

// Checked returns a copy of a value that the metadata of the named package must have,
// and that must be valid; what is not is a gap, and empty.
func (g *Gaps) Checked(name, what, v string, valid func(string) bool) string {
	switch {
	case v == "":
		g.Add(sbom.GapIncomplete, "package %s has no %s", name, what)
		return ""
	case !valid(v):
		g.Add(sbom.GapCorrupt, "package %s has the malformed %s %s", name, what, Clip(v))
		return ""
	}
	return strings.Clone(v)
}
