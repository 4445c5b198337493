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

// unmarshal reads a document: all of it, or of JSON only the parts that an
// inventory is made of.
func unmarshal(text []byte, limits document.Limits, whole bool) (*cdx.BOM, error) {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) > 0 && text[0] == '<' {
		return unmarshalXML(text, limits)
	}
	if len(text) == 0 || text[0] != '{' {
		return nil, &DecodeError{Format: "CycloneDX", Err: ErrFormat, Detail: "neither JSON nor XML"}
	}
	if err := limits.ScanJSON(text, formatJSON, "components", "vulnerabilities", "services"); err != nil {
		return nil, err
	}
	if whole {
		return unmarshalWhole(text)
	}
	return unmarshalJSON(text)
}

func unmarshalWhole(text []byte) (*cdx.BOM, error) {
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

// checkHead checks what says that a JSON document is one of CycloneDX.
func checkHead(format, version string) error {
	if format != cdx.BOMFormat {
		return &DecodeError{Format: formatJSON, Pointer: "/bomFormat", Err: ErrFormat, Detail: fmt.Sprintf("%.40q", format)}
	}
	if _, ok := specVersion(version); !ok {
		return &DecodeError{Format: formatJSON, Pointer: "/specVersion", Err: ErrVersion, Detail: fmt.Sprintf("%.40q", version)}
	}
	return nil
}

// partsJSON leaves out what an inventory has no place for, so that it costs
// nothing.
type partsJSON struct {
	BOMFormat    string            `json:"bomFormat"`
	SpecVersion  string            `json:"specVersion"`
	Metadata     *cdx.Metadata     `json:"metadata"`
	Components   *[]cdx.Component  `json:"components"`
	Dependencies *[]cdx.Dependency `json:"dependencies"`
}

func unmarshalJSON(text []byte) (*cdx.BOM, error) {
	var parts partsJSON
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, jsonError(text, err)
	}
	if err := checkHead(parts.BOMFormat, parts.SpecVersion); err != nil {
		return nil, err
	}
	version, _ := specVersion(parts.SpecVersion)
	return &cdx.BOM{
		BOMFormat: parts.BOMFormat, SpecVersion: version,
		Metadata: parts.Metadata, Components: parts.Components, Dependencies: parts.Dependencies,
	}, nil
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
	tokens := &xmlTokens{decoder: xml.NewDecoder(bytes.NewReader(text)), limits: limits, size: len(text)}
	decoder := xml.NewTokenDecoder(tokens)
	var bom cdx.BOM
	err := decoder.Decode(&bom)
	for err == nil { // nothing may follow the document
		_, err = decoder.Token()
	}
	if err != io.EOF {
		return nil, xmlError(tokens, err)
	}
	name, ok := strings.CutPrefix(bom.XMLNS, namespacePrefix)
	version, known := specVersion(name)
	switch {
	case !ok:
		return nil, &DecodeError{Format: formatXML, Err: ErrFormat, Detail: fmt.Sprintf("namespace %.60q", bom.XMLNS)}
	case !known:
		return nil, &DecodeError{Format: formatXML, Err: ErrVersion, Detail: fmt.Sprintf("%.40q", name)}
	}
	bom.SpecVersion = version
	return &bom, nil
}

func xmlError(tokens *xmlTokens, err error) error {
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
	size     int
	depth    int
	elements int
	items    int
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
		if t.Name.Local == "component" {
			x.items++
		}
		switch {
		case x.depth > x.limits.Depth:
			return nil, fmt.Errorf("nested deeper than %d: %w", x.limits.Depth, ErrLimit)
		case x.items > x.limits.Items:
			return nil, fmt.Errorf("more than %d components: %w", x.limits.Items, ErrLimit)
		case document.Dense(x.elements, x.size):
			return nil, fmt.Errorf("%d elements in %d bytes: %w", x.elements, x.size, ErrLimit)
		}
	}
	return t, err
}
