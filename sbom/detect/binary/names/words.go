package names

import "strings"

// words are names that anyone gives a program of their own, and that a distribution has of
// one project by chance: a file "compiler" is rarely eclipse-titan's. Words that are a
// program of every system, such as install, are not among them.
var words = wordSet("backup batch bench benchmark bootstrap build bundle bundler check cleanup cluster compiler config console exec export gc indexer " +
	"mailer monitor mytool order pack pipeline plugin proxy queue render restore sample scan setup slave socket start streamer supervisor " +
	"tests train transform upgrade upload verify viewer vm wait wrapper")

func wordSet(list string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}
