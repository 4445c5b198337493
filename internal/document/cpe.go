package document

import "regexp"

// validCPE is the pattern of the CycloneDX XML schema, which is stricter than JSON's.
var validCPE = regexp.MustCompile(`^([c][pP][eE]:/[AHOaho]?(:[A-Za-z0-9\._\-~%]*){0,6}` +
	`|cpe:2\.3:[aho*\-](:` + cpeAttribute + `){5}(:([a-zA-Z]{2,3}(-([a-zA-Z]{2}|[0-9]{3}))?|[*\-]))(:` + cpeAttribute + `){4})$`)

const cpeAttribute = `((\?*|\*?)([a-zA-Z0-9\-\._]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~])+(\?*|\*?)|[*\-])`

// GoodCPE reports whether documents can carry s where they ask for a CPE.
func GoodCPE(s string) bool { return validCPE.MatchString(s) }
