//go:build !unix

package catalog

import "errors"

func makePipe(string) error { return errors.ErrUnsupported }
