package textscan

// Limits of what counts as a version.
const (
	maxNumber  = 8 // digits
	maxNumbers = 6
)

// parseVersion returns where the version that begins at b[s] ends: its numbers, and
// with what is appended to them ("1.1.1w", "9.2p1", "3.0.0-rc1", "6.9.11-60"). Both are
// s if it is none.
func parseVersion(b []byte, s int) (core, end int) {
	i, n := s, 0
	for {
		digits := i
		for i < len(b) && digit(b[i]) {
			i++
		}
		if i == digits || i-digits > maxNumber {
			break
		}
		core, n = i, n+1
		if n == maxNumbers || i >= len(b) || b[i] != '.' {
			break
		}
		i++
	}
	if n < 2 {
		return s, s
	}
	return core, core + suffix(b[core:])
}

// words are what may follow the numbers of a version, in front of a number or alone.
var words = []string{"alpha", "beta", "dev", "git", "motley", "node", "P", "patch", "pl", "pre", "rc", "release", "RELEASE", "stable"}

// suffix returns the length of what is appended to a version.
func suffix(b []byte) int {
	i := 0
	sign := len(b) > 0 && (b[0] == '-' || b[0] == '+' || b[0] == '~' || b[0] == '_')
	if sign {
		i++
		if n := digits(b[i:], 3); n > 0 && !wordAt(b, i+n) {
			return i + n // A patch level.
		}
	}
	letters := i
	for i < len(b) && letter(b[i]) {
		i++
	}
	word := string(b[letters:min(i, letters+8)])
	if !known(word, letters == 0) {
		return 0
	}
	if i < len(b) && (b[i] == '.' || b[i] == '-') && digits(b[i+1:], 4) > 0 {
		i++
	}
	i += digits(b[i:], 4)
	if wordAt(b, i) {
		return 0
	}
	return i
}

// known reports whether the word may be part of a version. Single letters follow the
// numbers at once.
func known(word string, adjacent bool) bool {
	if len(word) == 1 && word[0] >= 'a' && adjacent {
		return true
	}
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// digits returns the number of digits that b begins with, 0 if they are more than most.
func digits(b []byte, most int) int {
	n := 0
	for n < len(b) && digit(b[n]) {
		n++
	}
	if n > most {
		return 0
	}
	return n
}

func digit(c byte) bool  { return c-'0' < 10 }
func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// wordAt reports whether b goes on as a word at i.
func wordAt(b []byte, i int) bool {
	return i < len(b) && (digit(b[i]) || letter(b[i]) || b[i] == '_' || b[i] == '.' && i+1 < len(b) && digit(b[i+1]))
}

// printable is true for what text in a program consists of. A new line ends a string.
var printable = func() (t [256]bool) {
	for c := ' '; c <= '~'; c++ {
		t[c] = true
	}
	t['\t'] = true
	return t
}()
