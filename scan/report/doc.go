// Package report reads the reports of other vulnerability scanners into
// [scan.Report], so that they can be compared with each other and with our own.
//
// # Formats
//
//   - Grype JSON (matches and ignoredMatches), of version 0.30 and later
//   - Trivy JSON of schema version 2 (Vulnerabilities and
//     ExperimentalModifiedFindings)
//   - CycloneDX 1.4 and later with vulnerabilities, JSON and XML
//
// [Decode] tells them apart by their content.
//
// # What is kept
//
// Every row of a report becomes one finding: a Grype match, a Trivy
// vulnerability of a target, a pair of CycloneDX vulnerability and affected
// component. Nothing is merged and nothing is dropped; a row that is malformed
// becomes a gap. Finding.Pointer is the row's place as a JSON pointer, in
// CycloneDX XML that of its JSON form. Findings stay in the order of the report:
// call [scan.Report.Sort] for the canonical one.
//
// Where a tool does not say something, it is left empty and not guessed. Status
// and severity are the tool's own words, mapped: rows that the user ignored
// are scan.StatusSuppressed, rows that a VEX statement decided have its status.
//
// Identifiers of other databases are aliases when they name a vulnerability (CVE,
// GHSA, GO and so on), and related when they name an advisory, which may cover
// several (DSA, RHSA, ALAS and so on).
package report
