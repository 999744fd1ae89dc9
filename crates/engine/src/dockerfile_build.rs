//! A Dockerfile, built by BuildKit's own frontend, for those who compare it with a catalog.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use buildkit_client::{Daemon, DeclaredFiles, Export, LocalDir, Solve};
use catalog::{ImageRef, Plan, Platform, ProxyEnv};
use tokio_util::sync::CancellationToken;

use crate::{
    build::{BuildOptions, FailureReason},
    declared::{tell_of_refused, with_declared},
    event::Event,
    layout::{self, LayoutError, LayoutSource},
    solve::redacted_progress,
};

/// The frontend that the daemon has in it, whatever the Dockerfile's `# syntax=` names.
const FRONTEND: &str = "dockerfile.v0";

/// The option by which a frontend knows that it was chosen, and looks for no other one (`frontend/dockerfile/builder`).
const CHOSEN: &str = "cmdline";

/// A build of a Dockerfile for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerfileBuild {
    /// The Dockerfile.
    pub dockerfile: PathBuf,
    /// The directory of its files.
    pub context: PathBuf,
    /// Whether the frontend that its `# syntax=` names builds it, in place of the daemon's own.
    pub has_frontend: bool,
    /// The stage that is built, if it is not the last.
    pub stage: Option<String>,
    /// The platform.
    pub platform: Platform,
    /// The values of arguments.
    pub args: BTreeMap<String, String>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// What stands for names in `FROM` and `--from`.
    pub contexts: BTreeMap<String, DockerfileContext>,
    /// Proxies for commands.
    pub proxy: Option<ProxyEnv>,
}

/// What stands for a name in a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DockerfileContext {
    /// An image of a registry.
    Image(String),
    /// An image of an OCI layout.
    Layout(LayoutSource),
    /// A directory of files.
    Directory(PathBuf),
    /// A git repository or a tar, by its URL.
    Url(String),
}

/// Why a Dockerfile is not built.
#[derive(Debug, thiserror::Error)]
pub enum DockerfileError {
    /// An OCI layout cannot stand for a name in it.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The build failed.
    #[error(transparent)]
    Build(#[from] FailureReason),
}

/// How a Dockerfile is built.
#[expect(missing_debug_implementations, reason = "closures have none")]
pub struct DockerfileRun<'a> {
    /// The daemon.
    pub daemon: &'a Daemon,
    /// The plans that stand for it. Its steps may ask for the secrets, agents and logins that these ask for.
    pub plans: &'a [Plan],
    /// The secrets, agents and registries; nothing else of it counts.
    pub options: &'a BuildOptions,
    /// Cancelled when the user gives up.
    pub cancelled: &'a CancellationToken,
    /// Receives the events.
    pub events: &'a (dyn Fn(Event) + Sync),
}

impl DockerfileRun<'_> {
    /// Builds the image, and unpacks it as an OCI layout into `directory`, which must be there.
    pub async fn solve(
        &self,
        build: &DockerfileBuild,
        directory: &Path,
    ) -> Result<(), DockerfileError> {
        let Self {
            daemon,
            plans,
            options,
            cancelled,
            events,
        } = *self;
        let to = directory.to_owned();
        let export = Export::oci(move |archive: &mut dyn Read| Ok(layout::unpack(archive, &to)?));
        let solve = build.solve()?.with_export(export.with_oci_media_types());
        let solve = with_declared(solve, plans, build.images(), options);
        let solved = match plans.first().map(|plan| Arc::new(plan.variant.clone())) {
            Some(variant) => {
                let on_progress = redacted_progress(&variant, options, events);
                daemon.solve(solve, on_progress, cancelled).await
            }
            None => daemon.solve(solve, |_| {}, cancelled).await,
        };
        tell_of_refused(&options.registries, events);
        solved.map_err(FailureReason::from)?;
        Ok(())
    }
}

impl DockerfileContext {
    /// The only image of the OCI layout in a directory.
    pub fn of_layout(directory: PathBuf) -> Self {
        Self::Layout(LayoutSource {
            directory,
            tag: None,
            digest: None,
        })
    }
}

impl DockerfileBuild {
    fn solve(&self) -> Result<Solve, DockerfileError> {
        let (directory, file) = self.place();
        let mut solve = Solve::frontend(FRONTEND)
            .with_local(LocalDir::new("context", &self.context, DeclaredFiles::All))
            .with_local(LocalDir::new("dockerfile", directory, DeclaredFiles::All));
        for (key, value) in self.attrs(&file) {
            solve = solve.with_frontend_attr(key, value);
        }
        let platforms = [self.platform.normalized()].into();
        for (name, context) in &self.contexts {
            let key = format!("context:{}", familiar(name));
            solve = match context {
                DockerfileContext::Image(image) => {
                    solve.with_frontend_attr(key, format!("docker-image://{image}"))
                }
                DockerfileContext::Url(url) => solve.with_frontend_attr(key, url),
                DockerfileContext::Layout(source) => {
                    let layout = layout::read(name, source, &platforms)?;
                    let (store, digest) = (&layout.image.store, &layout.image.digest);
                    let value = format!("oci-layout://{store}@{}", digest.as_str());
                    solve
                        .with_content(layout.store)
                        .with_frontend_attr(key, value)
                }
                DockerfileContext::Directory(directory) => {
                    let local = format!("context-{name}");
                    let files = LocalDir::new(&local, directory, DeclaredFiles::All);
                    solve
                        .with_local(files)
                        .with_frontend_attr(key, format!("local:{local}"))
                }
            };
        }
        Ok(solve)
    }

    fn attrs(&self, file: &str) -> BTreeMap<String, String> {
        let mut attrs = BTreeMap::from([
            ("filename".to_owned(), file.to_owned()),
            ("platform".to_owned(), self.platform.to_string()),
        ]);
        let stage = self.stage.iter();
        attrs.extend(stage.map(|stage| ("target".to_owned(), stage.clone())));
        if !self.has_frontend {
            attrs.insert(CHOSEN.to_owned(), FRONTEND.to_owned());
        }
        let prefixed = |prefix: &'static str, (name, value): (&String, &String)| {
            (format!("{prefix}:{name}"), value.clone())
        };
        attrs.extend(self.proxies());
        attrs.extend(self.args.iter().map(|pair| prefixed("build-arg", pair)));
        attrs.extend(self.labels.iter().map(|pair| prefixed("label", pair)));
        attrs
    }

    fn proxies(&self) -> impl Iterator<Item = (String, String)> {
        let of = |proxy: &ProxyEnv| {
            [
                ("HTTP_PROXY", proxy.http.clone()),
                ("HTTPS_PROXY", proxy.https.clone()),
                ("FTP_PROXY", proxy.ftp.clone()),
                ("NO_PROXY", proxy.no.clone()),
                ("ALL_PROXY", proxy.all.clone()),
            ]
        };
        let given = self.proxy.as_ref().map(of).into_iter().flatten();
        given
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (format!("build-arg:{name}"), value))
    }

    /// The directory of the Dockerfile, and its name there.
    fn place(&self) -> (PathBuf, String) {
        let parent = self.dockerfile.parent();
        let directory = parent.filter(|parent| !parent.as_os_str().is_empty());
        let name = self.dockerfile.file_name().unwrap_or_default();
        (
            directory.unwrap_or(Path::new(".")).to_owned(),
            name.to_string_lossy().into_owned(),
        )
    }

    /// The images that stand for names.
    fn images(&self) -> impl Iterator<Item = &str> {
        self.contexts.values().filter_map(|context| match context {
            DockerfileContext::Image(image) => Some(image.as_str()),
            _ => None,
        })
    }
}

/// A name as the frontend looks it up: short for images of Docker Hub, and without the tag `latest`.
fn familiar(name: &str) -> String {
    let Ok(image) = name.parse::<ImageRef>() else {
        return name.to_owned();
    };
    let whole = image.to_string();
    let short = whole.strip_prefix("docker.io/").unwrap_or(&whole);
    let short = short.strip_prefix("library/").unwrap_or(short);
    short.strip_suffix(":latest").unwrap_or(short).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_frontend_looks_up() {
        let check = |name: &str, expected: &str| assert_eq!(familiar(name), expected);
        check("debian", "debian");
        check("debian:latest", "debian");
        check("docker.io/library/debian:12", "debian:12");
        check("example/a:1", "example/a:1");
        check("ghcr.io/library/a:latest", "ghcr.io/library/a");
        check("Base Stage", "Base Stage");
    }

    #[test]
    fn a_build_is_said_to_the_frontend_in_its_options() {
        let build = DockerfileBuild {
            dockerfile: "docker/app.Dockerfile".into(),
            context: ".".into(),
            has_frontend: false,
            stage: Some("final".to_owned()),
            platform: "linux/arm64".parse().unwrap(),
            args: [("V".to_owned(), "1".to_owned())].into(),
            labels: [("a.b".to_owned(), "c".to_owned())].into(),
            contexts: BTreeMap::new(),
            proxy: Some(ProxyEnv {
                no: "localhost".to_owned(),
                ..ProxyEnv::default()
            }),
        };
        let (directory, file) = build.place();
        assert_eq!(directory, Path::new("docker"));
        let attrs = build.attrs(&file);
        let said: Vec<String> = attrs
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(
            said,
            [
                "build-arg:NO_PROXY=localhost",
                "build-arg:V=1",
                "cmdline=dockerfile.v0",
                "filename=app.Dockerfile",
                "label:a.b=c",
                "platform=linux/arm64",
                "target=final",
            ]
        );
    }
}
