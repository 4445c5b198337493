package golden

import (
	"context"
	"errors"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// fixed wants files named a, and says one thing of all files.
type fixed struct {
	frag *detect.Fragment
	err  error
}

func (fixed) ID() detect.ID              { return detect.ID{Name: "fixed", Version: "1"} }
func (fixed) Wants(e *detect.Entry) bool { return e.Path == "a" && e.Size > 0 }
func (d fixed) Detect(context.Context, *detect.File) (*detect.Fragment, error) {
	return d.frag, d.err
}

// TestChecksFind shows each check something that is right and something that is wrong.
func TestChecksFind(t *testing.T) {
	a := []detecttest.File{{Path: "a", Data: []byte("x")}}
	limit := &detect.LimitError{Path: "a", Limit: 1, What: "bytes"}
	for what, tt := range map[string]struct {
		err  error
		want bool
	}{
		"wanted":           {wants(fixed{}, map[string]bool{"a": true, "b": false}, 2), false},
		"not wanted":       {wants(fixed{}, map[string]bool{"b": true}, 2), true},
		"wanted wrongly":   {wants(fixed{}, map[string]bool{"a": false}, 2), true},
		"refused":          {tooLarge(fixed{nil, limit}, 1, a), false},
		"another error":    {tooLarge(fixed{nil, detect.ErrFormat}, 1, a), true},
		"no error":         {tooLarge(fixed{}, 1, a), true},
		"refused too late": {tooLarge(fixed{new(detect.Fragment), limit}, 1, a), true},
	} {
		if (tt.err != nil) != tt.want {
			t.Errorf("%s: %v", what, tt.err)
		}
	}
}

func TestProperties(t *testing.T) {
	one := func(version string, scope sbom.Scope) *detect.Fragment {
		return &detect.Fragment{Components: []detect.Component{{Key: "k", Component: sbom.Component{Version: version, Scope: scope}}}}
	}
	claiming := func(key string) *detect.Fragment {
		frag := one("1", "")
		frag.Claims = []detect.Claim{{Key: key}}
		return frag
	}
	depending := func(from, to string) *detect.Fragment {
		frag := one("1", sbom.ScopeDeclared)
		frag.Relations = []detect.Relation{{From: from, To: to}}
		return frag
	}
	whole, told := Whole(nil), Told(func(in detecttest.File) bool { return in.Path == "a" })
	elsewhere := Whole(func(_ detecttest.File, c detect.Claim) bool { return c.Key == "other" })
	for _, tt := range []struct {
		what  string
		holds Property
		path  string
		d     fixed
		wrong bool
	}{
		{"nothing", whole, "a", fixed{}, false},
		{"a component", whole, "a", fixed{frag: one("1", "")}, false},
		{"no version", whole, "a", fixed{frag: one("", "")}, true},
		{"two words", whole, "a", fixed{frag: one("1 2", "")}, true},
		{"its own claim", whole, "a", fixed{frag: claiming("k")}, false},
		{"a claim of nobody", whole, "a", fixed{frag: claiming("other")}, true},
		{"a claim of one elsewhere", elsewhere, "a", fixed{frag: claiming("other")}, false},
		{"a claim of nobody elsewhere", elsewhere, "a", fixed{frag: claiming("third")}, true},
		{"a lock file", Locked, "a", fixed{frag: depending("k", "k")}, false},
		{"installed by a lock file", Locked, "a", fixed{frag: one("1", sbom.ScopeInstalled)}, true},
		{"no version in a lock file", Locked, "a", fixed{frag: one("", sbom.ScopeDeclared)}, true},
		{"a relation to nothing", Locked, "a", fixed{frag: depending("k", "l")}, true},
		{"a relation of nothing", Locked, "a", fixed{frag: depending("l", "k")}, true},
		{"silence", told, "a", fixed{}, true},
		{"silence about another file", told, "b", fixed{}, false},
		{"an error", told, "a", fixed{err: errors.New("x")}, false},
		{"a gap", told, "a", fixed{frag: &detect.Fragment{Gaps: []sbom.Gap{{}}}}, false},
	} {
		if err := Said(tt.d, detecttest.File{Path: tt.path}, tt.holds); (err != nil) != tt.wrong {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
}
