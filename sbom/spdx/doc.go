// Package spdx writes an inventory as an SPDX document and reads such
// documents, its own and those of other tools.
package spdx
