package payload

import (
	"encoding/json"
	"io"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// maxValue is the size in bytes of the largest text or object that a decoder keeps at once.
const maxValue = MaxManifest

// NewDecoder returns a decoder of a document of at most most bytes, of which it keeps little: a
// text or an object that is decoded whole and is longer than a manifest is a detect.LimitError,
// and so is a longer document. What tells of a payload's packages is many small things.
func NewDecoder(r io.Reader, most int64) *json.Decoder {
	w := &window{r: r, most: most}
	w.dec = json.NewDecoder(w)
	return w.dec
}

// window is what goes by a decoder.
type window struct {
	r          io.Reader
	dec        *json.Decoder
	read, most int64
}

func (w *window) Read(p []byte) (int, error) {
	switch {
	case w.read-w.dec.InputOffset() > maxValue:
		return 0, &detect.LimitError{Path: "JSON", Limit: maxValue, What: "bytes of a value"}
	case w.read > w.most:
		return 0, &detect.LimitError{Path: "JSON", Limit: w.most}
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.most-w.read+1)])
	w.read += int64(n)
	return n, err
}

// SkipValue goes over the next value, of any length and depth.
func SkipValue(dec *json.Decoder) error {
	for depth := 0; ; {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
