package identity_test

import (
	"bufio"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/identity"
)

// vectors are the version vectors that must pass, by file and ecosystem, with
// the number of rows known not to: rows whose order needs a rule that the
// comparison lacks. More failures are a regression, fewer are progress that the
// table should record.
var vectors = []struct {
	file  string
	eco   identity.Ecosystem
	rows  int // at least so many
	fails int // exactly so many
}{
	{"alpm", "alpm", 23, 0},
	{"apk", "Alpine:v3.18", 1400, 1},
	{"cargo", "crates.io", 30, 0},
	{"composer", "Packagist", 750, 0},
	{"cran", "CRAN", 30, 0},
	{"deb", "Debian:12", 1300, 0},
	{"gem", "RubyGems", 1200, 0},
	{"gentoo", "ebuild", 20, 0},
	{"golang", "Go", 120, 0},
	{"hackage", "Hackage", 4, 0},
	{"hex", "Hex", 5, 0},
	{"maven", "Maven", 1300, 0},
	{"npm", "npm", 780, 0},
	{"nuget", "NuGet", 25, 0},
	{"pub", "Pub", 100, 1},
	{"pypi", "PyPI", 1400, 0},
	{"rpm", "AlmaLinux:8", 600, 0},
}

func TestCompareVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.file, func(t *testing.T) {
			rows, fails := runVectors(t, v.file, v.eco)
			if rows < v.rows {
				t.Errorf("read %d rows, want at least %d", rows, v.rows)
			}
			if len(fails) != v.fails {
				t.Errorf("%d of %d rows fail, want %d:\n%s", len(fails), rows, v.fails, strings.Join(fails, "\n"))
			}
		})
	}
}

func runVectors(t *testing.T, file string, eco identity.Ecosystem) (rows int, fails []string) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "versions", file+".tsv"))
	if err != nil {
		t.Skip("the version vectors are not here: ", err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		col := strings.Split(sc.Text(), "\t")
		if len(col) < 4 || strings.HasSuffix(col[3], "(loose)") || strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		rows++
		got, err := identity.Compare(eco, col[0], col[2])
		if err != nil || !holds(got, col[1]) {
			fails = append(fails, sc.Text())
		}
	}
	return rows, fails
}

// chains are versions from the oldest to the newest. Equal ones are joined by "=".
var chains = map[identity.Ecosystem][]string{
	"alpm": {
		"1.0a < 1.0alpha < 1.0b < 1.0beta < 1.0beta.fc10 < 1.0p < 1.0pre1 < 1.0pre2 < 1.0rc < 1.0 < 1.0.a < 1.0.1", // vercmp(8)
		"1 < 1.0 < 1.1 < 1.1.1 < 1.2 < 2.0 < 3.0.0",
		"1.0-1 < 1.0-1.1 < 1.0-2 < 1.0-10 < 1.0.1-1 < 1:0.1-1 < 10:0-1",
		"1.0-1 = 1.0 = 0:1.0", "1.0-2 = 1.0", "1.007 = 1.7 = 1_7", "1- < 1-1", "1..0 < 2", "1.0 < 1..0",
		"99999999999999999999998 < 99999999999999999999999 < 100000000000000000000000",
	},
	"ebuild": {
		"1_alpha = 1_alpha0 < 1_alpha1 < 1_alpha1_p1 < 1_beta < 1_pre < 1_rc < 1_rc1_alpha1 < 1_rc1 < 1_rc1_p1 < 1 = 1-r0 < 1-r1 < 1_p = 1_p0 < 1_p1 < 1_p1-r1 < 1a < 1b_p1 < 1.0 < 1.0.0 < 1.01 < 1.1 < 1.2 < 1.10",
		"1.001 < 1.01 < 1.010a < 1.02 < 1.1", "1.01 = 1.010",
		"99999999999999999999998 < 99999999999999999999999 < 100000000000000000000000",
	},
	"opkg":  {"1.0~rc1-1 < 1.0-1 < 1.0-2 < 1.0-10 < 1.0.1-1 < 2021-01-09-1"},
	"opam":  {"0.9 < 1.0~rc1 < 1.0 < 1.0-1 < 1.0+dev < v0.16.0 < v0.17.1"},
	"Julia": {"1.2.2+9 < 1.2.3-rc1 < 1.2.3 < 1.2.3+0 < 1.2.3+1 < 1.2.3+1.1 < 1.2.3+2 < 1.2.3+10 < 1.2.3+a < 1.2.3+b < 1.2.4"},
	"Hex":   {"1.0.0-rc.1 < 1.0.0 = 1.0.0+build < 1.0.1"},
}

func TestCompareChains(t *testing.T) {
	for eco, texts := range chains {
		for _, text := range texts {
			var versions []string
			var ranks []int
			rank := 0
			for word := range strings.FieldsSeq(text) {
				switch word {
				case "<":
					rank++
				case "=":
				default:
					versions, ranks = append(versions, word), append(ranks, rank)
				}
			}
			for i, a := range versions {
				for j, b := range versions {
					got, err := identity.Compare(eco, a, b)
					if err != nil || sign(got) != cmp.Compare(ranks[i], ranks[j]) {
						t.Errorf("%s: Compare(%q, %q) = %d, %v", eco, a, b, got, err)
					}
				}
			}
		}
	}
}

func holds(n int, op string) bool {
	switch op {
	case "<":
		return n < 0
	case "=":
		return n == 0
	case ">":
		return n > 0
	case "!=":
		return n != 0
	case "<=":
		return n <= 0
	case ">=":
		return n >= 0
	}
	return false
}

func TestCompareErrors(t *testing.T) {
	for _, tt := range []struct {
		eco  identity.Ecosystem
		a, b string
		want error
	}{
		{"Nowhere", "1", "2", identity.ErrUnordered},
		{"", "1", "2", identity.ErrUnordered},
		{"Debian:12", "", "2", identity.ErrVersion},
		{"Debian:12", "1", "", identity.ErrVersion},
		{"npm", strings.Repeat("9", identity.MaxVersionLength+1), "2", identity.ErrVersion},
		{"CRAN", "1.x", "2", identity.ErrVersion},
		{"ebuild", "1.0", "1.0-1", identity.ErrVersion},
		{"SwiftURL", strings.Repeat("0123456789abcdef", 4)[:40], "2", identity.ErrVersion},
		{"ebuild", "1.0_gamma", "1.0", identity.ErrVersion},
		{"conda", "1", "2", identity.ErrUnordered},
	} {
		_, err := identity.Compare(tt.eco, tt.a, tt.b)
		var ve *identity.VersionError
		if !errors.Is(err, tt.want) || !errors.As(err, &ve) || ve.Ecosystem != tt.eco {
			t.Errorf("Compare(%q, %.20q, %q): %v, want %v", tt.eco, tt.a, tt.b, err, tt.want)
		}
	}
}

// Two versions have one order, from whichever side one looks.
func FuzzCompare(f *testing.F) {
	for _, v := range []string{"1:2.0~rc1-1+b2", "3.0.11-1~deb12u2", "1.0_p1-r3", "2.0.a", "v1.2.3-0.2023+incompatible", "1!2.post1.dev3+local", "", "~", "^", "0"} {
		for i := range len(vectors) + 4 {
			f.Add(uint8(i), v, "1.0-1")
		}
	}
	ecosystems := []identity.Ecosystem{"Julia", "opam", "opkg", "SwiftURL"}
	for _, v := range vectors {
		ecosystems = append(ecosystems, v.eco)
	}
	f.Fuzz(func(t *testing.T, which uint8, a, b string) {
		eco := ecosystems[int(which)%len(ecosystems)]
		ab, err1 := identity.Compare(eco, a, b)
		ba, err2 := identity.Compare(eco, b, a)
		if (err1 == nil) != (err2 == nil) {
			t.Fatalf("%s: %q against %q: %v one way, %v the other", eco, a, b, err1, err2)
		}
		if err1 == nil && sign(ab) != -sign(ba) {
			t.Fatalf("%s: %q against %q is %d, and %d the other way round", eco, a, b, ab, ba)
		}
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
