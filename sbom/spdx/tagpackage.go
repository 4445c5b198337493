package spdx

import "strings"

// packageTag stores one value of a package. It reports a tag that is not known.
func (r *tagReader) packageTag(tag, value string) bool {
	p := r.pkg
	if at := p.textTag(tag); at != nil {
		if *at != "" {
			r.doc.lost.Add("", tag, reasonTwice, 1)
		}
		*at = value
		return true
	}
	switch tag {
	case "FilesAnalyzed":
		yes := value == "true"
		p.FilesAnalyzed = &yes
	case "PackageVerificationCode":
		p.Verification = parseVerification(value)
	case "PackageChecksum":
		p.Checksums = append(p.Checksums, parseChecksum(value))
	case "PackageLicenseInfoFromFiles":
		p.FromFiles = append(p.FromFiles, value)
	case "PackageAttributionText":
		p.Attribution = append(p.Attribution, value)
	case "ExternalRef":
		parts := strings.Fields(value)
		if len(parts) < 3 {
			return false
		}
		p.ExternalRefs = append(p.ExternalRefs, externalRef{Category: parts[0], Type: parts[1], Locator: strings.Join(parts[2:], " ")})
	case "ExternalRefComment":
		if len(p.ExternalRefs) == 0 {
			return false
		}
		p.ExternalRefs[len(p.ExternalRefs)-1].Comment = value
	default:
		return false
	}
	return true
}

// textTag returns the field of a package that a tag with one text sets, nil for
// other tags.
func (p *pkg) textTag(tag string) *string {
	switch tag {
	case "SPDXID":
		return &p.SPDXID
	case "PackageVersion":
		return &p.Version
	case "PackageFileName":
		return &p.FileName
	case "PackageSupplier":
		return &p.Supplier
	case "PackageOriginator":
		return &p.Originator
	case "PackageDownloadLocation":
		return &p.DownloadLocation
	case "PrimaryPackagePurpose":
		return &p.Purpose
	case "ReleaseDate":
		return &p.ReleaseDate
	case "BuiltDate":
		return &p.BuiltDate
	case "ValidUntilDate":
		return &p.ValidUntilDate
	case "PackageHomePage":
		return &p.HomePage
	case "PackageSourceInfo":
		return &p.SourceInfo
	case "PackageLicenseConcluded":
		return &p.LicenseConcluded
	case "PackageLicenseDeclared":
		return &p.LicenseDeclared
	case "PackageLicenseComments":
		return &p.LicenseComments
	case "PackageCopyrightText":
		return &p.Copyright
	case "PackageSummary":
		return &p.Summary
	case "PackageDescription":
		return &p.Description
	case "PackageComment":
		return &p.Comment
	}
	return nil
}

// fileTag stores one value of a file. It reports a tag that is not known.
func (r *tagReader) fileTag(tag, value string) bool {
	p := r.file
	switch tag {
	case "SPDXID":
		p.SPDXID = value
	case "FileType":
		p.file.Types = append(p.file.Types, value)
	case "FileChecksum":
		p.Checksums = append(p.Checksums, parseChecksum(value))
	case "LicenseConcluded":
		p.LicenseConcluded = value
	case "LicenseInfoInFile":
		p.file.InFile = append(p.file.InFile, value)
	case "LicenseComments":
		p.LicenseComments = value
	case "FileCopyrightText":
		p.Copyright = value
	case "FileComment":
		p.Comment = value
	case "FileNotice":
		p.file.Notice = value
	case "FileContributor":
		p.file.Contributors = append(p.file.Contributors, value)
	case "FileDependency":
		p.file.Dependencies = append(p.file.Dependencies, value)
	case "FileAttributionText":
		p.Attribution = append(p.Attribution, value)
	default:
		return false
	}
	return true
}

func parseChecksum(s string) checksum {
	alg, value, _ := strings.Cut(s, ":")
	return checksum{Algorithm: strings.TrimSpace(alg), Value: strings.TrimSpace(value)}
}

// parseVerification reads "VALUE" and "VALUE (excludes: FILE, FILE)".
func parseVerification(s string) *verification {
	value, rest, ok := strings.Cut(s, "(")
	v := &verification{Value: strings.TrimSpace(value)}
	if !ok {
		return v
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(rest), "excludes:"), ")")
	for f := range strings.SplitSeq(rest, ",") {
		if f = strings.TrimSpace(f); f != "" {
			v.Excluded = append(v.Excluded, f)
		}
	}
	return v
}
