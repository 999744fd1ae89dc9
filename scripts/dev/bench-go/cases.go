package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/llbbuild"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/protobuf/proto"
)

// cases are graphs that golden vectors do not have. Crate buildkit-llb's tests build the same.
var cases = map[string]func() (llb.State, []llb.ConstraintsOpt){
	"passthrough":         of(passthrough),
	"requires":            of(requires),
	"copy-many":           of(copyMany),
	"copy-wide":           of(copyWide),
	"copy-options":        of(copyOptions),
	"file-tree":           of(fileTree),
	"file-tree-first":     of(fileTreeFirst),
	"equal-vertices":      of(equalVertices),
	"equal-mounts":        of(equalMounts),
	"merge-wide":          of(mergeWide),
	"merge-of-one":        of(mergeOfOne),
	"diff-upper-scratch":  of(diffUpperScratch),
	"notes":               of(notes),
	"notes-marshal-level": notesMarshalLevel,
	"filters":             filters,
	"reset":               of(reset),
	"git-full":            of(gitFull),
	"git-bundle":          of(gitBundle),
	"image-prefer-local":  of(imagePreferLocal),
	"mounts":              of(mounts),
	"readonly-mount":      of(readonlyMount),
	"devices":             of(devices),
	"windows":             windows,
	"source-map-state":    of(sourceMapState),
	"loaded-twice":        of(loadedTwice),
	"build-platform":      of(buildPlatform),
	"hosts":               of(hosts),
	"platform-full":       of(platformFull),
	"reset-own-platform":  of(resetOwnPlatform),
	"diff-of-nothing":     of(diffOfNothing),
	"local-empty-ids":     of(localEmptyIDs),
	"git-userinfo":        of(gitUserinfo),
	"source-attrs":        of(sourceAttrs),
	"image-config-null":   of(imageConfigNull),
	"mount-options":       of(mountOptions),
}

func of(build func() llb.State) func() (llb.State, []llb.ConstraintsOpt) {
	return func() (llb.State, []llb.ConstraintsOpt) { return build(), nil }
}

func run(state llb.State, name string, options ...llb.RunOption) llb.ExecState {
	return state.Run(append([]llb.RunOption{llb.Args([]string{name})}, options...)...)
}

func passthrough() llb.State {
	op := llb.NewPassthroughOp("both", []llb.PassthroughInput{
		{State: run(llb.Image("alpine"), "dependency").Root()},
		{State: llb.Image("alpine"), Output: true},
		{State: llb.Scratch(), Output: true},
		{State: llb.Image("busybox"), Output: true},
	})
	return run(llb.NewState(op.OutputAt(1)), "after").Root()
}

func requires() llb.State {
	base := llb.Image("alpine").Dir("/d").AddEnv("A", "1")
	return run(base.Requires("wait", run(base, "test").Root(), llb.Local("context")), "after").Root()
}

func copyMany() llb.State {
	a, b, c := llb.Local("a"), llb.Local("b"), llb.Local("c")
	return llb.Image("alpine").File(llb.Copy(a, "/", "/a").Copy(b, "/", "/b").Copy(a, "/x", "/x").Copy(c, "/", "/c"))
}

func copyWide() llb.State {
	var actions *llb.FileAction
	for i := range 60 {
		source := llb.Local(fmt.Sprintf("l%d", i%40))
		if actions == nil {
			actions = llb.Copy(source, "/", fmt.Sprintf("/%d", i))
		} else {
			actions = actions.Copy(source, "/", fmt.Sprintf("/%d", i))
		}
	}
	return llb.Scratch().File(actions)
}

func copyOptions() llb.State {
	source := llb.Local("context").Dir("/in")
	return llb.Image("alpine").Dir("/out").File(
		llb.Mkdir("d", 0o700).Copy(source, "src", "dest", &llb.CopyInfo{
			IncludePatterns: []string{"*.go", "a/**"}, ExcludePatterns: []string{"*_test.go"}, RequiredPaths: []string{"go.mod"},
			AttemptUnpack: true, AlwaysReplaceExistingDestPaths: true,
		}, llb.WithUser("app:0"), llb.WithCreatedTime(time.Unix(12, 34))).
			Copy(source, "all", "all", llb.ChmodOpt{Mode: 0o644}, llb.WithUIDGID(0, 7)),
		llb.IgnoreCache)
}

func fileTree() llb.State {
	inner := llb.Mkdir("i", 0o755).Mkfile("i/f", 0o644, []byte("f")).WithState(llb.Local("tree").Dir("/t"))
	outer := llb.Mkfile("o", 0o644, []byte("o")).Copy(inner, "i", "copied").Copy(llb.Local("other"), "/", "/other").
		WithState(llb.Scratch().Dir("/s"))
	return llb.Image("alpine").Dir("/w").File(
		llb.Mkdir("here", 0o755).Copy(outer, "copied", "here/").Copy(inner, "i/f", "here/f", llb.WithUser("app")).
			Copy(outer, "o", "o").Rm("gone"))
}

func fileTreeFirst() llb.State {
	tree := llb.Mkfile("/f", 0o600, []byte("f")).Copy(llb.Local("z"), "/", "/z").WithState(llb.Image("busybox"))
	return llb.Image("alpine").File(llb.Copy(tree, "/f", "/f").Copy(llb.Local("y"), "/", "/y"))
}

func equalVertices() llb.State {
	left := run(llb.Image("alpine", llb.WithCustomName("first")), "same", llb.WithDescription(map[string]string{"a": "1", "b": "1"}))
	right := run(llb.Image("alpine", llb.WithCustomName("second"), llb.IgnoreCache), "same",
		llb.WithDescription(map[string]string{"b": "2"}), llb.WithExportCache(), llb.ProgressGroup("g", "group", false))
	return llb.Merge([]llb.State{left.Root(), run(right.Root(), "more").Root()})
}

func equalMounts() llb.State {
	return run(llb.Image("alpine"), "x",
		llb.AddMount("/b", llb.Local("l"), llb.Readonly), llb.AddMount("/a", llb.Local("l")),
		llb.AddMount("/c", llb.Image("alpine"), llb.Readonly, llb.SourcePath("/etc"))).Root()
}

func mergeWide() llb.State {
	states := []llb.State{llb.Scratch()}
	for i := range 500 {
		states = append(states, llb.Scratch().File(llb.Mkfile(fmt.Sprintf("/%d", i%450), 0o644, fmt.Append(nil, i%450))))
	}
	return llb.Merge(states, llb.WithCustomName("wide"))
}

func mergeOfOne() llb.State {
	one := llb.Image("alpine").AddEnv("A", "1")
	return run(llb.Merge([]llb.State{llb.Scratch(), one, llb.Merge(nil)}, llb.IgnoreCache), "x").Root()
}

func diffUpperScratch() llb.State {
	return llb.Diff(llb.Image("alpine"), llb.Scratch(), llb.WithoutExportCache())
}

func notes() llb.State {
	image := llb.Image("alpine", llb.WithoutExportCache(), llb.ProgressGroup("g1", "", true))
	step := run(image, "x", llb.WithExportCache(), llb.IgnoreCache, llb.MemoryLimit(1), llb.ProgressGroup("g2", "two", false))
	return step.File(llb.Rm("/x"), llb.WithDescription(map[string]string{"z": "", "": "empty", "a": "ü"}))
}

func notesMarshalLevel() (llb.State, []llb.ConstraintsOpt) {
	state := run(run(llb.Image("alpine"), "a", llb.CPUShares(5)).Root(), "b", llb.ProgressGroup("own", "", false)).Root()
	return state, []llb.ConstraintsOpt{llb.ProgressGroup("all", "everything", true), llb.CPUQuota(-1), llb.WithoutExportCache()}
}

func filters() (llb.State, []llb.ConstraintsOpt) {
	return run(llb.Image("alpine", llb.Require("a==1")), "x", llb.Require("b==2", "c")).Root(), []llb.ConstraintsOpt{llb.Require("all")}
}

func reset() llb.State {
	other := llb.Image("busybox").AddEnv("O", "1").Dir("/other").User("o").Hostname("h")
	platform := llb.Platform(ocispecs.Platform{OS: "linux", Architecture: "arm"})
	return run(run(llb.Image("alpine", platform), "x").Dir("/d").AddEnv("A", "1").Reset(other).Dir("rel"), "y").Root()
}

func gitFull() llb.State {
	return llb.Git("ssh://git@example.com:2222/a/../b.git", "main:/sub/./dir/", llb.KeepGitDir(), llb.GitSkipSubmodules(),
		llb.GitChecksum("0123456789abcdef0123456789abcdef01234567"), llb.GitMTimeCommit(), llb.GitFetchByCommit(),
		llb.AuthTokenSecret(""), llb.AuthHeaderSecret("mine"), llb.KnownSSHHosts("a\n"), llb.KnownSSHHosts("b"))
}

func gitBundle() llb.State {
	digest := "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	return llb.Merge([]llb.State{
		llb.Git("example.com/a", "", llb.GitRef("v1"), llb.GitChecksum("abc"),
			llb.GitBundleURL("oci-layout+blob://store@"+digest, llb.GitBundleOCIStore("session", "store"))),
		llb.Git("https://user@example.com/a", ":sub", llb.GitChecksum("abc"), llb.GitBundleURL("docker-image+blob://example.com/x@"+digest)),
		llb.Git("git://example.com/a", "", llb.GitCheckoutBundle(), llb.GitMTime("checkout")),
	})
}

func imagePreferLocal() llb.State {
	return llb.Image("localhost:5000/a/b", llb.ResolveModePreferLocal, llb.WithLayerLimit(0))
}

func mounts() llb.State {
	seed := llb.Local("seed")
	exec := run(llb.Image("alpine"), "x",
		llb.AddMount("/dropped", seed, llb.ForceNoOutput), llb.AddMount("/cache", seed, llb.Readonly, llb.AsPersistentCacheDir("c", llb.CacheMountLocked)),
		llb.AddMount("/out", llb.Scratch()), llb.AddMount("/out", seed), llb.AddMount("/", seed, llb.Readonly),
		llb.AddMount("/empty", llb.Scratch(), llb.Readonly), llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs(llb.TmpfsSize(-1))))
	return exec.Root()
}

func readonlyMount() llb.State {
	arm := llb.Image("busybox", llb.Platform(ocispecs.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"})).AddEnv("B", "1")
	exec := run(llb.Image("alpine").AddEnv("A", "1"), "x")
	mounted := exec.AddMount("/in", arm, llb.Readonly)
	written := exec.AddMount("/out", mounted.Dir("/m"))
	return run(written, "y", llb.AddMount("/in", mounted)).Root()
}

func devices() llb.State {
	return run(llb.Image("alpine"), "x", llb.AddCDIDevice(llb.CDIDeviceName("vendor.com/gpu=0")),
		llb.AddCDIDevice(llb.CDIDeviceName("vendor.com/x=y"), llb.CDIDeviceOptional), llb.ValidExitCodes(-1)).Root()
}

func windows() (llb.State, []llb.ConstraintsOpt) {
	return run(llb.Image("alpine"), "x").Root(), []llb.ConstraintsOpt{llb.Windows, withoutDefaultPath()}
}

func withoutDefaultPath() llb.ConstraintsOpt {
	all := pb.Caps.All()
	supported := slices.DeleteFunc(all, func(cap *apicaps.PBCap) bool { return cap.ID == string(pb.CapExecMetaSetsDefaultPath) })
	return llb.WithCaps(pb.Caps.CapSet(supported))
}

func sourceMapState() llb.State {
	files := llb.Local("files")
	file := llb.NewSourceMap(&files, "build.hcl", "HCL", []byte("x = 1\n"))
	at := func(line int32) llb.ConstraintsOpt {
		return file.Location([]*pb.Range{{Start: &pb.Position{Line: line}, End: &pb.Position{Line: line, Character: 3}}})
	}
	left, right := llb.Image("alpine", at(1)), llb.Image("alpine", at(2))
	return llb.Merge([]llb.State{run(left, "x", at(3), at(4)).Root(), run(right, "y").Root()})
}

func loadedTwice() llb.State {
	exec := run(llb.Image("alpine", llb.WithCustomName("base")), "x", llb.Require("old"))
	out := exec.AddMount("/out", llb.Scratch())
	both := llb.Merge([]llb.State{out, exec.Root()}, llb.IgnoreCache)
	def, err := both.Marshal(context.Background(), llb.LinuxArm, llb.WithExportCache())
	if err != nil {
		panic(err)
	}
	op, err := llb.NewDefinitionOp(def.ToPB())
	if err != nil {
		panic(err)
	}
	return llb.Merge([]llb.State{run(llb.NewState(op.Output()), "y").Root(), llb.Image("alpine")})
}

func buildPlatform() llb.State {
	source := llb.Image("alpine", llb.Platform(ocispecs.Platform{OS: "linux", Architecture: "s390x"})).Dir("/d")
	return run(source.With(llbbuild.Build()), "x").Root()
}

func hosts() llb.State {
	return run(llb.Image("alpine").AddExtraHost("mapped", net.ParseIP("::ffff:1.2.3.4")).AddExtraHost("zeros", net.ParseIP("1:0:0:2::3")), "x",
		llb.AddExtraHost("last", net.ParseIP("fe80::")), llb.Network(pb.NetMode_HOST)).Root()
}

func platformFull() llb.State {
	platform := ocispecs.Platform{OS: "Windows", Architecture: "X86_64", OSVersion: "10.0", OSFeatures: []string{"b", "a", "b"}}
	return run(llb.Image("alpine", llb.Platform(platform)), "x").Root()
}

// A platform of the vertex's own takes the place of the directory that a reset state starts with.
func resetOwnPlatform() llb.State {
	other := llb.Image("busybox").AddEnv("O", "1").Dir("/other").User("o")
	platform := llb.Platform(ocispecs.Platform{OS: "linux", Architecture: "arm"})
	return run(llb.Image("alpine", platform).Dir("/d").AddEnv("A", "1").Reset(other).Dir("rel"), "y").Root()
}

func diffOfNothing() llb.State {
	upper := llb.Scratch().Dir("/d").AddEnv("A", "1")
	return run(llb.Diff(llb.Scratch().AddEnv("B", "1"), upper, llb.IgnoreCache), "x").Root()
}

func localEmptyIDs() llb.State {
	return llb.Merge([]llb.State{
		llb.Local("a", llb.SessionID(""), llb.LocalUniqueID(""), llb.SharedKeyHint(""), llb.IncludePatterns(nil)),
		llb.Local("b", llb.SessionID("s"), llb.LocalUniqueID("u")),
		llb.Local("c", llb.LocalUniqueID("u"), llb.SessionID("")),
	})
}

func gitUserinfo() llb.State {
	var states []llb.State
	for _, userinfo := range []string{"us%65r", "u:p%40ss!", "u:", ":p", "", "a:b:c", "%7E!$&'()*+,;=", "u:%2f%3F%3a%c3%bc%ff", "a@b"} {
		states = append(states, llb.Git("https://"+userinfo+"@example.com/a", ""))
	}
	return llb.Merge(states)
}

func sourceAttrs() llb.State {
	source := func(id string, attrs map[string]string, options ...llb.ConstraintsOpt) llb.State {
		var c llb.Constraints
		for _, option := range options {
			option.SetConstraintsOption(&c)
		}
		return llb.NewState(llb.NewSource(id, attrs, c).Output())
	}
	signed := source("git://example.com/a#v1", map[string]string{
		pb.AttrFullRemoteURL: "https://example.com/a", pb.AttrGitSignatureVerifyPubKey: "key", pb.AttrGitSignatureVerifyRequireSignedTag: "true",
	}, llb.WithCustomName("signed"))
	header := source("https://example.com/f", map[string]string{pb.AttrHTTPHeaderPrefix + "x-a": "", pb.AttrHTTPFilename: "f"})
	image := source("docker-image://docker.io/library/alpine:latest", nil, llb.LinuxArm64)
	local := source("local://a", map[string]string{})
	bound := source("local://b", map[string]string{pb.AttrLocalSessionID: "s"})
	return llb.Merge([]llb.State{signed, header, image, local, bound, source("future://x", nil)})
}

func imageConfigNull() llb.State {
	configs := []string{
		`{"architecture": null, "os": null, "os.features": null, "config": {"Env": [null, "A=1"], "WorkingDir": null}}`,
		`{"architecture": "arm64", "os": "linux", "variant": null, "os.version": null, "os.features": [null, "f"], "config": null}`,
		`null`,
	}
	var states []llb.State
	for _, config := range configs {
		state, err := llb.Image("alpine").Dir("/d/./e").WithImageConfig([]byte(config))
		if err != nil {
			panic(err)
		}
		states = append(states, run(state, "x").Root())
	}
	return llb.Merge(states)
}

func mountOptions() llb.State {
	return run(llb.Image("alpine"), "x",
		llb.AddMount("/cache", llb.Scratch(), llb.AsPersistentCacheDir("c", llb.CacheMountShared), llb.ContentCache(llb.MountContentCacheOff)),
		llb.AddMount("/tmp", llb.Scratch(), llb.Readonly, llb.Tmpfs(llb.TmpfsSize(1))),
		llb.AddMount("/run", llb.Scratch(), llb.Readonly, llb.AsPersistentCacheDir("r", llb.CacheMountPrivate), llb.SourcePath("/s"))).Root()
}

func printCases(w io.Writer, names []string) error {
	if len(names) == 1 {
		encoded, err := encode(names[0])
		if err != nil {
			return err
		}
		_, err = w.Write(encoded)
		return err
	}
	for _, name := range sortedNames() {
		encoded, err := encode(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(w, "%s %x\n", name, sha256.Sum256(encoded))
	}
	return nil
}

func sortedNames() []string {
	var names []string
	for name := range cases {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// encode is the definition of a case with its maps sorted.
func encode(name string) ([]byte, error) {
	build, ok := cases[name]
	if !ok {
		return nil, fmt.Errorf("no case %q", name)
	}
	state, options := build()
	options = append([]llb.ConstraintsOpt{llb.LinuxAmd64, llb.LocalUniqueID("oracle-unique-id")}, options...)
	def, err := state.Marshal(context.Background(), options...)
	if err != nil {
		return nil, err
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(def.ToPB())
}
