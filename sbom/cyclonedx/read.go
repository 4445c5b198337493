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
	tokens := newXMLTokens(bytes.NewReader(text), limits, func(string) {})
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
