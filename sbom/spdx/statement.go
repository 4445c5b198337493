package spdx

import (
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// heading is the first line of every annotation that carries properties: it
// says that they are ours, and the version of their taxonomy.
const heading = document.Prefix + "schema=1"

// annotator is who makes our annotations.
const annotator = "Tool: imagetrust"

// statement writes properties as lines of NAME=VALUE below the heading. A name
// that holds "=" is a quoted string. The values are quoted by package document.
func statement(props []sbom.Property) string {
	var b strings.Builder
	b.WriteString(heading)
	for _, p := range props {
		b.WriteByte('\n')
		name := p.Name
		if strings.Contains(name, "=") {
			name = strconv.QuoteToASCII(name)
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(p.Value)
	}
	return b.String()
}

// parseStatement is the inverse of statement. It reports false for a text that
// is none of ours: ours are not made of empty lines.
func parseStatement(text string) ([]sbom.Property, bool) {
	rest, ok := strings.CutPrefix(strings.ReplaceAll(text, "\r\n", "\n"), heading)
	if !ok || rest != "" && rest[0] != '\n' {
		return nil, false
	}
	if document.Dense(strings.Count(rest, "\n"), len(rest)) {
		return nil, false
	}
	var props []sbom.Property
	for line := range strings.SplitSeq(strings.TrimPrefix(rest, "\n"), "\n") {
		if line == "" {
			continue
		}
		props = append(props, parseLine(line))
	}
	return props, true
}

func parseLine(line string) sbom.Property {
	if quoted, err := strconv.QuotedPrefix(line); err == nil && strings.HasPrefix(line[len(quoted):], "=") {
		if name, err := strconv.Unquote(quoted); err == nil {
			return sbom.Property{Name: name, Value: line[len(quoted)+1:]}
		}
	}
	name, value, _ := strings.Cut(line, "=")
	return sbom.Property{Name: name, Value: value}
}
