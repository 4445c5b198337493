package buildkit

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const maxDockerfileBytes = 4 << 20

// dockerfile is what a Dockerfile says of its stages. BuildKit has run it, so it is
// not checked here: what is not understood names no stage.
type dockerfile struct {
	stages []Stage
	// copies has the stage that a COPY takes from, by the line that it begins at.
	copies map[int]string

	lines  []string
	escape string
	named  map[string]int   // the last stage of each name
	same   map[string][]int // lines that could end a here-document, by their text
}

var (
	escapeDirective = regexp.MustCompile("(?i)^#\\s*escape\\s*=\\s*([`\\\\])\\s*$")
	heredoc         = regexp.MustCompile(`<<-?\s*["']?([A-Za-z_][A-Za-z0-9_]*)["']?`)
)

func parseDockerfile(data []byte, maxStages int) (*dockerfile, error) {
	if len(data) > maxDockerfileBytes {
		return nil, fmt.Errorf("%w: Dockerfile of %d bytes, at most %d", ErrLimit, len(data), maxDockerfileBytes)
	}
	d := &dockerfile{
		lines: strings.Split(string(bytes.TrimPrefix(data, []byte("\ufeff"))), "\n"), escape: `\`,
		copies: make(map[int]string), named: make(map[string]int),
	}
	d.directives()
	for at := 0; at < len(d.lines); {
		if d.idle(at) {
			at++
			continue
		}
		words, next := d.instruction(at)
		switch {
		case len(words) < 2:
		case strings.EqualFold(words[0], "FROM"):
			if len(d.stages) >= maxStages {
				return nil, fmt.Errorf("%w: more than %d stages", ErrLimit, maxStages)
			}
			d.addStage(words[1:], at+1)
		case strings.EqualFold(words[0], "COPY"):
			d.addCopy(words[1:], at+1)
		}
		at = next
	}
	return d, nil
}

// directives reads the parser directives, which stand before everything else.
func (d *dockerfile) directives() {
	for _, line := range d.lines {
		line = strings.TrimSpace(line)
		if m := escapeDirective.FindStringSubmatch(line); m != nil {
			d.escape = m[1]
		}
		if !strings.HasPrefix(line, "#") {
			return
		}
	}
}

// instruction returns the words of the instruction that begins at a line, and the line
// behind it and the here-documents that belong to it.
func (d *dockerfile) instruction(at int) ([]string, int) {
	var words, ends []string
	for ; at < len(d.lines); at++ {
		if d.idle(at) {
			continue // Comments and empty lines do not end an instruction.
		}
		line := strings.TrimRight(d.lines[at], " \t\r")
		rest, more := strings.CutSuffix(line, d.escape)
		words = append(words, strings.Fields(rest)...)
		if len(words) > 0 && takesDocuments(words[0]) {
			for _, m := range heredoc.FindAllStringSubmatch(rest, -1) {
				ends = append(ends, m[1])
			}
		}
		if !more {
			at++
			break
		}
	}
	for _, end := range ends {
		at = d.behind(at, end)
	}
	return words, at
}

// idle reports whether a line is empty or a comment.
func (d *dockerfile) idle(at int) bool {
	line := strings.TrimSpace(d.lines[at])
	return line == "" || line[0] == '#'
}

func takesDocuments(word string) bool {
	return strings.EqualFold(word, "RUN") || strings.EqualFold(word, "COPY") || strings.EqualFold(word, "ADD")
}

// behind returns the line behind the one that ends a here-document, or the same line
// when there is none: it was no here-document then.
func (d *dockerfile) behind(at int, end string) int {
	if d.same == nil {
		d.same = make(map[string][]int)
		for n, line := range d.lines {
			text := strings.Trim(line, "\t\r ")
			d.same[text] = append(d.same[text], n)
		}
	}
	lines := d.same[end]
	if i, _ := slices.BinarySearch(lines, at); i < len(lines) {
		return lines[i] + 1
	}
	return at
}

// addStage adds the stage of a FROM with these words behind it.
func (d *dockerfile) addStage(words []string, line int) {
	for len(words) > 1 && strings.HasPrefix(words[0], "--") {
		words = words[1:]
	}
	s := Stage{Name: "stage-" + strconv.Itoa(len(d.stages)), From: words[0], Line: line, Source: -1}
	if len(words) == 3 && strings.EqualFold(words[1], "AS") {
		s.Name = strings.ToLower(words[2])
	}
	d.named[s.Name] = len(d.stages)
	d.stages = append(d.stages, s)
}

// addCopy notes the stage that a COPY with these words behind it names with --from. One
// that names an image is not noted.
func (d *dockerfile) addCopy(words []string, line int) {
	for _, w := range words {
		name, ok := strings.CutPrefix(w, "--from=")
		if !ok {
			continue
		}
		if n, ok := d.named[strings.ToLower(name)]; ok {
			d.copies[line] = d.stages[n].Name
		} else if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(d.stages) {
			d.copies[line] = d.stages[n].Name
		}
		return
	}
}

// stageAt returns the stage that a line belongs to, nil for none.
func (d *dockerfile) stageAt(line int) *Stage {
	at, found := slices.BinarySearchFunc(d.stages, line, func(s Stage, line int) int { return cmp.Compare(s.Line, line) })
	if !found {
		at--
	}
	if at < 0 || at >= len(d.stages) {
		return nil
	}
	return &d.stages[at]
}
