package catalog

import "context"

// patience is that of who waits for work which reads nothing, and takes seconds where an
// image has a million files. A nil *patience never ends.
type patience struct {
	ctx   context.Context
	asked int
}

// askEvery is how many elements are dealt with, in a millisecond or so, until it is asked
// whether anybody still waits.
const askEvery = 1024

// interruption is what ask panics with, and what counts where nothing fails; it does not
// leave the package.
type interruption struct{ cause error }

// ask is called for each element. It panics when nobody waits any more: the work is many
// loops in each other, none of which has anything else to fail with. Who makes a patience
// defers end.
func (p *patience) ask() {
	if p == nil {
		return
	}
	if p.asked++; p.asked%askEvery == 0 && p.ctx.Err() != nil {
		panic(interruption{context.Cause(p.ctx)})
	}
}

// end makes an interruption the error that it was caused by.
func (p *patience) end(err *error) {
	switch r := recover().(type) {
	case nil:
	case interruption:
		*err = r.cause
	default:
		panic(r)
	}
}
