// Command attest signs, stores, finds and verifies attestations of container images.
//
//	go run ./examples/attest COMMAND [FLAGS] ARGUMENT
//
// Each command has a file of its own, which says what it takes. The exit status is 0
// if the command did what it was asked for, 1 if not, and 2 for wrong arguments.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// command runs with the arguments behind its name and prints to out.
type command func(ctx context.Context, args []string, out io.Writer) error

// commands are the commands by name.
func commands() map[string]command {
	return map[string]command{
		"sign":          sign,
		"attach":        attach,
		"list":          list,
		"verify":        verify,
		"verify-bundle": verifyBundle,
	}
}

// errUsage says that the arguments are wrong; the flag package has said why.
var errUsage = errors.New("wrong arguments")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout); {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "attest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	names := strings.Join(slices.Sorted(maps.Keys(commands())), ", ")
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: attest COMMAND [FLAGS] ARGUMENT; commands:", names)
		return errUsage
	}
	do, known := commands()[args[0]]
	if !known {
		fmt.Fprintf(os.Stderr, "attest: unknown command %q; commands: %s\n", args[0], names)
		return errUsage
	}
	return do(ctx, args[1:], out)
}

// parse parses the flags of a command, which takes one argument behind them.
func parse(flags *flag.FlagSet, args []string) (argument string, err error) {
	if flags.Parse(args) != nil {
		return "", errUsage
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return "", errUsage
	}
	return flags.Arg(0), nil
}
