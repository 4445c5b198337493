package reconcile

// Kind is what two inputs differ in.
type Kind string

const (
	KindSubject   Kind = "subject"   // They describe different images.
	KindComponent Kind = "component" // A component is in one only, or spelled otherwise.
	KindFinding   Kind = "finding"   // A finding is in one only, or has another id.
	KindSeverity  Kind = "severity"  // They agree on a finding and not on how bad it is.
)

// Certainty is how far a proof carries.
type Certainty string

const (
	// Proven: the facts of the proof are in the inputs and entail the cause.
	Proven Certainty = "proven"
	// Inferred: the facts are in the inputs, and the cause is the likeliest that
	// they allow.
	Inferred Certainty = "inferred"
	// Unexplained: no cause could be shown. The proof has what was tried.
	Unexplained Certainty = "unexplained"
)

// Cause is why inputs differ.
type Cause string

const (
	// CauseOtherSubject: the inputs describe different images or platforms.
	CauseOtherSubject Cause = "other-subject"
	// CausePartialRun: the other input says itself that it did not understand
	// or assess this.
	CausePartialRun Cause = "partial-run"

	// CauseSpelling: one component, spelled differently.
	CauseSpelling Cause = "spelling"
	// CauseSourcePackage: one input lists the source package, the other the
	// binary packages built from it.
	CauseSourcePackage Cause = "source-package"
	// CauseOwnership: the other input lists the distribution's package that owns
	// the files of this language package.
	CauseOwnership Cause = "ownership"
	// CauseDuplicate: one component at several places, listed once by the other.
	CauseDuplicate Cause = "duplicate"
	// CauseVersionConflict: both list the package, in different versions.
	CauseVersionConflict Cause = "version-conflict"
	// CauseScope: the component is not installed software: a cached archive, a
	// lock file's entry, in a deleted layer, test data.
	CauseScope Cause = "scope"
	// CauseNotCatalogued: the component is there, and the other input has
	// nothing from that file or of that ecosystem.
	CauseNotCatalogued Cause = "not-catalogued"
	// CauseHeuristic: the component is a guess: by a file's name, a binary's
	// strings, or without a version.
	CauseHeuristic Cause = "heuristic-component"
	// CauseNotCorrelatable: the component has no usable package URL, and nothing
	// else that would identify it.
	CauseNotCorrelatable Cause = "not-correlatable"

	// CauseAlias: one vulnerability under different ids.
	CauseAlias Cause = "alias"
	// CauseOtherPackage: the other input has the finding on another package of the
	// same source or on the package that owns this one.
	CauseOtherPackage Cause = "other-package-row"
	// CauseComponentMissing: the other input does not have the component.
	CauseComponentMissing Cause = "component-missing"
	// CauseRelease: the inputs assume different distributions or releases.
	CauseRelease Cause = "other-release"
	// CauseMatchGuess: the finding comes from a guessed CPE.
	CauseMatchGuess Cause = "heuristic-match"
	// CauseNewerData: the record is newer than the other input's data.
	CauseNewerData Cause = "newer-data"
	// CauseRange: the inputs know different affected ranges.
	CauseRange Cause = "other-range"
	// CauseVersionOrder: the finding contradicts the order of versions: all
	// versions that it calls fixed are at or before the one installed.
	CauseVersionOrder Cause = "version-order"
	// CauseSuppressed: the other input has it as not affected, fixed or ignored,
	// or leaves out a class of findings such as unfixed ones.
	CauseSuppressed Cause = "suppressed"
	// CauseSeverity: the severities differ.
	CauseSeverity Cause = "severity"
	// CauseUnreachable: the other input says that the vulnerable code is not
	// there or not reached.
	CauseUnreachable Cause = "unreachable-symbol"

	// CauseUnexplained: none of the above could be shown.
	CauseUnexplained Cause = "unexplained"
)

// causes has every cause with its code and its meaning, in one order.
var causes = []struct {
	cause Cause
	code  string
	words string
}{
	{CauseOtherSubject, "S1", "the inputs describe different images"},
	{CausePartialRun, "S2", "the other input says that it did not look at this"},
	{CauseSpelling, "C1", "one component, spelled differently"},
	{CauseSourcePackage, "C2", "a source package on one side, its binary packages on the other"},
	{CauseOwnership, "C3", "a distribution's package owns the language package"},
	{CauseDuplicate, "C4", "one component at several places"},
	{CauseVersionConflict, "C5", "one package in different versions"},
	{CauseScope, "C6", "not installed software"},
	{CauseNotCatalogued, "C7", "there, and not catalogued by the other input"},
	{CauseHeuristic, "C8", "a guessed component"},
	{CauseNotCorrelatable, "C9", "no usable identity"},
	{CauseAlias, "F1", "one vulnerability under different ids"},
	{CauseOtherPackage, "F2", "the finding is on another row of the same package"},
	{CauseComponentMissing, "F3", "the component is in one input only"},
	{CauseRelease, "F4", "different distribution releases"},
	{CauseMatchGuess, "F5", "matched by a guessed CPE"},
	{CauseNewerData, "F6", "newer than the other input's data"},
	{CauseRange, "F7", "different affected ranges"},
	{CauseVersionOrder, "F8", "contradicts the order of versions"},
	{CauseSuppressed, "F9", "suppressed or filtered by the other input"},
	{CauseSeverity, "F10", "different severities"},
	{CauseUnreachable, "F11", "the vulnerable code is not reached"},
	{CauseUnexplained, "U", "unexplained"},
}

// Causes lists all causes, in the order of their codes.
func Causes() []Cause {
	all := make([]Cause, len(causes))
	for i := range causes {
		all[i] = causes[i].cause
	}
	return all
}

// Code returns the cause's short code, such as "C1", empty for an unknown cause.
func (c Cause) Code() string {
	code, _ := c.entry()
	return code
}

// Words returns the cause in a few words for people.
func (c Cause) Words() string {
	_, words := c.entry()
	return words
}

func (c Cause) entry() (code, words string) {
	for i := range causes {
		if causes[i].cause == c {
			return causes[i].code, causes[i].words
		}
	}
	return "", string(c)
}
