package spdxexpr

import "strings"

var dropPunctuation = strings.NewReplacer(",", " ", ";", " ", "\"", " ", "'", "", "licence", "license")

// fold brings a name to the spelling of the keys of names: lower case, without
// punctuation, articles and the words that carry no meaning.
func fold(s string) string {
	s = strings.ToLower(s)
	s = strings.TrimPrefix(s, "license :: osi approved :: ")
	s = strings.TrimPrefix(s, "license :: ")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
	s = strings.TrimPrefix(s, "www.")
	s = strings.TrimSuffix(strings.TrimSuffix(s, "/"), ".git")
	s = dropPunctuation.Replace(s)
	words := strings.Fields(s)
	kept := words[:0]
	for _, w := range words {
		if w != "the" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

// names maps statements, folded, to the one expression that they stand for. It
// holds no statement with several readings: "BSD", "GPL", "LGPL", "Apache",
// "Artistic", "Python Software Foundation License" (PSF-2.0 or Python-2.0).
var names = map[string]string{
	"mit license":                 "MIT",
	"mit license (mit)":           "MIT",
	"mit/x11":                     "MIT",
	"expat":                       "MIT",
	"expat license":               "MIT",
	"opensource.org/licenses/mit": "MIT",
	"opensource.org/license/mit":  "MIT",
	"opensource.org/licenses/mit-license.php":         "MIT",
	"mit no attribution license (mit-0)":              "MIT-0",
	"isc license":                                     "ISC",
	"isc license (iscl)":                              "ISC",
	"opensource.org/licenses/isc":                     "ISC",
	"apache 2":                                        "Apache-2.0",
	"apache 2.0":                                      "Apache-2.0",
	"apache v2":                                       "Apache-2.0",
	"apache v2.0":                                     "Apache-2.0",
	"apache-2":                                        "Apache-2.0",
	"apache2":                                         "Apache-2.0",
	"apache2.0":                                       "Apache-2.0",
	"asl 2.0":                                         "Apache-2.0",
	"al2":                                             "Apache-2.0",
	"apache license 2.0":                              "Apache-2.0",
	"apache license v2":                               "Apache-2.0",
	"apache license v2.0":                             "Apache-2.0",
	"apache license version 2.0":                      "Apache-2.0",
	"apache software license 2.0":                     "Apache-2.0",
	"apache software license version 2.0":             "Apache-2.0",
	"apache.org/licenses/license-2.0":                 "Apache-2.0",
	"apache.org/licenses/license-2.0.txt":             "Apache-2.0",
	"apache.org/licenses/license-2.0.html":            "Apache-2.0",
	"opensource.org/licenses/apache-2.0":              "Apache-2.0",
	"opensource.org/licenses/apache2.0.php":           "Apache-2.0",
	"2-clause bsd license":                            "BSD-2-Clause",
	"bsd 2-clause":                                    "BSD-2-Clause",
	"bsd 2-clause license":                            "BSD-2-Clause",
	"simplified bsd license":                          "BSD-2-Clause",
	"opensource.org/licenses/bsd-2-clause":            "BSD-2-Clause",
	"3-clause bsd license":                            "BSD-3-Clause",
	"bsd 3-clause":                                    "BSD-3-Clause",
	"bsd 3-clause license":                            "BSD-3-Clause",
	"bsd-3":                                           "BSD-3-Clause",
	"new bsd license":                                 "BSD-3-Clause",
	"new bsd":                                         "BSD-3-Clause",
	"modified bsd license":                            "BSD-3-Clause",
	"revised bsd license":                             "BSD-3-Clause",
	"opensource.org/licenses/bsd-3-clause":            "BSD-3-Clause",
	"eclipse.org/org/documents/edl-v10.php":           "BSD-3-Clause",
	"eclipse distribution license - v 1.0":            "BSD-3-Clause",
	"mpl 2.0":                                         "MPL-2.0",
	"mpl2":                                            "MPL-2.0",
	"mozilla public license 2.0":                      "MPL-2.0",
	"mozilla public license 2.0 (mpl 2.0)":            "MPL-2.0",
	"mozilla public license version 2.0":              "MPL-2.0",
	"mozilla.org/mpl/2.0":                             "MPL-2.0",
	"mozilla public license 1.1 (mpl 1.1)":            "MPL-1.1",
	"mozilla public license version 1.1":              "MPL-1.1",
	"mozilla public license 1.0 (mpl)":                "MPL-1.0",
	"eclipse public license 1.0":                      "EPL-1.0",
	"eclipse public license - v 1.0":                  "EPL-1.0",
	"eclipse public license v1.0":                     "EPL-1.0",
	"eclipse.org/legal/epl-v10.html":                  "EPL-1.0",
	"eclipse public license 1.0 (epl-1.0)":            "EPL-1.0",
	"eclipse public license 2.0":                      "EPL-2.0",
	"eclipse public license v2.0":                     "EPL-2.0",
	"eclipse public license - v 2.0":                  "EPL-2.0",
	"eclipse public license 2.0 (epl-2.0)":            "EPL-2.0",
	"eclipse.org/legal/epl-2.0":                       "EPL-2.0",
	"eclipse.org/legal/epl-v20.html":                  "EPL-2.0",
	"cddl 1.0":                                        "CDDL-1.0",
	"common development and distribution license 1.0": "CDDL-1.0",
	"cddl 1.1":                                        "CDDL-1.1",
	"gplv2":                                           "GPL-2.0-only",
	"gnu general public license v2 (gplv2)":           "GPL-2.0-only",
	"gplv2+":                                          "GPL-2.0-or-later",
	"gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later",
	"gplv3":                                 "GPL-3.0-only",
	"gnu general public license v3 (gplv3)": "GPL-3.0-only",
	"gplv3+":                                "GPL-3.0-or-later",
	"gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
	"gpl2 w/ cpe":                                             "GPL-2.0-only WITH Classpath-exception-2.0",
	"gplv2 with classpath exception":                          "GPL-2.0-only WITH Classpath-exception-2.0",
	"gnu.org/software/classpath/license.html":                 "GPL-2.0-only WITH Classpath-exception-2.0",
	"gnu lesser general public license v2 (lgplv2)":           "LGPL-2.0-only",
	"gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.0-or-later",
	"lgplv2.1":  "LGPL-2.1-only",
	"lgplv2.1+": "LGPL-2.1-or-later",
	"lgplv3":    "LGPL-3.0-only",
	"gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
	"lgplv3+": "LGPL-3.0-or-later",
	"gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
	"gnu affero general public license v3":                    "AGPL-3.0-only",
	"gnu affero general public license v3 or later (agplv3+)": "AGPL-3.0-or-later",
	"boost software license 1.0 (bsl-1.0)":                    "BSL-1.0",
	"boost software license 1.0":                              "BSL-1.0",
	"cc0 1.0 universal (cc0 1.0) public domain dedication":    "CC0-1.0",
	"creativecommons.org/publicdomain/zero/1.0":               "CC0-1.0",
	"psf-2.0": "PSF-2.0",
	"historical permission notice and disclaimer (hpnd)": "HPND",
	"unlicense":                          "Unlicense",
	"unlicense (unlicense)":              "Unlicense",
	"unlicense.org":                      "Unlicense",
	"universal permissive license (upl)": "UPL-1.0",
	"wtfpl":                              "WTFPL",
	"zlib/libpng license":                "Zlib",
	"zpl 2.1":                            "ZPL-2.1",
	"european union public license 1.2 (eupl 1.2)": "EUPL-1.2",
	"json license": "JSON",
}
