//! `--load`: hands the archives of images to docker or podman.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use engine::Output;

use crate::{
    args::Engine,
    failure::{Exit, Failure},
};

/// The program that takes images.
#[derive(Debug)]
pub(crate) struct Loader {
    program: PathBuf,
}

impl Loader {
    /// Finds the program before anything is built.
    pub(crate) fn find(engine: Engine) -> Result<Self, Failure> {
        let names: &[&str] = match engine {
            Engine::Auto => &["docker", "podman"],
            Engine::Docker => &["docker"],
            Engine::Podman => &["podman"],
        };
        let paths = env::var_os("PATH").unwrap_or_default();
        let found = names.iter().find_map(|name| on_path(name, &paths));
        let program = found.ok_or_else(|| {
            let error = format!("`--load`: there is no {} on PATH", names.join(" or "));
            let hint = "install one, or write an archive: `-o type=docker,dest=FILE`";
            Failure::new(Exit::Usage, error).with_hint(hint)
        })?;
        Ok(Self { program })
    }

    /// Loads the complete archive of an image: a stream that breaks off would be taken for a whole one.
    pub(crate) fn load(&self, output: &Output) -> Result<(), Failure> {
        let (program, image) = (self.program.display(), &output.artifact);
        let said = Command::new(&self.program)
            .args(["load", "--input"])
            .args(output.path())
            .stdin(Stdio::null())
            .output();
        let said = said.map_err(|error| {
            Failure::new(Exit::Failed, format!("cannot run `{program}`: {error}"))
        })?;
        if said.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&said.stderr);
        let error = format!(
            "`{program} load` did not take the image of `{image}` ({}): {}",
            said.status,
            words.trim()
        );
        let hint = format!("does `{program} info` work?");
        Err(Failure::new(Exit::Failed, error).with_hint(hint))
    }
}

fn on_path(name: &str, paths: &OsStr) -> Option<PathBuf> {
    env::split_paths(paths)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
