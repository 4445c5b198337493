package textscan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// log is an Observer that writes down what it is told.
type log struct{ versions, literals, libraries []string }

func (l *log) Version(v *Version) {
	l.versions = append(l.versions, fmt.Sprintf("%d %s (%s) %q %q %q %q %t %t", v.Offset, v.Text, v.Core, v.Before, v.After, v.Previous, v.Next, v.Opened, v.Closed))
}
func (l *log) Literal(i int, off int64, after []byte) {
	l.literals = append(l.literals, fmt.Sprint(i, " ", off))
}
func (l *log) Library(off int64, name []byte) {
	l.libraries = append(l.libraries, fmt.Sprintf("%d %s", off, name))
}

func scan(m *Matcher, data []byte, piece int) *log {
	l := new(log)
	s := New(m, l)
	for rest := data; len(rest) > 0; {
		n := min(piece, len(rest))
		_, _ = s.Write(rest[:n])
		rest = rest[n:]
	}
	s.Close()
	slices.Sort(l.literals)
	return l
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]string{
		"1.2":                  "1.2 1.2",
		"v1.2.3":               "1.2.3 1.2.3",
		"1.1.1w":               "1.1.1w 1.1.1",
		"9.2p1":                "9.2p1 9.2",
		"3.0.0-rc1":            "3.0.0-rc1 3.0.0",
		"1.2.0-beta.2":         "1.2.0-beta.2 1.2.0",
		"6.9.11-60":            "6.9.11-60 6.9.11",
		"4.4.3-P1":             "4.4.3-P1 4.4.3",
		"3.0pl1":               "3.0pl1 3.0",
		"3.0Plus":              "3.0 3.0",
		"2.1.12-stable":        "2.1.12-stable 2.1.12",
		"1.2.3-2023":           "1.2.3 1.2.3",
		"1.2.3.4.5.6":          "1.2.3.4.5.6 1.2.3.4.5.6",
		"1.2xyz":               "1.2 1.2",
		"1.2.":                 "1.2 1.2",
		"123456789.1":          "",
		"1.":                   "",
		".1":                   "",
		"1.2.3abc":             "1.2.3 1.2.3",
		"a1.2b":                "1.2b 1.2",
		"5.12.0.git":           "5.12.0 5.12.0",
		"10.11.19-MariaDB":     "10.11.19 10.11.19",
		"2022.83":              "2022.83 2022.83",
		"1.3.0.1-motley-40e35": "1.3.0.1 1.3.0.1",
	} {
		l := scan(nil, []byte("\x00"+text+"\x00"), 1<<20)
		got := ""
		if len(l.versions) > 0 {
			f := strings.Fields(l.versions[0])
			got = f[1] + " " + strings.Trim(f[2], "()")
		}
		if got != want || len(l.versions) > 1 {
			t.Errorf("%s: %q, want %q", text, l.versions, want)
		}
	}
}

func TestSurroundings(t *testing.T) {
	l := scan(nil, []byte("\x00curl\x00\x00\x00libcurl/7.88.1 (x)\nnext\x00"), 3)
	if want := `16 7.88.1 (7.88.1) "libcurl/" " (x)" "curl" "next" true true`; len(l.versions) != 1 || l.versions[0] != want {
		t.Errorf("%q, want %s", l.versions, want)
	}
	long := strings.Repeat("x", 1000)
	l = scan(nil, []byte(long+" 1.2 "+long), 100)
	if len(l.versions) != 1 || !strings.Contains(l.versions[0], "false false") || len(l.versions[0]) > MaxBefore+MaxAfter+2*maxNear+100 {
		t.Errorf("%q", l.versions)
	}
}

func TestLibraries(t *testing.T) {
	l := scan(nil, []byte("\x00libz.so.1\x00/usr/lib/libx.so\x00a.sock\x00liby.so%d\x00ld-linux-x86-64.so.2\x00"), 10)
	if want := []string{"1 libz.so.1", "20 libx.so", "45 ld-linux-x86-64.so.2"}; !slices.Equal(l.libraries, want) {
		t.Errorf("%q, want %q", l.libraries, want)
	}
}

// TestMatcher compares with a search for one literal after the other, at all alignments.
func TestMatcher(t *testing.T) {
	literals := []string{"abcdefg", "bcdefgh", "aaaaaaaa", "SQLite format 3", "version"}
	m, err := NewMatcher(literals)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var data []byte
	for len(data) < 300<<10 {
		data = append(data, literals[rng.IntN(len(literals))]...)
		data = append(data, bytes.Repeat([]byte("a"), rng.IntN(5))...)
	}
	var want []string
	for i, text := range literals {
		for at := 0; ; at++ {
			n := bytes.Index(data[at:], []byte(text))
			if n < 0 {
				break
			}
			at += n
			want = append(want, fmt.Sprint(i, " ", at))
		}
	}
	slices.Sort(want)
	for _, piece := range []int{1, 1021, 1 << 20} {
		if got := scan(m, data, piece).literals; !slices.Equal(got, want) {
			t.Fatalf("pieces of %d: %d finds, want %d", piece, len(got), len(want))
		}
	}
	if _, err := NewMatcher([]string{"short"}); err == nil {
		t.Error("a short literal is no error")
	}
}

// FuzzScan checks that it does not matter in which pieces a file goes by, and that every
// version is one.
func FuzzScan(f *testing.F) {
	f.Add([]byte("\x00libcurl/7.88.1\x00OpenSSL 3.0.13 30 Jan 2024\x00libz.so.1\x00"), 3)
	f.Add([]byte("1.1.1w 9.2p1 3.0.0-rc1 6.9.11-60 .1. 1..2 v1.2.3.4.5.6.7"), 1)
	f.Add(bytes.Repeat([]byte("1."), 1000), 7)
	f.Add(append(bytes.Repeat([]byte("x"), room+margin-3), "1.2.3-rc1"...), 5000)
	f.Add(bytes.Repeat([]byte("libcurl 1.2.3-rc1\x00"), 1000), room)
	f.Add([]byte("libcurlibcurl"), 3)
	f.Add(bytes.Repeat([]byte("libcurl 1.2.3-rc1\x00"), 1000), room-1)
	m, err := NewMatcher([]string{"libcurl", "OpenSSL 3"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		a, b := scan(m, data, len(data)+1), scan(m, data, max(1, piece&0xffff))
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("in one piece %q, in pieces of %d %q", a, piece, b)
		}
		if n := occurrences(data, "libcurl"); strings.Count("\n"+strings.Join(a.literals, "\n"), "\n0 ") != n {
			t.Errorf("%d of %d literals: %q", len(a.literals), n, a.literals)
		}
		for _, v := range a.versions {
			if text := strings.Fields(v)[1]; !strings.Contains(string(data), text) || strings.Count(text, ".") == 0 {
				t.Errorf("no version: %s", v)
			}
		}
	})
}

// occurrences counts those that overlap too: libcurlibcurl has two.
func occurrences(data []byte, text string) (n int) {
	for i := range data {
		n += one(bytes.HasPrefix(data[i:], []byte(text)))
	}
	return n
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func BenchmarkScan(b *testing.B) {
	m, err := NewMatcher([]string{"runtime.gopanic", "SQLite format 3", "inflate 1."})
	if err != nil {
		b.Fatal(err)
	}
	code := make([]byte, 16<<20)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range code {
		code[i] = byte(rng.Uint32())
	}
	for what, data := range map[string][]byte{"code": code, "text": bytes.Repeat([]byte("func (x) { return y.z(1.5); } // some text.\n"), 16<<20/45)} {
		b.Run(what, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				s := New(m, new(nothing))
				_, _ = s.Write(data)
				s.Close()
			}
		})
	}
}

type nothing struct{}

func (nothing) Version(*Version)           {}
func (nothing) Literal(int, int64, []byte) {}
func (nothing) Library(int64, []byte)      {}

// TestSkip: what is skipped is as many NULs are, whatever the pieces, and offsets stay right.
func TestSkip(t *testing.T) {
	m, err := NewMatcher([]string{"anchor text"})
	if err != nil {
		t.Fatal(err)
	}
	before, after := []byte("one 1.2.3\x00anchor text\x00libz.so.1\x00"), []byte("\x00two 4.5.6\x00anchor text\x00")
	for _, n := range []int{maxPad + 1, 1000, room + 3, 4 * room} {
		want := scan(m, slices.Concat(before, make([]byte, n), after), 7)
		l := new(log)
		s := New(m, l)
		_, _ = s.Write(before)
		s.Skip(int64(n))
		_, _ = s.Write(after)
		s.Close()
		slices.Sort(l.literals)
		if len(l.versions) != 2 || !slices.Equal(l.versions, want.versions) || !slices.Equal(l.literals, want.literals) || !slices.Equal(l.libraries, want.libraries) {
			t.Errorf("%d bytes skipped:\n%q, want\n%q", n, l, want)
		}
	}
}
