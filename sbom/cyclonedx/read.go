package cyclonedx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
)

const (
	formatJSON      = "CycloneDX JSON"
	formatXML       = "CycloneDX XML"
	namespacePrefix = "http://cyclonedx.org/schema/bom/"
)

// unmarshal reads a whole document.
func unmarshal(text []byte, limits document.Limits) (*cdx.BOM, error) {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) > 0 && text[0] == '<' {
		return unmarshalXML(text, limits)
	}
	if len(text) == 0 || text[0] != '{' {
		return nil, errNeither()
	}
	if err := limits.ScanJSON(text, formatJSON, countedLists()...); err != nil {
		return nil, err
	}
	return unmarshalWhole(text)
}

func errNeither() error {
	return &DecodeError{Format: "CycloneDX", Err: ErrFormat, Detail: "neither JSON nor XML"}
}

// countedLists are the lists whose elements DecodeOptions.MaxComponents counts.
func countedLists() []string { return []string{"components", "vulnerabilities", "services"} }

func unmarshalWhole(text []byte) (*cdx.BOM, error) {
	if err := checkMembers(text); err != nil {
		return nil, err
	}
	var bom cdx.BOM
	err := json.Unmarshal(text, &bom)
	switch {
	case errors.Is(err, cdx.ErrInvalidSpecVersion):
		return nil, &DecodeError{Format: formatJSON, Pointer: "/specVersion", Err: ErrVersion}
	case err != nil:
		return nil, jsonError(text, err)
	}
	if err := checkHead(bom.BOMFormat, bom.SpecVersion.String()); err != nil {
		return nil, err
	}
	return &bom, nil
}

// checkMembers refuses what stands twice in the outermost object, as Decode does:
// encoding/json would mix the two.
func checkMembers(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	seen := make(map[string]bool)
	_, err := dec.Token()
	for err == nil && dec.More() {
		var t json.Token
		if t, err = dec.Token(); err != nil {
			break
		}
		name, _ := t.(string)
		if name = memberName(name); seen[name] {
			return errTwice(name, document.LineAt(text, dec.InputOffset()))
		}
		seen[name] = true
		err = dec.Decode(&skipped{})
	}
	return nil // what is malformed, encoding/json says better
}

func errTwice(name string, line int) error {
	pointer := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	return &DecodeError{Format: formatJSON, Pointer: pointer, Line: line, Err: ErrFormat, Detail: "is there twice"}
}

// jsonError adds the place to an error of encoding/json.
func jsonError(text []byte, err error) error {
	e := &DecodeError{Format: formatJSON, Err: ErrFormat, Detail: err.Error()}
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		e.Offset = syntax.Offset
		e.Line = document.LineAt(text, syntax.Offset)
	case errors.As(err, &typ):
		e.Pointer = "/" + strings.ReplaceAll(typ.Field, ".", "/")
	}
	return e
}

// specVersion reads "1.2" and later versions.
func specVersion(s string) (cdx.SpecVersion, bool) {
	for v := cdx.SpecVersion1_2; v <= cdx.SpecVersion1_7; v++ {
		if v.String() == s {
			return v, true
		}
	}
	return 0, false
}

func unmarshalXML(text []byte, limits document.Limits) (*cdx.BOM, error) {
	tokens := newXMLTokens(bytes.NewReader(text), limits)
	decoder := xml.NewTokenDecoder(tokens)
	var bom cdx.BOM
	err := decoder.Decode(&bom)
	for err == nil { // nothing may follow the document
		_, err = decoder.Token()
	}
	if err != io.EOF {
		return nil, xmlError(tokens, err)
	}
	version, err := checkNamespace(bom.XMLNS)
	if err != nil {
		return nil, err
	}
	bom.SpecVersion = version
	return &bom, nil
}

// checkNamespace returns the version that an XML namespace stands for.
func checkNamespace(space string) (cdx.SpecVersion, error) {
	name, ok := strings.CutPrefix(space, namespacePrefix)
	version, known := specVersion(name)
	switch {
	case !ok:
		return 0, &DecodeError{Format: formatXML, Err: ErrFormat, Detail: fmt.Sprintf("namespace %.60q", space)}
	case !known:
		return 0, &DecodeError{Format: formatXML, Err: ErrVersion, Detail: fmt.Sprintf("%.40q", name)}
	}
	return version, nil
}

func xmlError(tokens *xmlTokens, err error) error {
	var known *DecodeError
	if errors.As(err, &known) {
		return known
	}
	e := &DecodeError{Format: formatXML, Err: ErrFormat, Detail: err.Error()}
	e.Line, _ = tokens.decoder.InputPos()
	if errors.Is(err, ErrLimit) {
		e.Err = ErrLimit
		e.Detail = strings.TrimSuffix(e.Detail, ": "+ErrLimit.Error())
	}
	return e
}

// xmlTokens gives the tokens of a document and stops at a limit. There is no
// way to declare an entity: document type declarations are refused.
type xmlTokens struct {
	decoder  *xml.Decoder
	limits   document.Limits
	depth    int
	elements int
	items    int
}

func newXMLTokens(r io.Reader, limits document.Limits) *xmlTokens {
	return &xmlTokens{decoder: xml.NewDecoder(r), limits: limits}
}

// Token implements xml.TokenReader.
func (x *xmlTokens) Token() (xml.Token, error) {
	t, err := x.decoder.RawToken()
	switch t := t.(type) {
	case xml.Directive:
		return nil, errors.New("document type declarations are not read")
	case xml.EndElement:
		x.depth--
	case xml.StartElement:
		x.depth++
		x.elements++
		switch t.Name.Local {
		case "component", "vulnerability", "service":
			x.items++
		}
		size := int(x.decoder.InputOffset())
		switch {
		case x.depth > x.limits.Depth:
			return nil, fmt.Errorf("nested deeper than %d: %w", x.limits.Depth, ErrLimit)
		case x.items > x.limits.Items:
			return nil, fmt.Errorf("more than %d components: %w", x.limits.Items, ErrLimit)
		case document.Dense(x.elements, size):
			return nil, fmt.Errorf("%d elements in %d bytes: %w", x.elements, size, ErrLimit)
		}
	}
	return t, err
}
