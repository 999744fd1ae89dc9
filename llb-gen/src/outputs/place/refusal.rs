//! What is refused of a call, because its place does not take it.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use catalog::{Annotated, AnnotationPlace, Attestation, Kind, Plan, Variant};
use engine::{Archive, Destination, Product};

use super::{Place, Taker};
use crate::{
    args::{BuildArgs, FileForm, ImageFormat, OutputSpec},
    failure::{Exit, Failure},
};

/// Refuses options that exclude each other.
pub(super) fn refuse_two_places(args: &BuildArgs) -> Result<(), Failure> {
    if !args.image.push || matches!(args.output, OutputSpec::Directory(_)) {
        return Ok(());
    }
    let error = "`--push` and an `--output` that is not a directory exclude each other";
    Err(Failure::new(Exit::Usage, error)
        .with_hint("push in one call and write the file in another: nothing runs twice"))
}

/// Refuses to write an output to a terminal.
pub(super) fn refuse_terminal() -> Result<(), Failure> {
    if !io::stdout().is_terminal() {
        return Ok(());
    }
    let error = "an output is not written to a terminal";
    Err(Failure::new(Exit::Usage, error)
        .with_hint("redirect stdout, or give a directory: `-o DIR`"))
}

impl Place {
    /// Refuses a place, and options, that take nothing at all.
    pub(super) fn refuse_options(&self, args: &BuildArgs) -> Result<(), Failure> {
        if let Taker::User(Destination::Directory(directory)) = &self.taker {
            refuse_default_link(directory)?;
        }
        if let Some(file) = &args.metadata_file {
            let hint = "give another path to `--metadata-file`";
            refuse_own_file(&self.own_files, file, "the metadata file", hint)?;
        }
        if self.archive() == Archive::Docker {
            refuse_what_needs_an_index(&args.image.format)?;
        }
        Ok(())
    }

    /// Refuses products that the place does not take, or that would be one file.
    pub(super) fn refuse_products(&self, products: &[Product]) -> Result<(), Failure> {
        self.refuse_several_platforms(products)?;
        self.refuse_one_file(products)?;
        self.refuse_own_files(products)
    }

    /// Refuses an artifact of a kind that the form has no place for.
    pub(super) fn refuse_other_kinds(&self, plan: &Plan) -> Result<(), Failure> {
        let Some(form) = self.form else { return Ok(()) };
        let fits = match form {
            FileForm::Tar => !plan.kind.is_image(),
            FileForm::Oci | FileForm::Docker => plan.kind.is_image(),
            FileForm::Local => plan.kind == Kind::Files,
        };
        if fits {
            return Ok(());
        }
        let valid = match plan.kind {
            Kind::Image => "`-o DIR`, `-o type=oci,dest=FILE` or `-o type=docker,dest=FILE`",
            Kind::Files => "`-o DIR`, `-o type=local,dest=DIR` or `-o type=tar,dest=FILE`",
            Kind::Rootfs | Kind::Layer | Kind::Stage => "`-o DIR` or `-o type=tar,dest=FILE`",
        };
        let (artifact, kind) = (&plan.variant.artifact, plan.kind.as_str());
        let error = format!(
            "{}: artifact `{artifact}` is of the kind {kind}",
            self.flag()
        );
        let hint = match plan.kind {
            Kind::Files => format!("files leave with {valid}"),
            _ => format!("a {kind} leaves with {valid}"),
        };
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

    /// Refuses to write over the catalog, a file that it includes, and its lock, from which outputs are made.
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
            refuse_own_file(&self.own_files, &path, &what, hint)?;
        }
        Ok(())
    }
}

/// Refuses options that need an index: an archive for Docker has one manifest and no index.
fn refuse_what_needs_an_index(format: &ImageFormat) -> Result<(), Failure> {
    let refused = |error: String, hint: &str| {
        let hint = format!("{hint}, or push the image");
        Err(Failure::new(Exit::Usage, error).with_hint(hint))
    };
    let form = format.form()?;
    let is_attested = |one| matches!(one, Attestation::With(_));
    if is_attested(form.provenance) || is_attested(form.sbom) {
        let error = "an archive for Docker has no place for attestations";
        return refused(error.to_owned(), "leave out `--provenance` and `--sbom`");
    }
    let mut places = format.annotations().map(|one| &one.place);
    match places.find(|place| place.on != Annotated::Manifest) {
        None => Ok(()),
        Some(AnnotationPlace { on, key, .. }) => refused(
            format!(
                "an archive for Docker has no index for the annotation `{}:{key}`",
                on.as_str()
            ),
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

/// Refuses to write over one of these files, also behind a link.
fn refuse_own_file(own: &[PathBuf], path: &Path, what: &str, hint: &str) -> Result<(), Failure> {
    let place = place_of(path);
    if place.is_none() || !own.iter().any(|own| place_of(own) == place) {
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
