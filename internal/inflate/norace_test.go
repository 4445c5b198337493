//go:build !race

package inflate_test

const defaultComparisons = 25_000
