package reconcile_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/scan"
)

// large makes n inputs of 2,000 components and 5,000 findings each, no two of
// which spell a component alike, and each of which lacks some.
func large(n int) []reconcile.Input {
	var inputs []reconcile.Input
	for i := range n {
		inv := &sbom.Inventory{Distribution: &sbom.Distribution{ID: "debian", VersionID: "12"}}
		rep := &scan.Report{}
		for k := range 2000 {
			if k%53 == i {
				continue
			}
			purl := fmt.Sprintf("pkg:deb/debian/package-%d@1%%3A%d.2-3%%2Bdeb12u1?arch=amd64&distro=debian-12.%d", k, k%7, i)
			if k%2 == 1 {
				purl = fmt.Sprintf("pkg:golang/example.com/m%d@v1.%d.0?tool=%d", k, k%9, i)
			}
			c := comp(purl, at(fmt.Sprintf("usr/lib/%d", k)), from(fmt.Sprintf("source-%d", k/3), ""))
			inv.Components = append(inv.Components, c)
			for v := range 2 + k%2 {
				f := scan.Finding{ID: fmt.Sprintf("CVE-2024-%d", k*3+v), Component: scan.RefOf(&c), Status: scan.StatusAffected, Severity: scan.Severity(1 + (i+v)%5)}
				if (k+i)%5 == 0 {
					f.Aliases, f.ID = []string{f.ID}, fmt.Sprintf("GHSA-%d-%d", k, v)
				}
				if (k+v+i)%41 != 0 {
					rep.Findings = append(rep.Findings, f)
				}
			}
		}
		inputs = append(inputs, reconcile.Input{Name: fmt.Sprint("input ", i), Inventory: inv, Report: rep})
	}
	return inputs
}

func BenchmarkRun(b *testing.B) {
	for _, n := range []int{2, 10} {
		inputs := large(n)
		b.Run(fmt.Sprintf("inputs=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reconcile.Run(context.Background(), inputs, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	inputs := large(10)
	r, err := reconcile.Run(context.Background(), inputs, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := reconcile.Verify(r, inputs); err != nil {
			b.Fatal(err)
		}
	}
}

// Inputs made to collide cost no more than others of their size: ten thousand
// components under one id, name, path and digest, ten thousand findings in one
// group of aliases.
func TestHostileSizes(t *testing.T) {
	const n = 10000
	colliding := func(name string) reconcile.Input {
		inv := &sbom.Inventory{}
		rep := &scan.Report{}
		for i := range n {
			c := sbom.Component{ID: "same", Name: "x", PURL: fmt.Sprintf("pkg:npm/x@1.0.%d", i), Hashes: []sbom.Digest{sha1},
				Evidence: []sbom.Evidence{{Location: sbom.Location{Path: "one.jar"}}}, Source: &sbom.SourcePackage{Name: "s"}}
			if i%2 == 0 {
				c.PURL = fmt.Sprintf("pkg:deb/debian/x@%d%%3A1", i+len(name))
			}
			inv.Components = append(inv.Components, c)
			rep.Findings = append(rep.Findings, scan.Finding{ID: fmt.Sprintf("%s-%d", name, i), Aliases: []string{fmt.Sprintf("%s-%d", name, i+1), "HUB"},
				Related: []string{"DSA-1"}, Component: scan.RefOf(&c)})
		}
		return reconcile.Input{Name: name, Inventory: inv, Report: rep}
	}
	inputs := []reconcile.Input{colliding("a"), colliding("bb"), colliding("ccc")}
	start := time.Now()
	r, err := reconcile.Run(context.Background(), inputs, nil)
	if err != nil {
		t.Fatal(err)
	}
	// A quadratic step would be minutes.
	if d := time.Since(start); d > time.Minute {
		t.Errorf("took %v", d)
	}
	checkInvariants(t, inputs, r)
}
