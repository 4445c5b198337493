package scan

var metrics4 = []metric{
	{"AV", "N A L P", true}, {"AC", "L H", true}, {"AT", "N P", true}, {"PR", "N L H", true}, {"UI", "N P A", true},
	{"VC", "H L N", true}, {"VI", "H L N", true}, {"VA", "H L N", true},
	{"SC", "H L N", true}, {"SI", "H L N", true}, {"SA", "H L N", true},
	{"E", "X A P U", false}, {"CR", "X H M L", false}, {"IR", "X H M L", false}, {"AR", "X H M L", false},
	{"MAV", "X N A L P", false}, {"MAC", "X L H", false}, {"MAT", "X N P", false}, {"MPR", "X N L H", false}, {"MUI", "X N P A", false},
	{"MVC", "X H L N", false}, {"MVI", "X H L N", false}, {"MVA", "X H L N", false},
	{"MSC", "X H L N", false}, {"MSI", "X S H L N", false}, {"MSA", "X S H L N", false},
	{"S", "X N P", false}, {"AU", "X N Y", false}, {"R", "X A U I", false}, {"V", "X D C", false},
	{"RE", "X L M H", false}, {"U", "X Clear Green Amber Red", false},
}

// Equivalence classes EQ3 and EQ6 depend on each other and have one index. In a
// base score the security requirements count as high, so EQ6 is 0 wherever a
// vulnerable-system impact is high, and 1 elsewhere; the classes 01 and 11 only occur
// as the next lower ones.
const (
	eq36Both   = iota // 00: confidentiality and integrity high
	eq36Lower         // 01
	eq36One           // 10: one impact high, not both of the above
	eq36OneLow        // 11
	eq36None          // 21: none high
	eq36Count
)

// scores4 has the scores of the macrovectors of base vectors, in tenths: by EQ1,
// EQ2, EQ3 with EQ6, and EQ4 less one (v4.0 specification, section 8.3). EQ5 is 0 in
// a base score, as no threat metric is; and EQ4 is 1 or 2, as 0 takes a safety impact,
// which only environmental metrics have.
var scores4 = [3][2][eq36Count][2]float64{
	{{{100, 93}, {96, 90}, {93, 88}, {92, 80}, {79, 69}}, {{95, 92}, {91, 81}, {92, 84}, {82, 70}, {71, 63}}},
	{{{94, 87}, {89, 75}, {86, 72}, {76, 57}, {65, 53}}, {{90, 77}, {77, 66}, {74, 61}, {59, 52}, {58, 23}}},
	{{{86, 70}, {74, 54}, {72, 53}, {57, 36}, {47, 24}}, {{73, 54}, {55, 43}, {61, 46}, {51, 18}, {24, 10}}},
}

// steps is how many steps of severity a metric's value is below the worst.
func (m metrics) steps(name, worstFirst string) int {
	for i := range len(worstFirst) {
		if m[name] == worstFirst[i:i+1] {
			return i
		}
	}
	return 0
}

// score4 is the base score of the v4.0 specification, section 8.2: the score of
// the vector's macrovector, less the mean over the equivalence classes of the way
// to the next lower macrovector times the part of that way the vector has gone.
func score4(m metrics) float64 {
	if m == nil {
		return 0
	}
	vc, vi, va := m.steps("VC", "HLN"), m.steps("VI", "HLN"), m.steps("VA", "HLN")
	sc, si, sa := m.steps("SC", "HLN"), m.steps("SI", "HLN"), m.steps("SA", "HLN")
	if vc+vi+va+sc+si+sa == 12 {
		return 0
	}
	eq1, in1, of1 := exploitability4(m)
	eq2, in2 := complexity4(m)
	eq36, in36, of36 := impact4(vc, vi, va)
	eq4, in4, of4 := subsequent4(sc, si, sa)

	value := scores4[eq1][eq2][eq36][eq4]
	lost, classes := 0.0, 1.0 // EQ5 always has a next lower class, and no way gone to it.
	add := func(next float64, in, of int) {
		lost += (value - next) * float64(in) / float64(of)
		classes++
	}
	if eq1 < 2 {
		add(scores4[eq1+1][eq2][eq36][eq4], in1, of1)
	}
	if eq2 < 1 {
		add(scores4[eq1][eq2+1][eq36][eq4], in2, 1)
	}
	switch eq36 {
	case eq36Both:
		add(max(scores4[eq1][eq2][eq36Lower][eq4], scores4[eq1][eq2][eq36One][eq4]), in36, of36)
	case eq36One:
		add(scores4[eq1][eq2][eq36OneLow][eq4], in36, of36)
	}
	if eq4 < 1 {
		add(scores4[eq1][eq2][eq36][eq4+1], in4, of4)
	}
	// Half up, with room for what binary fractions lose: 1.45 is 1.4499….
	return float64(int(max(0, value-lost/classes)+0.5+1e-6)) / 10
}

// Each of the following gives the class, the number of steps from the nearest of the
// class's worst vectors, and the depth of the class in steps (section 8.2, tables
// 24 to 30).

func exploitability4(m metrics) (class, in, of int) {
	av, pr, ui := m.steps("AV", "NALP"), m.steps("PR", "NLH"), m.steps("UI", "NPA")
	sum := av + pr + ui
	switch {
	case sum == 0:
		return 0, 0, 1
	case av < 3 && (av == 0 || pr == 0 || ui == 0):
		return 1, sum - 1, 4
	}
	return 2, sum - 3, 5 // From AV:P/PR:N/UI:N or AV:A/PR:L/UI:P.
}

func complexity4(m metrics) (class, in int) {
	sum := m.steps("AC", "LH") + m.steps("AT", "NP")
	if sum == 0 {
		return 0, 0
	}
	return 1, sum - 1
}

func impact4(vc, vi, va int) (class, in, of int) {
	switch {
	case vc == 0 && vi == 0:
		return eq36Both, va, 7
	case vc == 0 || vi == 0 || va == 0:
		return eq36One, vc + vi + va - 1, 8
	}
	return eq36None, vc + vi + va - 3, 10
}

func subsequent4(sc, si, sa int) (class, in, of int) {
	if sc == 0 || si == 0 || sa == 0 {
		return 0, sc + si + sa, 5
	}
	return 1, sc + si + sa - 3, 4
}
