//! Catalogs that only tests use: steps that fail, hang and take their time.

use catalog::{Artifact, Base, Catalog, Copy, Download, Git, Run};

/// The catalog of that name.
pub fn catalog(name: &str) -> Option<Catalog> {
    match name {
        "steps" => Some(steps()),
        "clash" => Some(clash()),
        "pins" => Some(pins()),
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

fn clash() -> Catalog {
    let artifact = |name| Artifact::rootfs(name, "debian:bookworm").output("{arch}.tar");
    Catalog::new()
        .artifact(artifact("one"))
        .artifact(artifact("other"))
}
