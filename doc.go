// Package imagetrust is the map of the module; it has no code.
package imagetrust
