package scan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestBaseScore(t *testing.T) {
	for _, tc := range []struct {
		vector, typ string
		score       float64
	}{
		// The examples of the CVSS v2 guide, section 3.3.
		{"AV:N/AC:L/Au:N/C:N/I:N/A:C", TypeCVSS2, 7.8},
		{"AV:N/AC:L/Au:N/C:C/I:C/A:C", TypeCVSS2, 10},
		{"AV:L/AC:H/Au:N/C:C/I:C/A:C", TypeCVSS2, 6.2},
		{"(AV:N/AC:M/Au:N/C:N/I:P/A:N)", TypeCVSS2, 4.3},
		{"AV:L/AC:L/Au:N/C:N/I:N/A:N", TypeCVSS2, 0},
		{"AV:N/AC:L/Au:N/C:P/I:P/A:P/E:F/RL:OF/RC:C", TypeCVSS2, 7.5},
		// Published base scores: CVE-2021-44228, CVE-2014-0160, CVE-2015-8252 and others of the v3.1 examples.
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", TypeCVSS3, 10},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", TypeCVSS3, 7.5},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", TypeCVSS3, 9.8},
		{"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", TypeCVSS3, 3.1},
		{"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", TypeCVSS3, 6.4},
		{"CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", TypeCVSS3, 4.2},
		{"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", TypeCVSS3, 6.8},
		{"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", TypeCVSS3, 6.1},
		{"CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:C/C:N/I:H/A:N", TypeCVSS3, 6.5},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", TypeCVSS3, 0},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/MAV:L/CR:L", TypeCVSS3, 9.8},
		// FIRST's v4.0 calculator.
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", TypeCVSS4, 10},
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", TypeCVSS4, 9.3},
		{"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", TypeCVSS4, 7.3},
		{"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", TypeCVSS4, 7.7},
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N/E:U", TypeCVSS4, 5.3},
		{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", TypeCVSS4, 0},
	} {
		score, typ, err := BaseScore(tc.vector)
		if score != tc.score || typ != tc.typ || err != nil {
			t.Errorf("%s: %v %s %v, want %v %s", tc.vector, score, typ, err, tc.score, tc.typ)
		}
	}
}

// TestBaseScore4All computes the scores of all 104,976 base vectors of v4.0. The
// digest is that of the same list made with FIRST's own calculator.
func TestBaseScore4All(t *testing.T) {
	base := metrics4[:11]
	h := sha256.New()
	n := 0
	var walk func(vector string, rest []metric)
	walk = func(vector string, rest []metric) {
		if len(rest) > 0 {
			for v := range strings.FieldsSeq(rest[0].values) {
				walk(vector+"/"+rest[0].name+":"+v, rest[1:])
			}
			return
		}
		score, typ, err := BaseScore(vector)
		if typ != TypeCVSS4 || err != nil {
			t.Fatalf("%s: %s, %v", vector, typ, err)
		}
		fmt.Fprintf(h, "%s %.1f\n", vector, score)
		n++
	}
	walk("CVSS:4.0", base)
	const want = "3e71127d206a943d510f7324d2d7fd463e43d947e834bf7d001df9779df3405f"
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want || n != 104976 {
		t.Errorf("digest %s over %d vectors, want %s", got, n, want)
	}
}

func TestBaseScoreErrors(t *testing.T) {
	const v3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	for _, v := range []string{
		"", "/", "CVSS:3.1", "CVSS:3.1/", "CVSS:2.0/AV:N", "CVSS:9.9/AV:N/AC:L", "high", "7.5",
		strings.TrimSuffix(v3, "/A:H"), v3 + "/A:H", v3 + "/X:Y", v3 + "/", v3 + "/E:", v3 + "/E:Z", v3 + "/E:X P", strings.ToLower(v3),
		"AV:N/AC:L/Au:N/C:P/I:P", "AV:N/AC:L/Au:N/C:P/I:P/A:P/E:X", "CVSS:4.0/AV:N/AC:L",
	} {
		if score, typ, err := BaseScore(v); !errors.Is(err, ErrVector) || score != 0 {
			t.Errorf("%q: %v %s %v", v, score, typ, err)
		}
	}
}

// FuzzBaseScore: a score is from 0 to 10 in tenths, the same for the same vector,
// and 0 with every error.
func FuzzBaseScore(f *testing.F) {
	f.Add("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H")
	f.Add("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:L/SA:N/E:P")
	f.Add("(AV:N/AC:M/Au:S/C:P/I:P/A:P/E:POC/RL:OF/RC:C)")
	f.Fuzz(func(t *testing.T, v string) {
		score, typ, err := BaseScore(v)
		switch {
		case err != nil && (score != 0 || !errors.Is(err, ErrVector)):
			t.Fatalf("%v %s %v", score, typ, err)
		case score < 0 || score > 10 || score != float64(int(score*10+0.5))/10:
			t.Fatalf("score %v", score)
		case err == nil && typ == "":
			t.Fatal("no type")
		}
	})
}
