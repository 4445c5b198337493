package appended

import (
	"bytes"
	"testing"
)

// TestBehindTheArchive has something behind the archive's end: those who run it look for the last
// record that may be the end, wherever it is.
func TestBehindTheArchive(t *testing.T) {
	data := zipped(t, "foo-1.0.dist-info/METADATA", "Name: foo\nVersion: 1.0\n")
	for what, more := range map[string]string{"a byte": "\n", "some": string(bytes.Repeat([]byte{0}, 5000)), "a record that is none": "PK\x05\x06 and so on, no record at all"} {
		b := append(bytes.Clone(data), more...)
		if !In(b) {
			t.Errorf("%s: no archive", what)
		}
		if p := read(b); p.Err != nil || len(p.Packages) != 1 {
			t.Errorf("%s: %+v", what, p)
		}
	}
	for what, text := range map[string]string{"a text": "xxxxxxxxxxPK\x05\x06yyyyyyyyyyyyyyyyyyyyyyyy", "no entries": "PK\x05\x06" + string(make([]byte, 40))} {
		if In([]byte(text)) {
			t.Errorf("%s is an archive", what)
		}
	}
}
