package spdxexpr

// current returns the licence that an identifier of the list stands for today.
func current(id string) *node {
	if n, ok := successors[id]; ok {
		return &node{license: n.license, exception: n.exception}
	}
	return &node{license: id}
}

// successors are the licences that mean the same as a deprecated identifier, as the
// list itself says (its "deprecated" section, and the notes of the licences).
var successors = map[string]node{
	"AGPL-1.0":                         {license: "AGPL-1.0-only"},
	"AGPL-3.0":                         {license: "AGPL-3.0-only"},
	"BSD-2-Clause-FreeBSD":             {license: "BSD-2-Clause-Views"},
	"BSD-2-Clause-NetBSD":              {license: "BSD-2-Clause"},
	"bzip2-1.0.5":                      {license: "bzip2-1.0.6"},
	"eCos-2.0":                         {license: "GPL-2.0-or-later", exception: "eCos-exception-2.0"},
	"GFDL-1.1":                         {license: "GFDL-1.1-only"},
	"GFDL-1.2":                         {license: "GFDL-1.2-only"},
	"GFDL-1.3":                         {license: "GFDL-1.3-only"},
	"GPL-1.0":                          {license: "GPL-1.0-only"},
	"GPL-1.0+":                         {license: "GPL-1.0-or-later"},
	"GPL-2.0":                          {license: "GPL-2.0-only"},
	"GPL-2.0+":                         {license: "GPL-2.0-or-later"},
	"GPL-2.0-with-autoconf-exception":  {license: "GPL-2.0-only", exception: "Autoconf-exception-2.0"},
	"GPL-2.0-with-bison-exception":     {license: "GPL-2.0-only", exception: "Bison-exception-2.2"},
	"GPL-2.0-with-classpath-exception": {license: "GPL-2.0-only", exception: "Classpath-exception-2.0"},
	"GPL-2.0-with-font-exception":      {license: "GPL-2.0-only", exception: "Font-exception-2.0"},
	"GPL-2.0-with-GCC-exception":       {license: "GPL-2.0-only", exception: "GCC-exception-2.0"},
	"GPL-3.0":                          {license: "GPL-3.0-only"},
	"GPL-3.0+":                         {license: "GPL-3.0-or-later"},
	"GPL-3.0-with-autoconf-exception":  {license: "GPL-3.0-only", exception: "Autoconf-exception-3.0"},
	"GPL-3.0-with-GCC-exception":       {license: "GPL-3.0-only", exception: "GCC-exception-3.1"},
	"LGPL-2.0":                         {license: "LGPL-2.0-only"},
	"LGPL-2.0+":                        {license: "LGPL-2.0-or-later"},
	"LGPL-2.1":                         {license: "LGPL-2.1-only"},
	"LGPL-2.1+":                        {license: "LGPL-2.1-or-later"},
	"LGPL-3.0":                         {license: "LGPL-3.0-only"},
	"LGPL-3.0+":                        {license: "LGPL-3.0-or-later"},
	"Nunit":                            {license: "zlib-acknowledgement"},
	"StandardML-NJ":                    {license: "SMLNJ"},
	"wxWindows":                        {license: "LGPL-2.0-or-later", exception: "WxWindows-exception-3.1"},
}
