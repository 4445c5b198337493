//go:build race

package oci_test

// underRace says that the race detector is on, which needs several times the memory.
const underRace = true
