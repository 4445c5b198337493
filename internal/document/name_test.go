package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestTwice: two names are one if encoding/json takes them for the same field.
func TestTwice(t *testing.T) {
	for _, name := range []string{"skip", "SKIP", "sKip", `\u0073kip`, `\u017fkip`, "s\u212aip", "ſkip", "skips", "ski", "ſkıp", "Skıp", `sk\u0069p`, `s\ud800kip`} {
		text := []byte(fmt.Sprintf(`{"skip":"first","%s":"second"}`, name))
		var v struct {
			Skip string `json:"skip"`
		}
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		err := Limits{}.WithDefaults().ScanJSON(text, "test")
		if twice := errors.Is(err, ErrFormat); twice != (v.Skip == "second") {
			t.Errorf("%s: encoding/json sees %q, error %v", name, v.Skip, err)
		}
	}
}

// TestTwiceAnywhere looks at objects of all sizes and depths, and at those that are no
// contradiction.
func TestTwiceAnywhere(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"n%d":1,`, i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		text string
		want error
	}{
		{`{` + many(15) + `"n0":2}`, ErrFormat},
		{`{` + many(16) + `"n15":2}`, ErrFormat},
		{`{` + many(1000) + `"n999":2}`, ErrFormat},
		{`{` + many(1000) + `"n1000":2}`, nil},
		{`{` + many(maxNames) + `"x":2}`, ErrLimit},
		{`{"a":{"a":{"b":[{"c":1},{"c":1,"c":2}]}}}`, ErrFormat},
		{`{"a":{"a":{"b":[{"c":1},{"c":1}]}},"c":{"b":1}}`, nil},
		{`{"a":"b","b":"a","c":"a"}`, nil},
		{`{"a":["b","b",{"b":"b"},"b"],"b":1}`, nil},
		{`{"a":{"b":1},"b":{"b":1},"a":1}`, ErrFormat},
		{`{"a:b":1,"a":":"}`, nil},
	} {
		err := Limits{}.WithDefaults().ScanJSON([]byte(tt.text), "test")
		if !errors.Is(err, tt.want) {
			t.Errorf("%.60s: error %v, want %v", tt.text, err, tt.want)
		}
		// The same by the piece, with the line.
		r := Limits{}.WithDefaults().Reader(strings.NewReader("\n"+tt.text), "test", "list")
		for err = nil; err == nil; {
			_, err = r.Read(make([]byte, 7))
		}
		var de *DecodeError
		if errors.As(err, &de) != (tt.want != nil) || tt.want != nil && !errors.Is(err, tt.want) || errors.Is(err, ErrFormat) && de.Line != 2 {
			t.Errorf("%.60s: error %v, want %v", tt.text, err, tt.want)
		}
	}
}
