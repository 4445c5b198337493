// Package document holds what the readers and writers of SBOM documents share.
package document
