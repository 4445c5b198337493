//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/compare/score"
	"github.com/imagetrust/imagetrust/internal/bench/truth"
)

func printMachine(runs int) {
	fmt.Printf("%d cores, %s, %s. Medians (least–most) of %d runs, interleaved. Load average at the start %s.\n",
		runtime.NumCPU(), processor(), runtime.Version(), runs, load())
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(info)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return "unknown processor"
}

// load returns the load average of the last minute.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(data), " ")
	return one
}

func printImage(img *truth.Image) {
	var size, compressed int64
	entries := 0
	for _, l := range img.Layers {
		size, compressed, entries = size+l.Size, compressed+l.CompressedSize, entries+l.Entries
	}
	fmt.Printf("\n## %s: %d layers, %d entries, %.0f MB, compressed %.0f MB\n", img.Name, len(img.Layers), entries, float64(size)/1e6, float64(compressed)/1e6)
}

func printCosts(img *truth.Image, in input, results []*result) {
	fmt.Printf("\n### %s, %s: cost (load %s)\n\n", img.Name, in.format, load())
	fmt.Println("| | wall s | CPU s | peak MiB | × bare wall | × bare CPU | document MB | temporary disk MiB |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	var base *result
	if i := slices.IndexFunc(results, func(r *result) bool { return r.row.name == "bare" }); i >= 0 {
		base = results[i]
	}
	for _, r := range results {
		fmt.Printf("| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.row.name+r.failed(),
			spread(r.each(wall), 2), spread(r.each(cpu), 2), spread(r.each(resident), 0),
			r.ratio(base, wall), r.ratio(base, cpu), r.document(), r.temporary())
	}
}

func wall(u *usage) float64     { return u.Wall.Seconds() }
func cpu(u *usage) float64      { return u.CPU.Seconds() }
func resident(u *usage) float64 { return float64(u.Resident) / (1 << 20) }

func (r *result) each(of func(*usage) float64) []float64 {
	var list []float64
	for _, u := range r.runs {
		list = append(list, of(u))
	}
	return list
}

// ratio returns the median of the rounds' ratios: what disturbs a round disturbs
// both sides of its ratio.
func (r *result) ratio(base *result, of func(*usage) float64) string {
	if base == nil || base == r {
		return ""
	}
	var list []float64
	for i, u := range r.runs {
		list = append(list, of(u)/of(base.runs[i]))
	}
	return fmt.Sprintf("%.2f", median(list))
}

func (r *result) failed() string {
	for _, u := range r.runs {
		if u.Exit != 0 {
			return fmt.Sprintf(" (exit status %d)", u.Exit)
		}
	}
	return ""
}

func (r *result) document() string {
	if r.output == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", float64(r.output)/1e6)
}

func (r *result) temporary() string {
	if r.disk == nil {
		return ""
	}
	s := fmt.Sprintf("%.0f", float64(r.disk.Disk)/(1<<20))
	if r.disk.Left > 0 {
		s += fmt.Sprintf(", %d left", r.disk.Left>>20)
	}
	return s
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	if n := len(list); n%2 == 0 {
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[len(list)/2]
}

func spread(list []float64, digits int) string {
	return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, median(list), digits, slices.Min(list), digits, slices.Max(list))
}

// most is how many names are printed of a kind.
const most = 10

func printCards(in input, cards []toolCard, verbose bool) {
	fmt.Printf("\n### %s: correctness\n\n", in.format)
	fmt.Println("| | ecosystem | truth | found | extra (of these beside) | beside, told apart | places found | layers right |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, c := range cards {
		for _, e := range c.card.Ecosystems {
			fmt.Printf("| %s | %s | %d | %s | %s | %d/%d | %d/%d | %d/%d |\n", c.tool, e.Ecosystem, e.Truth, found(e.Found, e.Truth),
				extras(e), e.Apart, e.AllBeside, e.PlacesFound, e.Places, e.Layers, e.Places)
		}
	}
	for _, c := range cards {
		printRest(c)
		if verbose {
			printNames(c)
		}
	}
}

func found(n, of int) string {
	if n == of {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("**%d**", n)
}

func extras(e score.Ecosystem) string {
	if len(e.Extra) == 0 {
		return "0"
	}
	return fmt.Sprintf("**%d** (%d)", len(e.Extra), e.Beside)
}

func printRest(c toolCard) {
	if c.card.Leftover > 0 {
		fmt.Printf("\n%s: %d of %d removed packages reported as installed.\n", c.tool, len(c.card.Leftovers), c.card.Leftover)
	}
	i := c.card.Integrity
	if i == nil {
		fmt.Printf("\n%s, integrity: compares no file with what its package recorded.\n", c.tool)
		return
	}
	fmt.Printf("\n%s, integrity:", c.tool)
	for _, kind := range []truth.Kind{truth.Modified, truth.Missing, score.Undocumented, truth.Unowned} {
		fmt.Printf(" %s %d/%d,", kind, i.Kinds[kind].Found, i.Kinds[kind].Truth)
	}
	fmt.Printf(" false alarms %d; packages without their files %d/%d, without some %d/%d, made up %d.\n", len(i.Alarms),
		i.Ghosts.Found, i.Ghosts.Truth, i.Damaged.Found, i.Damaged.Truth, len(i.MadeUp))
}

func printNames(c toolCard) {
	names := func(what string, list []string) {
		if len(list) == 0 {
			return
		}
		fmt.Printf("\n%s, %s (%d): %s\n", c.tool, what, len(list), strings.Join(list[:min(most, len(list))], "; "))
	}
	for _, e := range c.card.Ecosystems {
		names(string(e.Ecosystem)+" missing", e.Missing)
		names(string(e.Ecosystem)+" extra", e.Extra)
		names(string(e.Ecosystem)+" not at its place", e.Misplaced)
		names(string(e.Ecosystem)+" beside, not mentioned", e.Silent)
		names(string(e.Ecosystem)+" in the wrong layer", e.Wrong)
	}
	names("leftovers", c.card.Leftovers)
	if i := c.card.Integrity; i != nil {
		names("changes not seen", i.Unseen)
		names("false alarms", i.Alarms)
		names("lost files not known", i.Unknown)
		names("lost files made up", i.MadeUp)
	}
}
