package main

// npm are records about the image's npm packages, written by hand from the public
// identifiers, ranges and scores of their advisories.
var npm = []record{
	npmRecord("GHSA-29mw-wpgm-hmr9", "CVE-2020-28500", "lodash", "4.0.0", "4.17.21", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"),
	npmRecord("GHSA-35jh-r3h4-6jhm", "CVE-2021-23337", "lodash", "0", "4.17.21", "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"),
	npmRecord("GHSA-p6mc-m468-83gw", "CVE-2020-8203", "lodash", "3.7.0", "4.17.19", "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H"),
	npmRecord("GHSA-xvch-5gv4-984h", "CVE-2021-44906", "minimist", "1.0.0", "1.2.6", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
}

func npmRecord(id, cve, name, introduced, fixed, cvss string) record {
	return record{
		SchemaVersion: "1.7.0", ID: id, Modified: "2026-11-01T00:00:00Z", Aliases: []string{cve},
		Severity: []severity{{Type: "CVSS_V3", Score: cvss}},
		Affected: []affected{{
			Package: pkg{Ecosystem: "npm", Name: name, PURL: "pkg:npm/" + name},
			Ranges:  []rng{{Type: "SEMVER", Events: []map[string]string{{"introduced": introduced}, {"fixed": fixed}}}},
		}},
	}
}
