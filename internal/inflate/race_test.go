//go:build race

package inflate_test

// defaultComparisons is for a race detector that makes each ten times as slow.
const defaultComparisons = 2_000
