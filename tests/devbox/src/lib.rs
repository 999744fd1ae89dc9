//! A fleet of development images, as an example of a large catalog: operating systems, languages in several versions,
//! frameworks, and for each of them a runtime with a project in it; all in two localisations, for two platforms.

mod languages;
mod systems;

use llbgen::catalog::{Apt, Artifact, Catalog, Env, Label, Run, When, Workdir};

const OWNER: &str = "ghcr.io/labring";
const LOCALISATIONS: [&str; 2] = ["en_US", "zh_CN"];

/// The 53 images: the tooling, 26 bases, and a runtime on each.
pub fn catalog() -> Catalog {
    let tooling = image("tooling", "alpine:3.22")
        .description("Scripts and documents that every operating system gets")
        .repository(&format!("{OWNER}/devbox-tooling/tooling"))
        .tag("{release}")
        .platform_tag("{release}-{arch}")
        .run("mkdir -p /opt/base-tools/scripts /opt/base-tools/docs");
    let bases = systems::all().into_iter().chain(languages::all());
    bases.fold(Catalog::new().artifact(tooling), |catalog, base| {
        let runtime = runtime(base.name().as_str());
        catalog.artifact(base).artifact(runtime)
    })
}

/// An image with the option that all have: the release that its tags name.
fn image(name: &str, base: &str) -> Artifact {
    Artifact::image(name, base).option("release", "latest", [])
}

/// The base image `KIND/NAME/VERSION`, on an image or on another base image.
fn base(path: &str, on: &str) -> Artifact {
    localised(&format!("base/{path}"), on, "devbox-base-images")
}

/// The runtime on a base image, with a project to start from.
fn runtime(base: &str) -> Artifact {
    let path = base.trim_start_matches("base/");
    let workdir = match path {
        "fw/sandbox/v1" | "fw/sandbox/fastgpt" => "/workspace",
        _ => "/home/devbox/project",
    };
    localised(&format!("runtime/{path}"), base, "devbox-runtime-images")
        .step(Workdir::new(workdir))
        .run("id devbox && cp -r /opt/base-tools/docs . && chown -R devbox: .")
}

/// An image in both localisations. What only a localisation changes comes last, so that both share the expensive steps.
fn localised(path: &str, on: &str, repository: &str) -> Artifact {
    let name = path.splitn(3, '/').last().unwrap_or(path);
    let name = name.replace('/', "-");
    image(path, on)
        .axis("l10n", LOCALISATIONS)
        .repository(&format!("{OWNER}/{repository}/{name}"))
        .tag("{release}-{l10n|slug}")
        .platform_tag("{release}-{l10n|slug}-{arch}")
        .step(Label::new("org.opencontainers.image.title", &name))
        .finally(Env::new("L10N", "{l10n}"))
}

/// The steps that most images have, in a word each.
trait Steps {
    /// Debian packages.
    fn apt(self, packages: &str) -> Self;
    /// A command.
    fn run(self, command: &str) -> Self;
    /// A last command for Chinese users.
    fn in_chinese(self, command: &str) -> Self;
}

impl Steps for Artifact {
    fn apt(self, packages: &str) -> Self {
        self.step(Apt::install(packages.split_whitespace()))
    }

    fn run(self, command: &str) -> Self {
        self.step(Run::command(command))
    }

    fn in_chinese(self, command: &str) -> Self {
        self.finally(When::equals("l10n", "zh_CN").step(Run::command(command)))
    }
}
