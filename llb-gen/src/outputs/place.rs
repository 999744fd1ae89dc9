//! The places of outputs, as `--output` says, and who takes them there.

mod refusal;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use catalog::{CATALOG_FILE, CheckedCatalog, LOCK_FILE, Template};
use engine::{
    Archive, Delivery, Destination, Goal, ImageNaming, Output, Product, Sorting, Workspace,
};

use super::{
    kept::{self, Kept},
    load::Loader,
};
use crate::{
    args::{BuildArgs, FileForm, OutputSpec},
    failure::{Exit, Failure},
};

/// The variables that tell the outputs for several platforms apart.
const PLATFORM_VARIABLES: [&str; 3] = ["arch", "platform", "variant"];

/// The place of the outputs of a call.
pub(crate) struct Place {
    form: Option<FileForm>,
    taker: Taker,
    /// The catalog's files and its lock, which are no outputs.
    own_files: Vec<PathBuf>,
}

/// The taker of complete files. Files that are not for the user are in a directory of their own until then.
enum Taker {
    /// The user.
    User(Destination),
    /// Stdout.
    Stdout(Kept),
    /// Docker or podman.
    Engine(Kept, Loader),
}

impl Place {
    pub(crate) fn of(
        args: &BuildArgs,
        context: &Path,
        catalog: &CheckedCatalog,
    ) -> Result<Self, Failure> {
        kept::sweep();
        let (form, taker) = Self::asked_for(args)?;
        let place = Self {
            form,
            taker,
            own_files: own_files(context, catalog),
        };
        place.refuse_options(args)?;
        Ok(place)
    }

    fn asked_for(args: &BuildArgs) -> Result<(Option<FileForm>, Taker), Failure> {
        if let Some(engine) = args.load {
            let loader = Loader::find(engine)?;
            let taker = Taker::Engine(Kept::new()?, loader);
            return Ok((Some(FileForm::Docker), taker));
        }
        refusal::refuse_two_places(args)?;
        Ok(match &args.output {
            OutputSpec::Directory(directory) => {
                (None, Taker::User(Destination::Directory(directory.clone())))
            }
            OutputSpec::File { form, dest } => {
                (Some(*form), Taker::User(Destination::File(dest.clone())))
            }
            OutputSpec::Stdout(form) => {
                refusal::refuse_terminal()?;
                (*form, Taker::Stdout(Kept::new()?))
            }
        })
    }

    /// The directory with the records of outputs, by which a later build knows what is there.
    fn with_records(&self) -> Option<&Path> {
        match &self.taker {
            Taker::User(Destination::Directory(directory)) => Some(directory),
            _ => None,
        }
    }

    /// The destination of files.
    pub(crate) fn destination(&self) -> Destination {
        match &self.taker {
            Taker::User(destination) => destination.clone(),
            Taker::Stdout(kept) => Destination::Only(kept.path().join("output")),
            Taker::Engine(kept, _) => Destination::Directory(kept.path().to_owned()),
        }
    }

    /// The kind of archives for images.
    pub(crate) fn archive(&self) -> Archive {
        match self.form {
            Some(FileForm::Docker) => Archive::Docker,
            _ => Archive::Oci,
        }
    }

    /// The destination of images.
    fn goal(&self, is_pushed: bool) -> Goal {
        match &self.taker {
            _ if is_pushed => Goal::Registries,
            Taker::Engine(..) => Goal::Engine,
            Taker::User(_) | Taker::Stdout(_) => Goal::Archive,
        }
    }

    /// How a call looks for outputs that are there already.
    pub(crate) fn sorting(&self, args: &BuildArgs) -> Sorting<'_> {
        Sorting {
            directory: self.with_records(),
            inspection: args.reuse.inspection(),
            always: args.reuse.builds_always(),
            push: args.image.push,
            unique_names: args.image.push || args.load.is_some(),
        }
    }

    /// How plans become products.
    pub(crate) fn delivery<'a>(&self, args: &BuildArgs, naming: &'a ImageNaming) -> Delivery<'a> {
        let by_platform = match &self.taker {
            Taker::User(Destination::File(dest)) => is_by_platform(dest),
            _ => false,
        };
        Delivery {
            goal: self.goal(args.image.push),
            naming,
            by_platform,
            files_as_tars: matches!(self.taker, Taker::Stdout(_))
                || self.form == Some(FileForm::Tar),
        }
    }

    /// The products of a workspace's plans; an error when they do not fit the place, or would be one file.
    pub(crate) fn products(
        &self,
        workspace: &mut Workspace<'_>,
        args: &BuildArgs,
        naming: &ImageNaming,
    ) -> Result<Vec<Product>, Failure> {
        for plan in workspace.plans() {
            self.refuse_other_kinds(plan)?;
        }
        let products = workspace.take_products(self.delivery(args, naming))?;
        self.refuse_products(&products)?;
        Ok(products)
    }

    /// Hands over the outputs, when they are not for the user. Returns whether stdout was used up by it.
    pub(crate) fn hand_over(
        &self,
        outputs: &mut [Output],
        stdout: &mut impl io::Write,
    ) -> Result<bool, Failure> {
        match &self.taker {
            Taker::User(_) => Ok(false),
            Taker::Stdout(_) => {
                for output in outputs {
                    copy(output, stdout).map_err(|error| {
                        let error = format!("the output cannot be written to stdout: {error}");
                        Failure::new(Exit::Failed, error)
                    })?;
                    output.moved_to(Some(Path::new("-")));
                }
                Ok(true)
            }
            Taker::Engine(_, loader) => {
                for output in outputs {
                    loader.load(output)?;
                    output.moved_to(None);
                }
                Ok(false)
            }
        }
    }
}

fn own_files(context: &Path, catalog: &CheckedCatalog) -> Vec<PathBuf> {
    let declaring = catalog.files().iter().map(String::as_str);
    let all = [CATALOG_FILE, LOCK_FILE].into_iter().chain(declaring);
    all.map(|name| context.join(name)).collect()
}

fn copy(output: &Output, stdout: &mut impl io::Write) -> io::Result<()> {
    if let Some(path) = output.path() {
        io::copy(&mut File::open(path)?, stdout)?;
    }
    stdout.flush()
}

fn is_by_platform(dest: &Template) -> bool {
    PLATFORM_VARIABLES
        .iter()
        .any(|variable| dest.uses(variable))
}
