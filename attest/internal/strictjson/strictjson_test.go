package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCheckJSON(t *testing.T) {
	wide := func(last string) string {
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintf(&b, `"k%d":%d,`, i, i)
		}
		return "{" + b.String() + last + "}"
	}
	tests := []struct {
		name, in string
		want     string // part of the error; empty for valid
	}{
		{"all kinds", ` {"a":[1,-0.5e+3,true,false,null,"\u00e9\n\/"],"b":{}, "c":[]} `, ""},
		{"scalar", `"x"`, ""},
		{"duplicate member", `{"a":1,"a":1}`, "duplicate"},
		{"duplicate in a nested object", `[{"x":{"a":1,"b":2,"a":3}}]`, "duplicate"},
		{"duplicate by escape", `{"a":1,"\u0061":1}`, "duplicate"},
		{"duplicate in a wide object", wide(`"k3":0`), "duplicate"},
		{"wide object", wide(`"k40":0`), ""},
		{"same name on different levels", `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}`, ""},
		{"case variants are different members", `{"HTTP_PROXY":"x","http_proxy":"y"}`, ""},
		{"trailing data", `{} {}`, "behind"},
		{"trailing comma", `{"a":1,}`, "member name"},
		{"missing colon", `{"a" 1}`, "colon"},
		{"single quotes", `{'a':1}`, "member name"},
		{"leading zero", `01`, "behind"},
		{"bare dot", `1.`, "number"},
		{"hex number", `0x1`, "behind"},
		{"NaN", `NaN`, "want a JSON value"},
		{"control character", "\"a\nb\"", "control"},
		{"bad escape", `"\x"`, "escape"},
		{"short unicode escape", `"\u12"`, "escape"},
		{"unterminated string", `"abc`, "unterminated"},
		{"unterminated object", `{"a":1`, "comma"},
		{"invalid UTF-8", "\"\xff\"", "UTF-8"},
		{"byte order mark", "\ufeff{}", "want a JSON value"},
		{"NUL", "\x00", "want a JSON value"},
		{"empty", "", "want a JSON value"},
		{"deepest", strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), ""},
		{"too deep", strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1), "limit"},
		{"bomb of brackets", strings.Repeat("[", 1<<20), "limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Check([]byte(tt.in))
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("valid, but %v", err)
			case tt.want != "" && err == nil:
				t.Error("accepted")
			case err != nil && !strings.Contains(err.Error(), tt.want):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if err := Check(make([]byte, MaxSize+1)); !errors.Is(err, ErrLimit) {
		t.Errorf("oversized input: %v", err)
	}
}

func TestScanObjectGivesMembersInOrder(t *testing.T) {
	var got []string
	err := Object([]byte(` { "b" : [ {"x":1} ] , "\u0061":{"b":2}}`), func(name string, value []byte) error {
		got = append(got, name+"="+string(value))
		return nil
	})
	if want := `b=[ {"x":1} ] a={"b":2}`; err != nil || strings.Join(got, " ") != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	stop := errors.New("stop")
	if err := Object([]byte(`{"a":1}`), func(string, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the callback's error is lost: %v", err)
	}
	for _, in := range []string{`[]`, `1`, ``} {
		if err := Object([]byte(in), nil); err == nil {
			t.Errorf("%q taken for an object", in)
		}
	}
}

// FuzzCheckJSON holds the scanner against encoding/json: it accepts no text that
// encoding/json refuses, and refuses more only for the documented reasons.
func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":null}]}`, `{"a":1,"a":2}`, `"\ud800"`, `[1e5,-0]`, "\xff", `{"\u0061":1,"a":2}`, `[`, `01`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := Check(data)
		if valid := json.Valid(data); err == nil && !valid {
			t.Fatalf("accepted what encoding/json refuses: %q", data)
		} else if err != nil && valid {
			msg := err.Error()
			if !errors.Is(err, ErrLimit) && !strings.Contains(msg, "duplicate") && !strings.Contains(msg, "UTF-8") {
				t.Fatalf("refused %q: %v", data, err)
			}
		}
		if err == nil && hasDuplicate(data) {
			t.Fatalf("accepted a duplicate: %q", data)
		}
	})
}

// hasDuplicate looks for duplicates with the tokens of encoding/json.
func hasDuplicate(data []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	type frame struct {
		names map[string]bool
		key   bool
	}
	stack := []*frame{{}}
	for {
		tok, err := dec.Token()
		if err != nil {
			return false
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case json.Delim:
			switch tok {
			case '{':
				top.key = top.names != nil
				stack = append(stack, &frame{names: map[string]bool{}, key: true})
			case '[':
				top.key = top.names != nil
				stack = append(stack, &frame{})
			default:
				stack = stack[:len(stack)-1]
			}
			continue
		case string:
			if top.names != nil && top.key {
				if top.names[tok] {
					return true
				}
				top.names[tok], top.key = true, false
				continue
			}
		}
		top.key = top.names != nil
	}
}

func TestDecodeRefusesOtherCase(t *testing.T) {
	type inner struct {
		ID string `json:"id"`
	}
	type doc struct {
		Builder inner            `json:"builder"`
		List    []inner          `json:"list"`
		Env     map[string]inner `json:"env"`
		Plain   string
		Skipped string          `json:"-"`
		Raw     json.RawMessage `json:"raw"`
		hidden  string
	}
	_ = doc{}.hidden
	tests := []struct {
		in string
		ok bool
	}{
		{`{"builder":{"id":"x"},"list":[{"id":"y"}],"env":{"A":{"id":"z"},"a":{"id":"z"}},"Plain":"p"}`, true},
		{`{"unknown":1,"builder":null,"list":null}`, true},
		{`{"raw":{"HTTP_PROXY":"","http_proxy":""}}`, true},
		{`{"Builder":{"id":"x"}}`, false},
		{`{"builder":{"ID":"x"}}`, false},
		{`{"list":[{"id":"x"},{"iD":"x"}]}`, false},
		{`{"env":{"A":{"Id":"x"}}}`, false},
		{`{"plain":"p"}`, false},
		{`{"-":"p","skipped":1,"hidden":1}`, true},
		{`{"li\u017ft":[]}`, false}, // LATIN SMALL LETTER LONG S folds to s
		{`{"builder":"not an object"}`, false},
		{`{"unknown":{"a":1,"a":2}}`, false},
		{`{"list":[]}{}`, false},
	}
	for _, tt := range tests {
		if err := Decode([]byte(tt.in), new(doc)); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.in, err)
		}
	}
}

func TestDecodeBoundsElements(t *testing.T) {
	type node struct {
		List []node          `json:"list"`
		Raw  json.RawMessage `json:"raw"`
	}
	many := "[" + strings.Repeat("{},", MaxElements/2) + "{}]"
	for in, ok := range map[string]bool{
		`{"list":` + many + `}`:                                  true,
		`{"list":[{"list":` + many + `}]}`:                       true, // a type that contains itself
		`{"raw":[` + many + `,` + many + `]}`:                    true,
		`{"unknown":[` + many + `,` + many + `]}`:                true,
		`{"list":[{"list":` + many + `},{"list":` + many + `}]}`: false,
	} {
		if err := Decode([]byte(in), new(node)); (err == nil) != ok || !ok && !errors.Is(err, ErrLimit) {
			t.Errorf("%.40s: %v", in, err)
		}
	}
	if err := Decode([]byte(`{"list":[{"list":[{"List":[]}]}]}`), new(node)); err == nil {
		t.Error("another case is accepted deep down")
	}
}

func TestOpenKeepsWhatItDoesNotKnow(t *testing.T) {
	type known struct {
		Name string `json:"name,omitempty"`
	}
	open := NewOpen[known]()
	const in = `{"name":"n","a":[1],"z":{"<":">"}}`
	k, extra, err := open.Decode([]byte(in))
	if err != nil || k.Name != "n" || string(extra["a"]) != "[1]" || len(extra) != 2 {
		t.Fatalf("got %+v, %s, %v", k, extra, err)
	}
	if out, err := open.Encode(k, extra); err != nil || string(out) != in {
		t.Errorf("got %s, %v", out, err)
	}
	if out, err := open.Encode(known{}, extra); err != nil || string(out) != `{"a":[1],"z":{"<":">"}}` {
		t.Errorf("nothing known: %s, %v", out, err)
	}
	extra["name"] = json.RawMessage(`"other"`)
	if out, err := open.Encode(k, extra); err == nil {
		t.Errorf("a member is written twice: %s", out)
	}
	for _, bad := range []string{`{"Name":"n"}`, `{"a":1,"a":1}`, `[]`, `{"name":1}`} {
		if _, _, err := open.Decode([]byte(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
