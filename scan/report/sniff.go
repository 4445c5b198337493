package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
)

// Sniff tells the format of a report by its content, and FormatAuto when it is
// none that this package reads. known is a name for people: that of the format, or
// of another common format that the text seems to have; it is empty when nothing
// is recognised.
func Sniff(text []byte) (format Format, known string) {
	text = bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(text) == 0:
		return FormatAuto, ""
	case text[0] == '<':
		return sniffXML(text)
	case text[0] == '{':
		return sniffJSON(text)
	}
	return FormatAuto, ""
}

func sniffXML(text []byte) (Format, string) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	for {
		tok, err := dec.RawToken()
		if err != nil {
			return FormatAuto, ""
		}
		if se, ok := tok.(xml.StartElement); ok {
			for _, a := range se.Attr {
				if strings.Contains(a.Value, "cyclonedx.org/schema/bom") {
					return FormatCycloneDX, "CycloneDX XML"
				}
			}
			return FormatAuto, ""
		}
	}
}

// outline are the members by which formats are told apart.
type outline struct {
	BOMFormat     json.RawMessage `json:"bomFormat"`
	Matches       json.RawMessage `json:"matches"`
	Ignored       json.RawMessage `json:"ignoredMatches"`
	SchemaVersion json.RawMessage `json:"SchemaVersion"`
	ArtifactName  json.RawMessage `json:"ArtifactName"`
	Results       json.RawMessage `json:"Results"`
	Context       json.RawMessage `json:"@context"`
	SPDX          json.RawMessage `json:"spdxVersion"`
	Runs          json.RawMessage `json:"runs"`
	Document      json.RawMessage `json:"document"`
	Type          json.RawMessage `json:"_type"`
	Artifacts     json.RawMessage `json:"artifacts"`
	Scanner       json.RawMessage `json:"scanner"`
}

func sniffJSON(text []byte) (Format, string) {
	var o outline
	if json.Unmarshal(text, &o) != nil {
		return sniffBroken(text)
	}
	switch {
	case string(o.BOMFormat) == `"CycloneDX"`:
		return FormatCycloneDX, "CycloneDX JSON"
	case isArray(o.Matches) || isArray(o.Ignored):
		return FormatGrype, "Grype JSON"
	case o.ArtifactName != nil && (o.SchemaVersion != nil || o.Results != nil):
		return FormatTrivy, "Trivy JSON"
	case bytes.Contains(o.Context, []byte("openvex")):
		return FormatAuto, "OpenVEX"
	case bytes.Contains(o.Context, []byte("spdx")), o.SPDX != nil:
		return FormatAuto, "SPDX"
	case o.Runs != nil:
		return FormatAuto, "SARIF"
	case o.Document != nil:
		return FormatAuto, "CSAF"
	case o.Type != nil:
		return FormatAuto, "an in-toto statement"
	case o.Artifacts != nil:
		return FormatAuto, "Syft JSON, which has no findings"
	case o.Scanner != nil:
		return FormatAuto, "a cosign vulnerability predicate"
	}
	return FormatAuto, ""
}

func isArray(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '[' }

// sniffBroken guesses the format of text that is not valid JSON, so that the
// decoder can say where it breaks off.
func sniffBroken(text []byte) (Format, string) {
	head := text[:min(len(text), 4096)]
	switch {
	case bytes.Contains(head, []byte(`"bomFormat"`)):
		return FormatCycloneDX, "broken CycloneDX JSON"
	case bytes.Contains(head, []byte(`"matches"`)):
		return FormatGrype, "broken Grype JSON"
	case bytes.Contains(head, []byte(`"ArtifactName"`)):
		return FormatTrivy, "broken Trivy JSON"
	}
	return FormatAuto, "broken JSON"
}
