//! Catalogs that only tests use: steps that fail, hang and take their time.

mod layers;

use catalog::{
    Artifact, Base, Catalog, Cmd, Copy, Download, Entrypoint, Env, Git, Label, Run, Workdir,
};

/// The catalog of that name.
pub fn catalog(name: &str) -> Option<Catalog> {
    match name {
        "steps" => Some(steps()),
        "clash" => Some(clash()),
        "pins" => Some(pins()),
        "layers" => Some(layers::catalog()),
        "images" => Some(images()),
        "secrets" => Some(secrets()),
        "entrypoint" => Some(entrypoint()),
        "agents" => Some(agents()),
        "outside" => Some(
            Catalog::new().artifact(rootfs("climbs", "scratch").step(Copy::new("../secret", "/"))),
        ),
        "no-from" => {
            Some(Catalog::new().artifact(rootfs("lost", Base::from_line("lost.dockerfile"))))
        }
        _ => None,
    }
}

/// A command line that no other process on the machine has.
pub const HANGING_COMMAND: &str = "sleep 31415926";

/// A step that hangs, one for each signal: the daemon shows the log of an equal step that was just interrupted again.
fn interrupted(signal: &str) -> Artifact {
    let command = format!(
        "{} {HANGING_COMMAND}",
        says(&format!("it waits for {signal}"))
    );
    rootfs(&signal.to_lowercase(), "debian:bookworm").step(Run::command(&command))
}

fn rootfs(name: &str, base: impl Into<Base>) -> Artifact {
    Artifact::rootfs(name, base)
        .platforms(["linux/amd64"])
        .output("{artifact}.tar")
}

fn steps() -> Catalog {
    let debian = "debian:bookworm";
    let slow = Run::command("sleep 5; cp small /small; cp large /large").files(["small", "large"]);
    Catalog::new()
        .artifact(rootfs("slow", debian).step(slow))
        .artifact(
            rootfs("declares", debian)
                .step(Run::command("cp declared /declared").files(["declared"])),
        )
        .artifact(
            rootfs("fails", debian)
                .step(Run::command(&format!("{} exit 7", says("before the end")))),
        )
        .artifact(
            rootfs("hangs", debian)
                .step(Run::command(&format!("{} sleep 86400", says("it hangs")))),
        )
        .artifact(interrupted("SIGINT"))
        .artifact(interrupted("SIGTERM"))
        .artifact(interrupted("SIGHUP"))
        .artifact(rootfs("copies", debian).step(Copy::new("linked/", "/linked/")))
        .artifact(rootfs("plain", debian))
        .artifact(rootfs("socket", debian).step(Run::command(SOCKET)))
}

/// A command that says `text`, but does not have it in its own name, which progress shows before the command runs.
fn says(text: &str) -> String {
    format!("echo {};", text.replace(' ', "' '"))
}

/// perl is in every Debian system, and can bind a socket. The times are put back to whole seconds.
const SOCKET: &str = "mkdir /kinds
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"/kinds/socket\", Listen => 1) or die'
chmod 0640 /kinds/socket
touch -d @1600000000 /kinds/socket /kinds";

/// Artifacts whose base and sources the tests choose: a Dockerfile, and a server whose address is in the environment.
fn pins() -> Catalog {
    let server = std::env::var("LLBGEN_FIXTURE_SERVER").unwrap_or_default();
    let based = Artifact::rootfs("based", Base::from_line("base.dockerfile"))
        .step(Run::command("cp declared /declared").files(["declared"]))
        .step(Run::command("cp /declared /copied"));
    let sources = rootfs("sources", "scratch")
        .step(Download::new(&format!("{server}/file.txt"), "/"))
        .step(Git::new(&format!("{server}/repository.git#v1"), "/git/"));
    let catalog = Catalog::new().artifact(based.output("{artifact}-{arch}.tar"));
    if server.is_empty() {
        catalog
    } else {
        catalog.artifact(sources)
    }
}

/// A step that asks an ssh agent for its first key, has it sign `llbgen`, and asks it to forget all keys. What it declares makes it another step.
fn agents() -> Catalog {
    let asks = Run::command(ASKS).ssh("default").files(["nonce"]);
    Catalog::new().artifact(rootfs("asks", "debian:bookworm").step(asks))
}

/// perl is in every Debian system, and ssh-add is not.
const ASKS: &str = r#"perl -MIO::Socket::UNIX -e 'sub ask {
  my $agent = IO::Socket::UNIX->new(Peer => $ENV{SSH_AUTH_SOCK}) or die "no agent: $!";
  print $agent pack("N/a", shift); $agent->flush;
  read($agent, my $length, 4); read($agent, my $answer, unpack("N", $length)); $answer }
sub keep { open my $file, ">", shift; print $file shift }
die "it forgets" if ask(chr 19) ne chr 5;
my $key = unpack("x5 N/a", ask(chr 11)); keep("/key.raw", $key);
my $signed = unpack("x N/a", ask(pack("C N/a N/a N", 13, $key, "llbgen", 0)));
keep("/signature", (unpack("N/a N/a", $signed))[1])'
base64 -w0 /key.raw > /key"#;

/// One artifact of each kind, whose step uses a secret, says it aloud, and keeps its digest.
fn secrets() -> Catalog {
    let use_it = || {
        Run::command("cat /run/secrets/token; sha256sum < /run/secrets/token > /digest")
            .secret("token")
    };
    let tree = Artifact::rootfs("tree", "debian:bookworm")
        .platforms(["linux/amd64"])
        .step(use_it())
        .output("tree.tar");
    let layer = Artifact::layer("layer", "debian:bookworm")
        .platforms(["linux/amd64"])
        .step(use_it())
        .output("layer.tar");
    let image = Artifact::image("image", "debian:bookworm")
        .platforms(["linux/amd64"])
        .step(use_it());
    Catalog::new()
        .artifact(tree)
        .artifact(layer)
        .artifact(image)
}

/// Images for both platforms: one that runs a command, one that only copies.
fn images() -> Catalog {
    let app = Artifact::image("app", "debian:bookworm")
        .step(Run::command("uname -m > /machine; rm /etc/debian_version"))
        .step(Copy::new("declared", "/declared"))
        .step(Env::new("LANG", "C.UTF-8"))
        .step(Workdir::new("/app"))
        .step(Label::new("architecture", "{arch}"))
        .step(Entrypoint::new(["cat"]))
        .step(Cmd::new(["/machine"]));
    let copies =
        Artifact::image("copies", "debian:bookworm").step(Copy::new("declared", "/declared"));
    let fails = Artifact::image("fails", "debian:bookworm")
        .step(Run::command("test $(uname -m) != aarch64"));
    let dated = Artifact::layer("dated", "debian:bookworm")
        .platforms(["linux/amd64"])
        .step(Run::command("echo x > /dated; touch -d @$(cat declared) /dated").files(["declared"]))
        .output("dated.tar");
    let seeded = Artifact::image("seeded", "debian:bookworm")
        .step(Copy::new("declared", "/declared"))
        .repository("ghcr.io/example/seeded")
        .file_tag("declared");
    Catalog::new()
        .artifact(app)
        .artifact(copies)
        .artifact(fails)
        .artifact(seeded)
        .artifact(dated)
        .artifact(Artifact::image("odd", "debian:bookworm").step(Run::command(ODD)))
}

/// Every kind of file, owner, mode and attribute that a layer can have, and one file that is longer than a chunk of an
/// eStargz layer. perl is in every Debian system, and setcap is not.
const ODD: &str = r#"mkdir -m 1777 /odd; cd /odd
echo setgid > setgid; chown 1000:70000 setgid; chmod 2755 setgid; ln setgid twin; ln -s nowhere soft
mknod character c 1 3; mknod block b 7 9; mkfifo pipe; yes | head -c 9000000 > large; : > empty
perl -e 'my ($path, $name, $value) = ("large", "security.capability", pack("V5", 0x2000000, 0x400));
  syscall(`uname -m` =~ /x86/ ? 188 : 5, $path, $name, $value, length $value, 0) == 0 or die "setxattr: $!"'
touch -d @1600000000 setgid; touch -d @0 empty"#;

/// The entry point of the runtime image, run in every state that it can find.
fn entrypoint() -> Catalog {
    let artifact =
        rootfs("entrypoint", "debian:bookworm").step(Run::command(STATES).files(["entrypoint.sh"]));
    Catalog::new().artifact(artifact)
}

const STATES: &str = r#"mkdir /stubs /states
for name in ovmlayer mount; do
  printf '#!/bin/sh\necho %s "$@" >> /calls\n' $name > /stubs/$name
done
chmod 0755 /stubs/*
export PATH=/stubs:$PATH
try() {
  rm -rf /calls /root/.oomol-studio
  : > /calls
  bash $script sh -c 'cat /root/.oomol-studio/oocana/layer.json >> /calls; echo "$@" >> /calls' - command with arguments
  mv /calls /states/$1
}
script=./entrypoint.sh
rm -rf /opt/ovmlayer
try absent
mkdir /opt/ovmlayer
try empty
mkdir -p /opt/ovmlayer/layer_dir/base_rootfs
try base
mkdir /opt/ovmlayer/layer_dir/executor
try executor
sed s,/sys/fs/cgroup,/cgroup,g entrypoint.sh > /entrypoint.sh
mkdir /cgroup
script=/entrypoint.sh
try writable
sed s,/sys/fs/cgroup,/proc/sys,g entrypoint.sh > /entrypoint.sh
try read-only"#;

fn clash() -> Catalog {
    let artifact = |name| Artifact::rootfs(name, "debian:bookworm").output("{arch}.tar");
    Catalog::new()
        .artifact(artifact("one"))
        .artifact(artifact("other"))
}
