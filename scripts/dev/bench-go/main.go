// Command bench-go is the other side of the comparison: BuildKit's own Go client builds and marshals the graphs that
// the benches of crate buildkit-llb build, and prints what it took as JSON.
//
//	bench-go bench          times and allocations, one JSON object a line
//	bench-go cases          name and sha256 of each graph of cases.go, as crate buildkit-llb's tests list them
//	bench-go cases NAME     the encoded definition of one of them, for `buildctl debug dump-llb`
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := execute(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-go:", err)
		os.Exit(1)
	}
}

func execute(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "bench":
		return bench(os.Stdout)
	case len(args) >= 1 && args[0] == "cases":
		return printCases(os.Stdout, args[1:])
	}
	return fmt.Errorf("usage: bench-go bench | cases [NAME]")
}
