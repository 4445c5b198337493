package composer

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// readRoot reads the application that packages were installed for from
// vendor/composer/installed.php, in which Composer 2 describes it as
//
//	'root' => array(
//	    'name' => 'vendor/name',
//	    'pretty_version' => '1.0.0',
//
// with one literal a line. Composer calls an application without a name __root__.
func readRoot(f *detect.File, b []byte) (*detect.Fragment, error) {
	p := placeOf(f.Path)
	_, text, ok := bytes.Cut(b, []byte("'root' => array("))
	if !ok || !bytes.HasPrefix(b, []byte("<?php")) {
		return nil, fmt.Errorf("%w: no description of the application", detect.ErrFormat)
	}
	fields := make(map[string]string)
	for line := range bytes.Lines(text[:min(len(text), 4<<10)]) {
		line := strings.TrimSpace(string(line))
		if line == ")," {
			break
		}
		if name, value, ok := strings.Cut(line, " => "); ok {
			fields[strings.Trim(name, "'")] = literal(value)
		}
	}
	group, name := splitName(fields["name"])
	if name == "" || p.scope != sbom.ScopeInstalled {
		return nil, nil
	}
	full, v := group+"/"+name, version(fields["pretty_version"])
	if v == "" {
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", "an application names itself "+full+" and states no version")}}, nil
	}
	c := sbom.Component{
		Type: sbom.TypeApplication, Group: group, Name: name, Version: v,
		PURL:     sbom.NewPURL("composer", strings.ToLower(group), strings.ToLower(name), v, nil),
		Evidence: statement.Manifest(0.9, full, v),
	}
	c.Properties = statement.Property(c.Properties, "composer:reference", fields["reference"])
	return &detect.Fragment{Components: []detect.Component{{Component: c, Key: p.project + " application", Aliases: []string{p.key(strings.ToLower(full))}}}}, nil
}

// literal returns the value of the PHP string in single quotes that s begins with.
func literal(s string) string {
	if !strings.HasPrefix(s, "'") {
		return ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			return b.String()
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\'' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return ""
}
