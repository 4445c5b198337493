// Package cyclonedx writes an inventory as a CycloneDX document and reads such
// documents, its own and those of other tools.
package cyclonedx
