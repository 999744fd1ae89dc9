//! The places of outputs, as `--output` says, and which artifacts each can take.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use catalog::{CATALOG_FILE, LOCK_FILE, Plan, Template, Variant};
use engine::{
    Annotated, Annotation, Archive, Delivery, Destination, Goal, ImageNaming, ImageOptions, Output,
    Product, Sorting, Workspace,
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
    /// The context directory, whose catalog and lock are no outputs.
    context: PathBuf,
}

/// Refuses options that need an index: an archive for Docker has one manifest and no index.
fn refuse_what_needs_an_index(options: &ImageOptions) -> Result<(), Failure> {
    let refused = |error: String, hint: &str| {
        let hint = format!("{hint}, or push the image");
        Err(Failure::new(Exit::Usage, error).with_hint(hint))
    };
    if !options.attestations.is_empty() {
        let error = "an archive for Docker has no place for attestations";
        return refused(error.to_owned(), "leave out `--provenance` and `--sbom`");
    }
    let of_index = |annotation: &&Annotation| annotation.on == Annotated::Index;
    match options.annotations.iter().find(of_index) {
        None => Ok(()),
        Some(Annotation { key, .. }) => refused(
            format!("an archive for Docker has no index for the annotation `index:{key}`"),
            &format!("annotate the manifest, with `{key}`"),
        ),
    }
}

/// Refuses control characters, because paths are printed one a line. The text of a `dest` was checked before; its
/// values are not known until now.
fn refuse_control_characters(path: &Path) -> Result<(), Failure> {
    let text = path.to_string_lossy();
    let Some(character) = text.chars().find(|c| c.is_control()) else {
        return Ok(());
    };
    let text = text.escape_debug();
    let error = format!("the path `{text}` has the character {character:?} in it");
    Err(Failure::new(Exit::Usage, error).with_hint(
        "the paths of outputs are printed one a line: leave the value that has it out of `dest`",
    ))
}

/// Refuses to write over the catalog and its lock, also behind a link.
fn refuse_own_file(context: &Path, path: &Path, what: &str, hint: &str) -> Result<(), Failure> {
    let place = place_of(path);
    let own = [CATALOG_FILE, LOCK_FILE].map(|name| place_of(&context.join(name)));
    if place.is_none() || !own.contains(&place) {
        return Ok(());
    }
    let error = format!("{what} would take the place of `{}`", path.display());
    Err(Failure::new(Exit::Usage, error).with_hint(hint))
}

/// The present or future place of a file, without links in its path; `None` if its directory is not there.
fn place_of(path: &Path) -> Option<PathBuf> {
    if let Ok(place) = path.canonicalize() {
        return Some(place);
    }
    let directory = match path.parent()? {
        parent if parent.as_os_str().is_empty() => Path::new("."),
        parent => parent,
    };
    Some(directory.canonicalize().ok()?.join(path.file_name()?))
}

/// The default output directory.
const DEFAULT_DIRECTORY: &str = "out";

/// Refuses a link in the place of the default output directory: it may have come with the catalog, and lead anywhere.
fn refuse_default_link(directory: &Path) -> Result<(), Failure> {
    let is_link = std::fs::symlink_metadata(directory).is_ok_and(|found| found.is_symlink());
    if directory != Path::new(DEFAULT_DIRECTORY) || !is_link {
        return Ok(());
    }
    let target = directory.canonicalize();
    let here = Path::new(".").canonicalize()?;
    match target {
        Ok(target) if !target.starts_with(here) => {
            let target = target.display();
            let error = format!("`{DEFAULT_DIRECTORY}` is a link, to `{target}`");
            let hint = format!("to write there, name it: `-o {target}`");
            Err(Failure::new(Exit::Usage, error).with_hint(hint))
        }
        // A link that leads nowhere cannot be made a directory; making it gives the error.
        _ => Ok(()),
    }
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
    pub(crate) fn of(args: &BuildArgs, context: &Path) -> Result<Self, Failure> {
        kept::sweep();
        let (form, taker) = Self::asked_for(args)?;
        let place = Self {
            form,
            taker,
            context: context.to_owned(),
        };
        if let Taker::User(Destination::Directory(directory)) = &place.taker {
            refuse_default_link(directory)?;
        }
        if let Some(file) = &args.metadata_file {
            let hint = "give another path to `--metadata-file`";
            refuse_own_file(context, file, "the metadata file", hint)?;
        }
        if place.archive() == Archive::Docker {
            refuse_what_needs_an_index(&args.image.format.options()?)?;
        }
        Ok(place)
    }

    fn asked_for(args: &BuildArgs) -> Result<(Option<FileForm>, Taker), Failure> {
        if let Some(engine) = args.load {
            let loader = Loader::find(engine)?;
            let taker = Taker::Engine(Kept::new()?, loader);
            return Ok((Some(FileForm::Docker), taker));
        }
        if args.image.push && !matches!(args.output, OutputSpec::Directory(_)) {
            let error = "`--push` and an `--output` that is not a directory exclude each other";
            return Err(Failure::new(Exit::Usage, error)
                .with_hint("push in one call and write the file in another: nothing runs twice"));
        }
        Ok(match &args.output {
            OutputSpec::Directory(directory) => {
                (None, Taker::User(Destination::Directory(directory.clone())))
            }
            OutputSpec::File { form, dest } => {
                (Some(*form), Taker::User(Destination::File(dest.clone())))
            }
            OutputSpec::Stdout(form) => {
                if io::stdout().is_terminal() {
                    let error = "an output is not written to a terminal";
                    return Err(Failure::new(Exit::Usage, error)
                        .with_hint("redirect stdout, or give a directory: `-o DIR`"));
                }
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
        self.refuse_several_platforms(&products)?;
        self.refuse_one_file(&products)?;
        self.refuse_own_files(&products)?;
        Ok(products)
    }

    fn refuse_other_kinds(&self, plan: &Plan) -> Result<(), Failure> {
        let Some(form) = self.form else { return Ok(()) };
        let is_archive = form != FileForm::Tar;
        if is_archive == plan.kind.is_image() {
            return Ok(());
        }
        let valid = if is_archive {
            "`-o DIR` or `-o type=tar,dest=FILE`"
        } else {
            "`-o DIR`, `-o type=oci,dest=FILE` or `-o type=docker,dest=FILE`"
        };
        let (artifact, kind) = (&plan.variant.artifact, plan.kind.as_str());
        let error = format!(
            "{}: artifact `{artifact}` is of the kind {kind}",
            self.flag()
        );
        let hint = format!("a {kind} leaves with {valid}");
        Err(Failure::new(Exit::Usage, error).with_hint(hint))
    }

    /// The flag that the user gave.
    fn flag(&self) -> String {
        match (&self.taker, self.form) {
            (Taker::Engine(..), _) => "`--load`".to_owned(),
            (_, Some(form)) => format!("`type={}`", form.name()),
            (_, None) => "`--output`".to_owned(),
        }
    }

    fn refuse_several_platforms(&self, products: &[Product]) -> Result<(), Failure> {
        if self.archive() == Archive::Oci {
            return Ok(());
        }
        match products.iter().find(|product| product.plans().len() > 1) {
            None => Ok(()),
            Some(product) => {
                let Variant {
                    artifact,
                    platform: first,
                    ..
                } = product.variant();
                let error = format!(
                    "{}: an archive for Docker has one platform, and `{artifact}` is built for {}",
                    self.flag(),
                    product.plans().len()
                );
                let or = match self.taker {
                    Taker::User(Destination::File(_)) => ", or put {arch} into `dest`",
                    _ => "",
                };
                let hint = format!("choose one with `--platform {first}`{or}");
                Err(Failure::new(Exit::Usage, error).with_hint(hint))
            }
        }
    }

    fn refuse_one_file(&self, products: &[Product]) -> Result<(), Failure> {
        let destination = self.destination();
        if matches!(destination, Destination::Directory(_)) {
            return Ok(());
        }
        let is_stdout = matches!(self.taker, Taker::Stdout(_));
        let mut written: BTreeMap<PathBuf, &Variant> = BTreeMap::new();
        for product in products {
            let variant = product.variant();
            let path = destination.path(variant, product.output());
            let path = path.map_err(|error| {
                Failure::new(Exit::Usage, error).with_hint(
                    "`dest` may have {artifact}, {arch}, {platform}, and the artifact's axes and options in it",
                )
            })?;
            refuse_control_characters(&path)?;
            let Some(first) = written.insert(path.clone(), variant) else {
                continue;
            };
            let place = if is_stdout {
                "stdout".to_owned()
            } else {
                format!("`{}`", path.display())
            };
            let error =
                format!("{place} takes one output, and would get `{first}` and `{variant}`");
            let hint = if is_stdout {
                "name one artifact and one `--platform`, or give a directory: `-o DIR`"
            } else {
                "put what tells them apart into `dest`: {artifact}, {arch} or {platform}"
            };
            return Err(Failure::new(Exit::Usage, error).with_hint(hint));
        }
        Ok(())
    }

    /// Refuses to write over the catalog and its lock, from which outputs are made.
    fn refuse_own_files(&self, products: &[Product]) -> Result<(), Failure> {
        let destination = self.destination();
        for product in products {
            let variant = product.variant();
            // A path that cannot be made was refused before.
            let Ok(path) = destination.path(variant, product.output()) else {
                continue;
            };
            let what = format!("the output of `{variant}`");
            let hint =
                "give a directory for outputs, `-o DIR`, or another `output` to the artifact";
            refuse_own_file(&self.context, &path, &what, hint)?;
        }
        Ok(())
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
