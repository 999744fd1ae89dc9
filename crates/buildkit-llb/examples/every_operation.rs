//! A graph with every operation that a daemon can solve as it is configured by default, written to stdout. A CDI
//! device, resource limits and insecure mode are added with `--all`, for reading only.
//!
//!     every_operation | buildctl debug dump-llb
//!     every_operation --base debian:bookworm --git URL --http URL --image-blob REPOSITORY@DIGEST \
//!         --oci-layout DIGEST --oci-layout-blob DIGEST | buildctl build --local context=DIR \
//!         --oci-layout layout=LAYOUT --secret id=token,src=FILE --output type=local,dest=OUT
//!
//! `DIR` holds a file `input`; `LAYOUT` is an OCI layout with the manifest and the blob of those digests. The shell of
//! the base image runs the commands.

use std::io::{IsTerminal as _, Write as _};

use buildkit_llb::{
    Args, BindMount, Build, CacheMount, CacheSharing, CdiDevice, Constraints, ContentCache, Copy,
    Definition, Diff, Differ, Exec, ExportCache, FileActions, Git, Http, Image, ImageBlob,
    LinuxResources, Local, Merge, Mkdir, Mkfile, Need, NetworkMode, OciLayout, OciLayoutBlob,
    Owner, Passthrough, Platform, ProgressGroup, ProxyEnv, Range, ResolveMode, Rm, SecretEnv,
    SecretFile, SecurityMode, SourceMap, SshSocket, State, Symlink, TmpfsMount, Ulimit,
};

type AnyError = Box<dyn std::error::Error>;

/// The choices of the command line.
struct Options {
    base: String,
    git: Option<String>,
    http: Option<String>,
    image_blob: Option<String>,
    oci_layout: Option<String>,
    oci_layout_blob: Option<String>,
    has_all: bool,
}

fn main() -> Result<(), AnyError> {
    let options = Options::parse(std::env::args().skip(1))?;
    let bytes = every_operation(&options)?
        .marshal(&constraints())?
        .to_bytes();
    let mut stdout = std::io::stdout().lock();
    if stdout.is_terminal() {
        return Err("stdout is a terminal; pipe it into `buildctl debug dump-llb`".into());
    }
    Ok(stdout.write_all(&bytes)?)
}

fn constraints() -> Constraints {
    Constraints::new(Platform::new("linux", std::env::consts::ARCH).normalized())
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, AnyError> {
        let mut options = Self {
            base: "debian:bookworm".to_owned(),
            git: None,
            http: None,
            image_blob: None,
            oci_layout: None,
            oci_layout_blob: None,
            has_all: false,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or(format!("`{argument}` needs a value"))
            };
            match argument.as_str() {
                "--base" => options.base = value()?,
                "--git" => options.git = Some(value()?),
                "--http" => options.http = Some(value()?),
                "--image-blob" => options.image_blob = Some(value()?),
                "--oci-layout" => options.oci_layout = Some(value()?),
                "--oci-layout-blob" => options.oci_layout_blob = Some(value()?),
                "--all" => options.has_all = true,
                _ => return Err(format!("unknown argument `{argument}`").into()),
            }
        }
        Ok(options)
    }
}

/// Everything, merged into one state.
fn every_operation(options: &Options) -> Result<State, AnyError> {
    let recipe = SourceMap::new("every_operation.rs", "Rust", *b"// the example itself\n");
    let base = Image::new(options.base.parse()?)
        .resolve_mode(ResolveMode::PreferLocal)
        .custom_name("base image")
        .location(recipe.location([Range::new((1, 0), (1, 21))]))
        .state()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        );
    let context = Local::new("context")
        .unique("every-operation")
        .include(["input"])
        .exclude([".git"])
        .shared_key_hint("context")
        .differ(Differ::None, Need::Required)
        .state();
    let commands = commands(&base, &context, options)?;
    let mut parts = vec![
        commands.clone(),
        loaded(&files(&base, &context))?,
        Diff::new(&base, &commands).state(),
        nested()?,
    ];
    parts.extend(fetched(options)?);
    let merged = Merge::new(parts).custom_name("everything").state();
    let done = Passthrough::new("everything")
        .output(&merged)
        .dependency(&context)
        .states();
    Ok(done.into_iter().next().unwrap_or_default())
}

/// A command with every kind of mount; the state is its output `/out`.
fn commands(base: &State, context: &State, options: &Options) -> Result<State, AnyError> {
    let script = "set -e
        test \"$TOKEN\" = \"$(cat /run/secrets/token)\"
        test -r /in/input
        echo cached >> /cache/log && test \"$(hostname)\" = builder
        mkdir -p /out/commands && cat /in/input > /out/commands/copy && date > /tmp/now
        exit 3";
    let exec = Exec::new(Args::shell(script))
        .env("STEP", "commands")
        .dir("/var")
        .user("root")
        .hostname("builder")
        .extra_host("db.example", std::net::Ipv4Addr::new(10, 0, 0, 5))
        .ulimit(Ulimit::new("nofile", 1024, 2048))
        .network(NetworkMode::None)
        .valid_exit_codes([0, 3])
        .proxy(ProxyEnv {
            no: "localhost".to_owned(),
            ..ProxyEnv::default()
        })
        .mount(
            BindMount::new("/in", context)
                .readonly()
                .content_cache(ContentCache::On),
        )
        .mount(BindMount::new("/etc2", base).readonly().selector("/etc"))
        .mount(BindMount::new("/scratch", base).no_output())
        .mount(BindMount::new("/out", &State::scratch()))
        .mount(CacheMount::new("/cache", "every-operation").sharing(CacheSharing::Locked))
        .mount(TmpfsMount::new("/tmp").size(1 << 20))
        .mount(
            SecretFile::new("/run/secrets/token")
                .id("token")
                .mode(0o444),
        )
        .mount(SshSocket::new().optional())
        .secret_env(SecretEnv::new("TOKEN").id("token"))
        .custom_name("commands")
        .export_cache(ExportCache::Always)
        .progress_group(ProgressGroup::new("commands", "commands"));
    let exec = if options.has_all {
        exec.cdi_device(CdiDevice::new("vendor.com/device=0").optional())
            .security(SecurityMode::Insecure)
            .linux_resources(LinuxResources {
                memory: 64 << 20,
                cpu_shares: 512,
                ..LinuxResources::default()
            })
    } else {
        exec
    };
    Ok(base.exec(exec.readonly_root()).mount("/out")?)
}

/// Every file action.
fn files(base: &State, context: &State) -> State {
    let prepared = FileActions::new()
        .mkfile(Mkfile::new("/prepared", "by an action\n"))
        .on(&State::scratch());
    let actions = FileActions::new()
        .mkdir(Mkdir::new("/files/sub").parents().mode(0o750))
        .mkfile(
            Mkfile::new("/files/text", "text\n")
                .mode(0o600)
                .owner(Owner::ids(1000, 1000))
                .created(0),
        )
        .symlink(Symlink::new("text", "/files/link"))
        .copy(
            Copy::new(context, "/in*", "/files/")
                .allow_wildcard()
                .mode(0o640),
        )
        .copy(
            Copy::new(base, "/etc", "/files/etc")
                .contents_only()
                .create_dest_path()
                .include(["hostname", "host*"]),
        )
        .copy(Copy::new(&prepared, "/prepared", "/files/sub/"))
        .mkfile(Mkfile::new("/files/gone", ""))
        .rm(Rm::new("/files/gone"))
        .rm(Rm::new("/files/never*").allow_wildcard().allow_not_found());
    State::scratch().file(actions.custom_name("files").ignore_cache())
}

/// The same state, by way of its definition.
fn loaded(state: &State) -> Result<State, AnyError> {
    let bytes = state.marshal(&constraints())?.to_bytes();
    Ok(State::from_definition(&Definition::from_bytes(&bytes)?))
}

/// A build whose definition is made by this very graph.
fn nested() -> Result<State, AnyError> {
    let inner = State::scratch().file(Mkfile::new("/nested", "from a nested build\n"));
    let definition = inner.marshal(&constraints())?.to_bytes();
    let file = State::scratch().file(Mkfile::new("/inner.llb", definition));
    Ok(Build::new(&file)
        .filename("inner.llb")
        .custom_name("nested build")
        .state())
}

/// A directory for each source that the command line gives an address of.
fn fetched(options: &Options) -> Result<Vec<State>, AnyError> {
    let mut states = Vec::new();
    if let Some(url) = &options.git {
        states.push(into_directory("/git", &Git::new(url.parse()?).state()));
    }
    if let Some(url) = &options.http {
        let file = Http::new(url).filename("page").mode(0o600).owner(1, 1);
        states.push(into_directory("/http", &file.state()));
    }
    if let Some(reference) = &options.image_blob {
        let (repository, digest) = reference
            .split_once('@')
            .ok_or("`--image-blob` needs a digest")?;
        let blob = ImageBlob::new(repository, digest.parse()?).filename("blob");
        states.push(into_directory("/image-blob", &blob.state()));
    }
    if let Some(digest) = &options.oci_layout {
        let layout = OciLayout::new(format!("example/layout@{digest}"))
            .store("", "layout")
            .state();
        let hostname = Copy::new(&layout, "/etc/hostname", "/oci-layout/").create_dest_path();
        states.push(State::scratch().file(hostname));
    }
    if let Some(digest) = &options.oci_layout_blob {
        let blob = OciLayoutBlob::new("example/layout", digest.parse()?)
            .store("", "layout")
            .filename("blob");
        states.push(into_directory("/oci-layout-blob", &blob.state()));
    }
    Ok(states)
}

fn into_directory(path: &str, source: &State) -> State {
    State::scratch().file(
        Copy::new(source, "/", path)
            .contents_only()
            .create_dest_path(),
    )
}
