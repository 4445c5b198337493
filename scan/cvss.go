package scan

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// ErrVector is the error of a CVSS vector that is malformed, incomplete or of
// an unknown version.
var ErrVector = errors.New("scan: malformed CVSS vector")

// CVSS vector types, as in OSV.
const (
	TypeCVSS2 = "CVSS_V2"
	TypeCVSS3 = "CVSS_V3" // 3.0 and 3.1
	TypeCVSS4 = "CVSS_V4"
)

// BaseScore returns the base score of a CVSS vector of version 2.0, 3.0, 3.1 or
// 4.0, from 0 to 10 in steps of a tenth, and the vector's type. Temporal, threat
// and environmental metrics are checked for form and do not count: a base
// score is a property of the vulnerability alone. The error wraps ErrVector.
//
// See https://www.first.org/cvss/: v2 guide section 3.2.1, v3.0 and v3.1
// specification section 7.1, v4.0 specification section 8.
func BaseScore(vector string) (score float64, typ string, err error) {
	prefix, rest, ok := strings.Cut(vector, "/")
	switch {
	case ok && (prefix == "CVSS:3.1" || prefix == "CVSS:3.0"):
		m, err := parseMetrics(rest, metrics3)
		return score3(m, prefix == "CVSS:3.1"), TypeCVSS3, err
	case ok && prefix == "CVSS:4.0":
		m, err := parseMetrics(rest, metrics4)
		return score4(m), TypeCVSS4, err
	case strings.HasPrefix(vector, "CVSS:"):
		return 0, "", fmt.Errorf("%w: version %q", ErrVector, clip(prefix))
	}
	m, err := parseMetrics(strings.Trim(vector, "()"), metrics2)
	return score2(m), TypeCVSS2, err
}

// metric is a metric of a vector: its name, its values, and whether a vector must
// have it.
type metric struct {
	name, values string // Values are separated by spaces.
	base         bool
}

// metrics is the set of metrics of a CVSS version, and their values in a vector.
type metrics map[string]string

// parseMetrics reads "AV:N/AC:L/…". It returns nil with an error.
func parseMetrics(vector string, known []metric) (metrics, error) {
	m := make(metrics, 12)
	for part := range strings.SplitSeq(vector, "/") {
		name, value, ok := strings.Cut(part, ":")
		if !ok || !validMetric(known, name, value) {
			return nil, fmt.Errorf("%w: metric %q", ErrVector, clip(part))
		}
		if m[name] != "" {
			return nil, fmt.Errorf("%w: metric %s twice", ErrVector, name)
		}
		m[name] = value
	}
	for _, k := range known {
		if k.base && m[k.name] == "" {
			return nil, fmt.Errorf("%w: no metric %s", ErrVector, k.name)
		}
	}
	return m, nil
}

func validMetric(known []metric, name, value string) bool {
	for _, k := range known {
		if k.name == name {
			return value != "" && strings.Contains(" "+k.values+" ", " "+value+" ")
		}
	}
	return false
}

func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}

var metrics2 = []metric{
	{"AV", "L A N", true}, {"AC", "H M L", true}, {"Au", "M S N", true},
	{"C", "N P C", true}, {"I", "N P C", true}, {"A", "N P C", true},
	{"E", "U POC F H ND", false}, {"RL", "OF TF W U ND", false}, {"RC", "UC UR C ND", false},
	{"CDP", "N L LM MH H ND", false}, {"TD", "N L M H ND", false},
	{"CR", "L M H ND", false}, {"IR", "L M H ND", false}, {"AR", "L M H ND", false},
}

// weight returns the number for a metric's value, 0 when it has none.
func (m metrics) weight(name string, weights map[string]float64) float64 { return weights[m[name]] }

var (
	weights2AV  = map[string]float64{"L": 0.395, "A": 0.646, "N": 1}
	weights2AC  = map[string]float64{"H": 0.35, "M": 0.61, "L": 0.71}
	weights2Au  = map[string]float64{"M": 0.45, "S": 0.56, "N": 0.704}
	weights2CIA = map[string]float64{"N": 0, "P": 0.275, "C": 0.660}
)

func score2(m metrics) float64 {
	if m == nil {
		return 0
	}
	impact := 10.41 * (1 - (1-m.weight("C", weights2CIA))*(1-m.weight("I", weights2CIA))*(1-m.weight("A", weights2CIA)))
	if impact == 0 {
		return 0
	}
	exploitability := 20 * m.weight("AV", weights2AV) * m.weight("AC", weights2AC) * m.weight("Au", weights2Au)
	return math.Round((0.6*impact+0.4*exploitability-1.5)*1.176*10) / 10
}

var metrics3 = []metric{
	{"AV", "N A L P", true}, {"AC", "L H", true}, {"PR", "N L H", true}, {"UI", "N R", true}, {"S", "U C", true},
	{"C", "N L H", true}, {"I", "N L H", true}, {"A", "N L H", true},
	{"E", "X U P F H", false}, {"RL", "X O T W U", false}, {"RC", "X U R C", false},
	{"CR", "X L M H", false}, {"IR", "X L M H", false}, {"AR", "X L M H", false},
	{"MAV", "X N A L P", false}, {"MAC", "X L H", false}, {"MPR", "X N L H", false}, {"MUI", "X N R", false},
	{"MS", "X U C", false}, {"MC", "X N L H", false}, {"MI", "X N L H", false}, {"MA", "X N L H", false},
}

var (
	weights3AV        = map[string]float64{"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}
	weights3AC        = map[string]float64{"L": 0.77, "H": 0.44}
	weights3PR        = map[string]float64{"N": 0.85, "L": 0.62, "H": 0.27}
	weights3PRChanged = map[string]float64{"N": 0.85, "L": 0.68, "H": 0.5}
	weights3UI        = map[string]float64{"N": 0.85, "R": 0.62}
	weights3CIA       = map[string]float64{"N": 0, "L": 0.22, "H": 0.56}
)

func score3(m metrics, v31 bool) float64 {
	if m == nil {
		return 0
	}
	changed := m["S"] == "C"
	iss := 1 - (1-m.weight("C", weights3CIA))*(1-m.weight("I", weights3CIA))*(1-m.weight("A", weights3CIA))
	impact, pr := 6.42*iss, weights3PR
	if changed {
		impact, pr = 7.52*(iss-0.029)-3.25*math.Pow(iss-0.02, 15), weights3PRChanged
	}
	if impact <= 0 {
		return 0
	}
	total := impact + 8.22*m.weight("AV", weights3AV)*m.weight("AC", weights3AC)*m.weight("PR", pr)*m.weight("UI", weights3UI)
	if changed {
		total *= 1.08
	}
	total = min(total, 10)
	if v31 {
		return roundUp(total)
	}
	return math.Ceil(math.Round(total*1e6)/1e5) / 10
}

// roundUp is Roundup of the v3.1 specification, appendix A: the smallest number
// with one decimal that is not below x, in integers so that every platform agrees.
func roundUp(x float64) float64 {
	n := int(math.Round(x * 100000))
	if n%10000 == 0 {
		return float64(n) / 100000
	}
	return float64(n/10000+1) / 10
}
