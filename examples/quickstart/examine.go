package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/examples/internal/source"
	"github.com/imagetrust/imagetrust/policy"
	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/reconcile"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/scan"
	"github.com/imagetrust/imagetrust/scan/osv"
)

// trust is what was learned about an image.
type trust struct {
	inventory      *sbom.Inventory
	reports        []*scan.Report
	reconciliation *reconcile.Reconciliation
	rbom           *rbom.RBOM
	bundles        map[string]*attest.Bundle // what was signed here, by file name
	files          map[attest.Digest]string  // those names, by the envelope's digest
	publicKey      []byte                    // PEM, to verify them with
	attestations   []*attest.Verified
	rejected       []string // attestations that did not pass, and why
	decision       *policy.Decision
	took           time.Duration
}

// examine goes the whole way, from the image to the decision.
func examine(ctx context.Context, c config) (*trust, error) {
	start := time.Now()
	img, err := source.Image(ctx, c.image)
	if err != nil {
		return nil, err
	}
	defer img.Close()

	t := &trust{}
	if t.inventory, err = catalog.Image(ctx, img, nil); err != nil {
		return nil, err
	}
	if err := t.scan(ctx, c.osv); err != nil {
		return nil, err
	}
	if err := t.reconcile(ctx, c.documents); err != nil {
		return nil, err
	}
	if err := t.join(c.recording); err != nil {
		return nil, err
	}
	if err := t.attest(ctx, c); err != nil {
		return nil, err
	}
	if err := t.decide(ctx); err != nil {
		return nil, err
	}
	t.took = time.Since(start)
	return t, nil
}

// scan matches the inventory against the OSV data in dir.
func (t *trust) scan(ctx context.Context, dir string) error {
	if dir == "" {
		return nil
	}
	zips, err := filepath.Glob(filepath.Join(dir, "*", "all.zip"))
	if err != nil {
		return err
	}
	if len(zips) == 0 {
		return fmt.Errorf("there is no vulnerability data in %s: expected files such as Debian/all.zip, as osv.dev publishes them", dir)
	}
	var sources []osv.Source
	for _, z := range zips {
		sources = append(sources, osv.Zip(z))
	}
	var index bytes.Buffer
	if _, err := osv.Build(ctx, &index, sources...); err != nil {
		return err
	}
	db, err := osv.OpenBytes(index.Bytes())
	if err != nil {
		return err
	}
	report, err := osv.NewScanner(db, nil).Scan(ctx, t.inventory)
	if err != nil {
		return err
	}
	t.reports = append(t.reports, report)
	return nil
}

// reconcile compares the inventory and its report with the documents of others.
func (t *trust) reconcile(ctx context.Context, files []string) error {
	ours := reconcile.Input{Name: "imagetrust", Inventory: t.inventory, Witness: true}
	if len(t.reports) > 0 {
		ours.Report = t.reports[0]
	}
	inputs := []reconcile.Input{ours}
	for _, file := range files {
		in, err := source.Document(file)
		if err != nil {
			return err
		}
		in.Name = filepath.Base(file)
		if in.Report != nil {
			t.reports = append(t.reports, in.Report)
		}
		inputs = append(inputs, in)
	}
	var err error
	t.reconciliation, err = reconcile.Run(ctx, inputs, nil)
	return err
}

// join connects the recording of a run with the inventory.
func (t *trust) join(file string) error {
	if file == "" {
		return nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var rec rbom.Recording
	if err := json.Unmarshal(b, &rec); err != nil {
		return fmt.Errorf("%s is no recording: %w", file, err)
	}
	t.rbom, err = rbom.Join(&rec, t.inventory)
	return err
}

// decide asks the rules that a careful operator would ask.
func (t *trust) decide(ctx context.Context) (err error) {
	t.decision, err = policy.Decide(ctx, &policy.Evidence{
		Subject:        t.inventory.Subject.Digest,
		Inventory:      t.inventory,
		Reports:        t.reports,
		Reconciliation: t.reconciliation,
		RBOM:           t.rbom,
		Attestations:   t.attestations,
	},
		policy.DigestBound{},
		policy.NoUnknownExecutable{},
		policy.NoFixableFinding{AtLeast: scan.SeverityHigh},
		policy.SBOMAttested{Signers: []policy.Signer{{Name: examiner}}},
		policy.SignerTrusted{Signers: []policy.Signer{{Name: examiner}, {Name: builder}}},
		policy.ProvenanceFrom{
			Builders: []string{"https://builder.example/imagetrust/quickstart@"},
			Sources:  []string{"https://github.com/imagetrust/imagetrust"},
			Signers:  []policy.Signer{{Name: builder}},
		},
		policy.NoDrift{},
	)
	return err
}
