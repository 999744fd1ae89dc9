package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/moby/buildkit/client/llb"
)

// runs is the number of measurements that a median is taken of.
const runs = 5

// graphs are what is measured. The chains beyond 1000 show how time grows.
var graphs = []struct {
	name  string
	build func() llb.State
}{
	{"chain-1000", func() llb.State { return chain(1000) }},
	{"chain-2000", func() llb.State { return chain(2000) }},
	{"chain-4000", func() llb.State { return chain(4000) }},
	{"bench-10k", func() llb.State { return realistic(10000) }},
}

// measurement is one line of the output; crate buildkit-llb's bench reads it.
type measurement struct {
	Graph        string  `json:"graph"`
	Step         string  `json:"step"`
	Milliseconds float64 `json:"milliseconds"`
	Bytes        uint64  `json:"bytes"`
	Allocations  uint64  `json:"allocations"`
	Head         string  `json:"head"`
}

func bench(w io.Writer) error {
	encoder := json.NewEncoder(w)
	for _, graph := range graphs {
		head, err := headOf(graph.build())
		if err != nil {
			return fmt.Errorf("%s: %w", graph.name, err)
		}
		steps := []struct {
			name string
			run  func() error
		}{
			{"construct", func() error { graph.build(); return nil }},
			{"marshal", func() error { _, err := marshal(graph.build()); return err }},
			{"encode", func() error {
				def, err := marshal(graph.build())
				if err != nil {
					return err
				}
				return llb.WriteTo(def, io.Discard)
			}},
		}
		for _, step := range steps {
			m, err := measure(step.run)
			if err != nil {
				return fmt.Errorf("%s: %w", graph.name, err)
			}
			m.Graph, m.Step, m.Head = graph.name, step.name, head
			if err := encoder.Encode(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func marshal(state llb.State) (*llb.Definition, error) {
	return state.Marshal(context.Background(), llb.LinuxAmd64, llb.LocalUniqueID("oracle-unique-id"))
}

func headOf(state llb.State) (string, error) {
	def, err := marshal(state)
	if err != nil {
		return "", err
	}
	digest, err := def.Head()
	return digest.String(), err
}

func measure(run func() error) (measurement, error) {
	var times []float64
	var m measurement
	for range runs {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		if err := run(); err != nil {
			return m, err
		}
		times = append(times, float64(time.Since(start).Microseconds())/1000)
		runtime.ReadMemStats(&after)
		m.Bytes, m.Allocations = after.TotalAlloc-before.TotalAlloc, after.Mallocs-before.Mallocs
	}
	slices.Sort(times)
	m.Milliseconds = times[len(times)/2]
	return m, nil
}
