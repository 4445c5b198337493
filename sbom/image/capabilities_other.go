//go:build !linux

package image

import "os"

const filesHaveCapabilities = false

func capabilitiesOf(*os.File) string { return "" }
