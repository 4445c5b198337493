//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/imagetrust/imagetrust/internal/bench/compare/score"
	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

// compareImage measures and judges all tools on one image, in both formats.
func compareImage(o *options, name string) (err error) {
	dir := filepath.Join(o.dir, name)
	img, err := truth.Read(dir)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "compare-out-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	printImage(img)
	var before []toolCard
	for _, in := range []input{
		{format: ociLayout, path: filepath.Join(dir, "oci")},
		{format: dockerArchive, path: filepath.Join(dir, "docker.tar")},
	} {
		if in.sections, err = writeSections(tmp, in, img); err != nil {
			return err
		}
		cards, disk, err := o.judge(img, in, tmp)
		if err != nil {
			return err
		}
		if o.runs > 0 {
			results, err := o.measureAll(in, tmp, disk)
			if err != nil {
				return err
			}
			printCosts(img, in, results)
		}
		cards = slices.DeleteFunc(cards, func(c toolCard) bool {
			same := slices.ContainsFunc(before, func(b toolCard) bool { return reflect.DeepEqual(b, c) })
			if same {
				fmt.Printf("\nWhat %s says of the %s is as right and as wrong as of the %s.\n", c.tool, in.format, ociLayout)
			}
			return same
		})
		if len(cards) > 0 {
			printCards(in, cards, o.verbose)
		}
		before = cards
	}
	return nil
}

func writeSections(tmp string, in input, img *truth.Image) (string, error) {
	list, err := sections(in, img)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	file := filepath.Join(tmp, fmt.Sprintf("sections-%d.json", in.format))
	return file, os.WriteFile(file, data, 0o644)
}

// toolCard is what a tool gets right.
type toolCard struct {
	tool string
	card *score.Card
}

// judge runs each tool once for what it says. These runs warm the file cache, and
// while they run somebody looks at their temporary files.
func (o *options) judge(img *truth.Image, in input, tmp string) (cards []toolCard, disk map[string]*usage, err error) {
	disk = make(map[string]*usage)
	reports := make(map[string]*score.Report)
	programs := make(map[string]bool)
	for _, tool := range o.tools {
		j, ok := judges()[tool]
		out := filepath.Join(tmp, tool+".textproto")
		if !ok || j.command(in, out) == nil {
			continue
		}
		if disk[tool], err = launch(j.command(in, out), true); err != nil {
			return nil, nil, err
		}
		if reports[tool], err = j.read(out); err != nil {
			return nil, nil, fmt.Errorf("%s: exit status %d: %w: %s", tool, disk[tool].Exit, err, disk[tool].Stderr)
		}
		maps.Copy(programs, reports[tool].Programs)
		if err := os.Remove(out); err != nil {
			return nil, nil, err
		}
	}
	for _, tool := range o.tools {
		if r := reports[tool]; r != nil {
			cards = append(cards, toolCard{tool, score.Against(img, r, programs)})
		}
	}
	return cards, disk, nil
}

// result is all runs of one row.
type result struct {
	row    row
	runs   []*usage
	output int64 // bytes of the document
	disk   *usage
}

// measureAll runs all rows in turn, a different one first in each round.
func (o *options) measureAll(in input, tmp string, disk map[string]*usage) ([]*result, error) {
	var results []*result
	out := filepath.Join(tmp, "out.json")
	for _, r := range rows() {
		if slices.Contains(o.tools, r.tool) && r.command(in, out) != nil {
			results = append(results, &result{row: r, disk: disk[r.tool]})
		}
	}
	for round := range o.runs {
		for i := range results {
			if err := results[(i+round)%len(results)].once(in, out); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

func (r *result) once(in input, out string) error {
	u, err := launch(r.row.command(in, out), false)
	if err != nil {
		return err
	}
	info, err := os.Stat(out)
	switch {
	case err == nil:
		r.output = info.Size()
		err = os.Remove(out)
	case errors.Is(err, os.ErrNotExist) && u.Exit == 0:
		err = nil // writes none
	default:
		err = fmt.Errorf("%s: exit status %d: %s", r.row.name, u.Exit, u.Stderr)
	}
	r.runs = append(r.runs, u)
	return err
}
