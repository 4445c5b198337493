package upstream

import "testing"

func TestVersion(t *testing.T) {
	for version, want := range map[string]string{
		"1:9.2p1-2+deb12u3":        "9.2p1",
		"8:6.9.11.60+dfsg-1.6":     "6.9.11.60",
		"2.4.0~rc1-1":              "2.4.0-rc1",
		"1.2+really1.1-1":          "1.1",
		"3.0.17+git20220101.abc-1": "3.0.17",
		"252.39-1~deb12u1":         "252.39",
		"20210730-2":               "20210730",
		"0.5.3+git20230121-2":      "0.5.3",
		"1.18.0-3+deb12u1+b1":      "1.18.0",
		"5.2.15":                   "5.2.15",
		"10.20230126-3":            "10.20230126",
		"1.5+20230126-3":           "1.5",
	} {
		if got := Version(version); got != want {
			t.Errorf("Version(%q) = %q, want %q", version, got, want)
		}
	}
}

func TestCanonical(t *testing.T) {
	for _, same := range [][2]string{{"6.9.11-60", "6.9.11.60"}, {"10.00.0", "10.0"}, {"5.1", "5.1.0"}, {"1.2.3-RC1", "1.2.3-rc1"}, {"0", "0.0"}, {"9.2p1", "9.2-p1"}} {
		if a, b := Canonical(same[0]), Canonical(same[1]); a != b {
			t.Errorf("%q is %q, %q is %q", same[0], a, same[1], b)
		}
	}
	for _, differ := range [][2]string{{"1.10", "1.1"}, {"1.2", "12"}, {"1.2.3a", "1.2.3"}, {"2.0.1", "2.0"}} {
		if Canonical(differ[0]) == Canonical(differ[1]) {
			t.Errorf("%q and %q are the same", differ[0], differ[1])
		}
	}
}

func TestProject(t *testing.T) {
	for _, tt := range []struct{ source, homepage, want string }{
		{"postgresql-15", "", "postgresql"},
		{"python3.11", "", "python"},
		{"gtk+3.0", "", "gtk+"},
		{"gnutls28", "https://www.gnutls.org/", "gnutls"},
		{"bzip2", "https://sourceware.org/bzip2/", "bzip2"},
		{"llvm-toolchain-14", "", "llvm"},
		{"qtbase-opensource-src", "", "qtbase"},
		{"make-dfsg", "", "make"},
		{"2048", "", "2048"},
	} {
		if got := Project(tt.source, tt.homepage); got != tt.want {
			t.Errorf("Project(%q, %q) = %q, want %q", tt.source, tt.homepage, got, tt.want)
		}
	}
}
