package payload

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

func TestSkipValue(t *testing.T) {
	long := `["` + strings.Repeat("x", 9) + strings.Repeat(`",{"a":[]},"`, 1<<18) + `"]`
	for _, value := range []string{`1`, `null`, `"a"`, `{}`, `{"a":[{"b":{}}],"c":1}`, strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), long} {
		dec := NewDecoder(strings.NewReader(`[`+value+`,7]`), 64<<20)
		_, _ = dec.Token()
		var n int
		if err := SkipValue(dec); err != nil || dec.Decode(&n) != nil || n != 7 {
			t.Errorf("%.40s: %v, then %d", value, err, n)
		}
	}
	for _, value := range []string{``, `{"a":`, `[[]`, `]`} {
		if err := SkipValue(NewDecoder(strings.NewReader(value), 64)); err == nil {
			t.Errorf("%s: no error", value)
		}
	}
}

func TestDecoderIsBounded(t *testing.T) {
	text := `"` + strings.Repeat("x", 3*maxValue) + `"`
	var s string
	if err := NewDecoder(strings.NewReader(text), 64<<20).Decode(&s); !errors.Is(err, detect.ErrLimit) {
		t.Errorf("a text of %d bytes: %v", len(text), err)
	}
	dec := NewDecoder(strings.NewReader(strings.Repeat("1 ", 1<<10)), 1<<10)
	var err error
	for err == nil {
		err = dec.Decode(new(json.Number))
	}
	if !errors.Is(err, detect.ErrLimit) {
		t.Errorf("a document that is too long: %v", err)
	}
	dec = NewDecoder(strings.NewReader(strings.Repeat("1 ", 1<<9)), 1<<10)
	for err = nil; err == nil; {
		err = dec.Decode(new(json.Number))
	}
	if err != io.EOF {
		t.Errorf("a document of the greatest length: %v", err)
	}
}
