package sbom_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
)

func TestState(t *testing.T) {
	tests := []struct {
		name string
		file sbom.File
		want sbom.State
	}{
		{"nobody's", sbom.File{}, sbom.StateUnaccounted},
		{"nobody's, even if something was recorded", sbom.File{Integrity: sbom.Intact}, sbom.StateUnaccounted},
		{"by content", sbom.File{Owner: "c", Claim: sbom.ClaimContent, Integrity: sbom.Unrecorded}, sbom.StateIdentified},
		{"intact", sbom.File{Owner: "c", Claim: sbom.ClaimRecorded, Integrity: sbom.Intact}, sbom.StateIntact},
		{"modified", sbom.File{Owner: "c", Claim: sbom.ClaimRecorded, Integrity: sbom.Modified}, sbom.StateModified},
		{"unrecorded", sbom.File{Owner: "c", Claim: sbom.ClaimRecorded, Integrity: sbom.Unrecorded}, sbom.StateUnverified},
		{"unchecked", sbom.File{Owner: "c", Claim: sbom.ClaimRecorded, Integrity: sbom.Unchecked}, sbom.StateUnverified},
		{"by directory", sbom.File{Owner: "c", Claim: sbom.ClaimDirectory, Integrity: sbom.Unrecorded}, sbom.StateUnverified},
		{"nothing said", sbom.File{Owner: "c"}, sbom.StateUnverified},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.file.State(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAccounting(t *testing.T) {
	inv := &sbom.Inventory{Files: []sbom.File{
		{Kind: sbom.KindELF, Size: 10, Owner: "c", Claim: sbom.ClaimRecorded, Integrity: sbom.Intact},
		{Kind: sbom.KindELF, Size: 20, Owner: "c", Claim: sbom.ClaimRecorded, Integrity: sbom.Intact},
		{Kind: sbom.KindScript, Size: 5, Owner: "c", Claim: sbom.ClaimRecorded, Integrity: sbom.Modified},
		{Kind: sbom.KindOther, Size: 7},
		{Size: 100, Owner: "c", Claim: sbom.ClaimRecorded, Integrity: sbom.Modified}, // no executable
		{Kind: sbom.KindELF, Owner: "c", Integrity: sbom.Missing},                    // not there
	}}
	want := sbom.Accounting{
		sbom.StateIntact: {2, 30}, sbom.StateModified: {1, 5}, sbom.StateUnaccounted: {1, 7},
		sbom.StateIdentified: {}, sbom.StateUnverified: {},
	}
	if diff := cmp.Diff(want, inv.Accounting()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (&sbom.Inventory{}).Accounting(); len(got) != len(sbom.States()) {
		t.Errorf("the empty inventory has %d states, want all %d", len(got), len(sbom.States()))
	}
}

func ExampleInventory_Accounting() {
	inv := &sbom.Inventory{Files: []sbom.File{
		{Path: "usr/bin/ls", Kind: sbom.KindELF, Size: 151344, Owner: "c-1", Claim: sbom.ClaimRecorded, Integrity: sbom.Intact},
		{Path: "usr/local/bin/.helper", Kind: sbom.KindELF, Size: 1265648},
	}}
	acc := inv.Accounting()
	for _, state := range sbom.States() {
		if t := acc[state]; t.Files > 0 {
			fmt.Printf("%-12s %d file, %d bytes\n", state, t.Files, t.Bytes)
		}
	}
	// Output:
	// owned-intact 1 file, 151344 bytes
	// unaccounted  1 file, 1265648 bytes
}
