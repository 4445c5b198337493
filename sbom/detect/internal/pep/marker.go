package pep

import (
	"strconv"
	"strings"
)

// Truth is what is known of a condition.
type Truth int

const (
	Unknown Truth = iota // It depends on what is not known.
	False
	True
)

// Environment has what is certain about an environment, by the variables of PEP
// 508. The variable extra is that of the requirement: empty when no extra is
// asked for.
type Environment map[string]string

// maxMarker is the longest marker that is looked at, in bytes.
const maxMarker = 2048

// Evaluate tells whether a marker holds. What depends on a variable that env does not
// have is unknown, unless the rest of the marker decides; so is what is malformed.
// An empty marker is true.
func (env Environment) Evaluate(marker string) Truth {
	if strings.TrimSpace(marker) == "" {
		return True
	}
	if len(marker) > maxMarker {
		return Unknown
	}
	p := &markerParser{env: env, rest: marker}
	truth := p.or(0)
	if p.bad || strings.TrimSpace(p.rest) != "" {
		return Unknown
	}
	return truth
}

// markerParser reads the grammar of PEP 508 by recursive descent.
type markerParser struct {
	env  Environment
	rest string
	bad  bool
}

func (p *markerParser) or(depth int) Truth {
	truth := p.and(depth)
	for p.word("or") {
		switch right := p.and(depth); {
		case truth == True || right == True:
			truth = True
		case truth == Unknown || right == Unknown:
			truth = Unknown
		}
	}
	return truth
}

func (p *markerParser) and(depth int) Truth {
	truth := p.term(depth)
	for p.word("and") {
		switch right := p.term(depth); {
		case truth == False || right == False:
			truth = False
		case truth == Unknown || right == Unknown:
			truth = Unknown
		}
	}
	return truth
}

func (p *markerParser) term(depth int) Truth {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	if rest, ok := strings.CutPrefix(p.rest, "("); ok && depth < 32 {
		p.rest = rest
		truth := p.or(depth + 1)
		p.rest = strings.TrimLeft(p.rest, " \t\n")
		if p.rest, ok = strings.CutPrefix(p.rest, ")"); !ok {
			p.bad = true
		}
		return truth
	}
	left, leftKnown, name := p.value()
	op := p.operator()
	right, rightKnown, other := p.value()
	if op == "" || p.bad {
		p.bad = true
		return Unknown
	}
	if !leftKnown || !rightKnown {
		return Unknown
	}
	version := name == "python_version" || name == "python_full_version" || other == "python_version" || other == "python_full_version"
	return compare(left, op, right, version)
}

// value reads a string in quotes or a variable, whose name it returns, too.
func (p *markerParser) value() (value string, known bool, variable string) {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	if p.rest == "" {
		p.bad = true
		return "", false, ""
	}
	if q := p.rest[0]; q == '"' || q == '\'' {
		text, rest, ok := strings.Cut(p.rest[1:], string(q))
		if !ok {
			p.bad = true
		}
		p.rest = rest
		return text, true, ""
	}
	end := 0
	for end < len(p.rest) && (nameByte(p.rest[end])) {
		end++
	}
	variable, p.rest = p.rest[:end], p.rest[end:]
	if variable == "" {
		p.bad = true
	}
	variable = strings.ReplaceAll(variable, ".", "_") // os.name and the like, of old
	if variable == "python_implementation" {
		variable = "platform_python_implementation"
	}
	value, known = p.env[variable]
	return value, known, variable
}

func (p *markerParser) operator() string {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	for _, op := range []string{"===", "==", "!=", "<=", ">=", "~=", "<", ">"} {
		if rest, ok := strings.CutPrefix(p.rest, op); ok {
			p.rest = rest
			return op
		}
	}
	switch {
	case p.word("in"):
		return "in"
	case p.word("not") && p.word("in"):
		return "not in"
	}
	return ""
}

// word takes a keyword, if it comes next.
func (p *markerParser) word(w string) bool {
	trimmed := strings.TrimLeft(p.rest, " \t\n")
	rest, ok := strings.CutPrefix(trimmed, w)
	if !ok || rest != "" && nameByte(rest[0]) {
		return false
	}
	p.rest = rest
	return true
}

func compare(left, op, right string, version bool) Truth {
	switch op {
	case "in":
		return truth(strings.Contains(right, left))
	case "not in":
		return truth(!strings.Contains(right, left))
	}
	if version {
		return compareVersions(left, op, right)
	}
	switch op {
	case "==", "===":
		return truth(left == right)
	case "!=":
		return truth(left != right)
	}
	return Unknown // Texts have no order that matters to anyone.
}

// compareVersions compares versions of Python that are numbers and dots. Others are
// of development, and nobody installs by them.
func compareVersions(left, op, right string) Truth {
	prefix := false
	if op == "==" || op == "!=" {
		right, prefix = strings.CutSuffix(right, ".*")
	}
	a, okA := numbers(left)
	b, okB := numbers(right)
	if !okA || !okB {
		return Unknown
	}
	if prefix && len(a) > len(b) {
		a = a[:len(b)]
	}
	c := 0
	for i := range max(len(a), len(b)) {
		if c = at(a, i) - at(b, i); c != 0 {
			break
		}
	}
	switch op {
	case "==", "===":
		return truth(c == 0)
	case "!=":
		return truth(c != 0)
	case "<":
		return truth(c < 0)
	case "<=":
		return truth(c <= 0)
	case ">":
		return truth(c > 0)
	case ">=":
		return truth(c >= 0)
	}
	if len(b) < 2 { // ~=
		return Unknown
	}
	for i := range len(b) - 1 {
		if at(a, i) != b[i] {
			return False
		}
	}
	return truth(c >= 0)
}

func at(list []int, i int) int {
	if i < len(list) {
		return list[i]
	}
	return 0
}

func numbers(version string) ([]int, bool) {
	var out []int
	for part := range strings.SplitSeq(strings.TrimSpace(version), ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n > 1e6 || len(out) > 8 {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}
