package surround

import (
	"fmt"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// around returns the contexts of the first version in a text.
func around(text string) (starts, ends []string) {
	textscanOne(text, func(v *textscan.Version) {
		var t Text
		t.Set(v)
		t.Starts(func(at int, whole bool, h uint32) {
			if h != Hash(string(t.Before[at:]), whole) {
				starts = append(starts, "another hash")
			}
			starts = append(starts, fmt.Sprintf("%q %t", t.Before[at:], whole))
		})
		t.Ends(func(to int, whole bool) {
			if !t.Follows(string(t.After[:to]), whole) {
				ends = append(ends, "does not follow")
			}
			ends = append(ends, fmt.Sprintf("%q %t", t.After[:to], whole))
		})
	})
	return starts, ends
}

// textscanOne calls f for the first version in a text.
func textscanOne(text string, f func(*textscan.Version)) {
	s := textscan.New(nil, &first{f: f})
	_, _ = s.Write([]byte(text))
	s.Close()
}

type first struct{ f func(*textscan.Version) }

func (o *first) Version(v *textscan.Version) {
	if o.f != nil {
		o.f(v)
		o.f = nil
	}
}
func (*first) Literal(int, int64, []byte) {}
func (*first) Library(int64, []byte)      {}

func TestContexts(t *testing.T) {
	for text, want := range map[string][2][]string{
		"\x00redis-server v7.0 (00:0)\x00": {
			{`"v" false`, `"redis-server v" false`, `"redis-server v" true`},
			{`"" false`, `" (00" false`, `" (00:0" false`, `" (00:0)" true`}},
		"\x00prev\x001.2.3\x00next one\x00": {
			{`"\x00" false`, `"prev\x00" false`, `"prev\x00" true`},
			{`"" false`, `"\x00next" false`, `"\x00next one" false`, `"\x00next one" true`}},
		"\x00%s: 1.2\x00": {{`"s: " false`, `"%s: " true`}, {`"" false`, `"" true`}},
	} {
		starts, ends := around(text)
		if !slices.Equal(starts, want[0]) || !slices.Equal(ends, want[1]) {
			t.Errorf("%q: %q and %q, want %q", text, starts, ends, want)
		}
	}
}

// TestFollows does not take a part of a word for a word.
func TestFollows(t *testing.T) {
	textscanOne("\x00a 1.2 beta release\x00", func(v *textscan.Version) {
		var text Text
		text.Set(v)
		for after, want := range map[string]bool{"": true, " beta": true, " bet": false, " beta release": true, " gamma": false} {
			if text.Follows(after, false) != want {
				t.Errorf("Follows(%q) is %t", after, !want)
			}
		}
		if text.Follows(" beta", true) || !text.Follows(" beta release", true) {
			t.Error("the end of the string is not where it is")
		}
	})
}

// TestLong cuts what is longer than a context, which then has no beginning or end.
func TestLong(t *testing.T) {
	long := fmt.Sprintf("\x00%0*d %d.%d %0*d\x00", MaxBefore, 1, 1, 2, MaxAfter+9, 1)
	starts, ends := around(long)
	if len(starts) != 0 || !slices.Equal(ends, []string{`"" false`}) {
		t.Errorf("%q and %q", starts, ends)
	}
}
