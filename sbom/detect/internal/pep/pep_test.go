package pep

import (
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"Flask": "flask", "zope.interface": "zope-interface", "a__b--c..d": "a-b-c-d", "A-_.B": "a-b",
	} {
		if got := Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]Requirement{
		"a":                             {Name: "a"},
		" a >=1, <2 ":                   {Name: "a", Specifier: ">=1, <2"},
		"a (>=1)":                       {Name: "a", Specifier: ">=1"},
		"a[x,y]==1.0 ; extra == 'x'":    {Name: "a", Specifier: "==1.0", Marker: "extra == 'x'"},
		"a @ https://e.com/a;b.zip ; x": {Name: "a", URL: "https://e.com/a;b.zip", Marker: "x"},
		"a.b-c_d~=1":                    {Name: "a.b-c_d", Specifier: "~=1"},
		"a[x":                           {}, "a b": {}, "-r other.txt": {}, "": {}, "./a": {}, "a-": {},
	} {
		if got, ok := Parse(in); got != want || ok != (want.Name != "") {
			t.Errorf("Parse(%q) = %+v, %t", in, got, ok)
		}
	}
}

func TestPinned(t *testing.T) {
	for in, want := range map[string]string{
		"a==1.0": "1.0", "a === 1.0": "1.0", "a==1.*": "", "a>=1": "", "a==1,<2": "", "a": "", "a==": "", "a==1 2": "",
	} {
		r, _ := Parse(in)
		if got := r.Pinned(); got != want {
			t.Errorf("%q is pinned to %q, want %q", in, got, want)
		}
	}
}

func TestEvaluate(t *testing.T) {
	env := Environment{"python_version": "3.10", "sys_platform": "linux", "extra": ""}
	for marker, want := range map[string]Truth{
		"":                                           True,
		`python_version >= "3.9"`:                    True,
		`python_version < "3.9"`:                     False,
		`"3.9" <= python_version`:                    True,
		`python_version == "3.*"`:                    True,
		`python_version != '3.10'`:                   False,
		`python_version ~= "3.8"`:                    True,
		`python_version ~= "3.11"`:                   False,
		`python_version ~= "2.7"`:                    False,
		`python_version in "3.9 3.10"`:               True,
		`python_version not in "3.9"`:                True,
		`python_version >= "3.10rc1"`:                Unknown,
		`sys_platform == "win32"`:                    False,
		`sys.platform != "win32"`:                    True,
		`extra == "test"`:                            False,
		`os_name == "nt"`:                            Unknown,
		`os_name == "nt" and extra == "test"`:        False,
		`os_name == "nt" or sys_platform == "linux"`: True,
		`os_name == "nt" or extra == "x"`:            Unknown,
		`(sys_platform == "win32" or extra == "x") and python_version < "4"`: False,
		`(((sys_platform == "linux")))`:                                      True,
		`sys_platform > "a"`:                                                 Unknown,
		`sys_platform == "linux`:                                             Unknown,
		`(sys_platform == "linux"`:                                           Unknown,
		`sys_platform "linux"`:                                               Unknown,
		`sys_platform == "linux" x`:                                          Unknown,
		`== "linux"`:                                                         Unknown,
		`platform_release in`:                                                Unknown,
		strings.Repeat("(", 100) + `extra == ""` + strings.Repeat(")", 100): Unknown,
		strings.Repeat(" ", maxMarker) + `extra == ""`:                      Unknown,
	} {
		if got := env.Evaluate(marker); got != want {
			t.Errorf("%.80q is %d, want %d", marker, got, want)
		}
	}
}

// FuzzEvaluate checks that a marker that is true stays true when more is known.
func FuzzEvaluate(f *testing.F) {
	f.Add(`python_version >= "3.9" and (sys_platform == "win32" or extra == "x")`)
	f.Add(`os.name == 'nt' or python_version not in "2.7"`)
	f.Add(`python_version ~= "3.8" and "a" in platform_machine`)
	little := Environment{"python_version": "3.10"}
	more := Environment{"python_version": "3.10", "sys_platform": "linux", "extra": "", "os_name": "posix", "platform_machine": "x86_64"}
	f.Fuzz(func(t *testing.T, marker string) {
		if a, b := little.Evaluate(marker), more.Evaluate(marker); a != Unknown && a != b {
			t.Errorf("%q is %d, and %d when more is known", marker, a, b)
		}
		r, ok := Parse("a; " + marker)
		if !ok || r.Name != "a" {
			t.Errorf("requirement with marker %q: %+v", marker, r)
		}
	})
}
