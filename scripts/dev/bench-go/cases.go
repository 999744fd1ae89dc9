package main

import (
	"io"
)

func printCases(w io.Writer, names []string) error { return nil }
