package main

import (
	"fmt"

	"github.com/moby/buildkit/client/llb"
)

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// chain is length commands, one after the other.
func chain(length int) llb.State {
	state := llb.Image("busybox")
	for i := range length {
		state = state.Run(
			llb.Args([]string{"/bin/sh", "-c", fmt.Sprintf("echo step-%d >> /log", i)}),
			llb.WithCustomName(fmt.Sprintf("step %d", i)),
		).Root()
	}
	return state
}

// realistic is a graph of count vertices of the kinds that real builds have.
func realistic(count int) llb.State {
	states := make([]llb.State, 0, count)
	for i := range 4 {
		states = append(states, llb.Image(fmt.Sprintf("base-%d:1.0", i)))
	}
	states = append(states, llb.Local("context"))
	for i := 5; i < count; i++ {
		number := i - 5
		pkg := number / 100
		root := states[i-1]
		if number%100 == 0 {
			root = states[pkg%4].AddEnv("PATH", defaultPath).AddEnv("PKG", fmt.Sprintf("pkg-%d", pkg)).
				Dir(fmt.Sprintf("/work/pkg-%d", pkg))
		}
		inputs := [4]llb.State{states[i-2], states[i-3], states[i-4], states[number/2]}
		if i%2 == 0 {
			states = append(states, compile(root, i, inputs))
		} else {
			states = append(states, collect(root, i, inputs))
		}
	}
	return states[count-1]
}

func compile(root llb.State, i int, in [4]llb.State) llb.State {
	return root.Run(
		llb.Args([]string{"/bin/sh", "-c", fmt.Sprintf("step %d && make -j4 target-%d", i, i)}),
		llb.AddEnv("STEP", fmt.Sprint(i)),
		llb.AddMount("/in/a", in[0], llb.Readonly, llb.SourcePath("/out")),
		llb.AddMount("/in/b", in[1], llb.Readonly),
		llb.AddMount("/in/c", in[2], llb.Readonly, llb.SourcePath("/etc/step")),
		llb.AddMount("/in/d", in[3], llb.Readonly),
		llb.AddMount("/cache", llb.Scratch(), llb.AsPersistentCacheDir(fmt.Sprintf("cache-%d", i%8), llb.CacheMountShared)),
		llb.WithCustomName(fmt.Sprintf("step %d", i)),
	).Root()
}

func collect(root llb.State, i int, in [4]llb.State) llb.State {
	step := fmt.Sprintf("/step/%d", i)
	actions := llb.Mkdir(step, 0o755, llb.WithParents(true)).
		Copy(in[0], "/out", step+"/a/", &llb.CopyInfo{CreateDestPath: true, AllowWildcard: true, AllowEmptyWildcard: true}).
		Copy(in[1], "/etc/step", step+"/b", &llb.CopyInfo{CreateDestPath: true, FollowSymlinks: true}).
		Copy(in[2], "/", step+"/c/", &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, ExcludePatterns: []string{"*.tmp"}}).
		Copy(in[3], "/bin", step+"/d", &llb.CopyInfo{CreateDestPath: true}, llb.WithUIDGID(1000, 1000)).
		Mkfile(step+"/stamp", 0o644, fmt.Appendf(nil, "step %d\n", i))
	return root.File(actions, llb.WithCustomName(fmt.Sprintf("step %d", i)))
}
