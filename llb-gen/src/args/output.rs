//! What `build --output` takes: a directory, stdout, or one of buildctl's exporters with a destination.

use std::{path::PathBuf, str::FromStr};

use catalog::{Template, did_you_mean, listed, nearest};

/// The exporters that write a file or a directory.
const TYPES: [&str; 4] = ["tar", "oci", "docker", "local"];

/// The keys that they take. BuildKit takes more, and passes over those that it does not know; what changes a file has flags
/// of its own, which also count for the id.
const KEYS: [&str; 2] = ["type", "dest"];

/// Where outputs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutputSpec {
    /// Into a directory, each under the name that the catalog gives it.
    Directory(PathBuf),
    /// Into files or directories whose paths are made from a template.
    File {
        /// Of what kind.
        form: FileForm,
        /// Their path; `{artifact}`, `{arch}`, `{platform}`, axes and options in it are filled in.
        dest: Template,
    },
    /// To stdout; as a tar or an OCI archive, when it is not said as what.
    Stdout(Option<FileForm>),
}

/// What kind of file an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileForm {
    /// The tar of a root filesystem, a layer or plain files.
    Tar,
    /// An OCI archive of an image.
    Oci,
    /// An archive of an image for `docker load`, of one platform.
    Docker,
    /// A directory of plain files.
    Local,
}

impl FileForm {
    /// Its name as an exporter.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Oci => "oci",
            Self::Docker => "docker",
            Self::Local => "local",
        }
    }
}

impl FromStr for OutputSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("give a directory".to_owned());
        }
        if let Some(character) = text.chars().find(|c| c.is_control()) {
            return Err(format!(
                "it has the character {character:?} in it, and the paths of outputs are printed one a line"
            ));
        }
        if text == "-" {
            return Ok(Self::Stdout(None));
        }
        if !is_exporter(text) {
            return Ok(Self::Directory(PathBuf::from(text)));
        }
        let (mut form, mut dest) = (None, None);
        for field in fields(text)? {
            let (key, value) = field
                .split_once('=')
                .ok_or_else(|| format!("`{field}` is not KEY=VALUE"))?;
            match key {
                "type" if form.is_none() => form = Some(form_of(value)?),
                "dest" if dest.is_none() => dest = Some(value.to_owned()),
                "type" | "dest" => return Err(format!("`{key}` is given twice")),
                _ => return Err(unknown_key(key)),
            }
        }
        let form = form.ok_or("an exporter needs its `type`")?;
        match dest.as_deref() {
            None | Some("" | "-") if form == FileForm::Local => Err(
                "`type=local` needs a directory, `dest=DIR`; `type=tar` goes to stdout".to_owned(),
            ),
            None | Some("" | "-") => Ok(Self::Stdout(Some(form))),
            Some(dest) => {
                let dest = dest
                    .parse()
                    .map_err(|error| format!("`dest={dest}`: {error}"))?;
                Ok(Self::File { form, dest })
            }
        }
    }
}

/// Whether it is more than a directory: one of buildctl's lists of keys and values.
pub(super) fn is_exporter(text: &str) -> bool {
    text.split(',').any(|field| {
        let field = field.trim_start_matches('"');
        field.starts_with("type=") || field.starts_with("dest=")
    })
}

/// Fields with commas between them; one in double quotes may have commas in it, and its own quotes are doubled.
fn fields(text: &str) -> Result<Vec<String>, String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().expect("there is always one");
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' if is_quoted || field.is_empty() => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => field.push(character),
        }
    }
    if is_quoted {
        return Err("a quotation mark is not closed".to_owned());
    }
    Ok(fields)
}

fn form_of(name: &str) -> Result<FileForm, String> {
    match name {
        "tar" => Ok(FileForm::Tar),
        "oci" => Ok(FileForm::Oci),
        "docker" => Ok(FileForm::Docker),
        "local" => Ok(FileForm::Local),
        "registry" | "image" => Err(format!(
            "`type={name}`: images are pushed with `--push`, `--registry PREFIX` and `--tag TAG`"
        )),
        _ => Err(format!(
            "`type={name}` is none of {}{}",
            listed(TYPES),
            did_you_mean(nearest(name, TYPES))
        )),
    }
}

/// BuildKit's own keys are told apart from typing errors: there are flags for what they do.
fn unknown_key(key: &str) -> String {
    let flag = match key {
        "compression" | "compression-level" => "--image-compression or --tar-compression",
        "force-compression" => "--force-compression",
        "name" | "push" => "--push, --registry and --tag",
        "source-date-epoch" => "the environment's SOURCE_DATE_EPOCH",
        "rewrite-timestamp" => {
            return format!(
                "`{key}` is left out here: with SOURCE_DATE_EPOCH in the environment, no file of any output has a later \
                 time, and without it no time is rewritten"
            );
        }
        _ if key.starts_with("annotation") => "--annotation KEY=VALUE",
        _ => {
            return format!(
                "`{key}` is none of the keys {}{}",
                listed(KEYS),
                did_you_mean(nearest(key, KEYS))
            );
        }
    };
    format!("`{key}` is not set here, but with {flag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(form: FileForm, dest: &str) -> OutputSpec {
        OutputSpec::File {
            form,
            dest: dest.parse().unwrap(),
        }
    }

    #[test]
    fn a_directory_stdout_and_exporters() {
        let check = |text: &str, expected: OutputSpec| {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        };
        check("out", OutputSpec::Directory("out".into()));
        check("a=b,c", OutputSpec::Directory("a=b,c".into()));
        check("-", OutputSpec::Stdout(None));
        check("type=tar", OutputSpec::Stdout(Some(FileForm::Tar)));
        check(
            "dest=-,type=docker",
            OutputSpec::Stdout(Some(FileForm::Docker)),
        );
        check(
            "type=oci,dest=x/{arch}.tar",
            file(FileForm::Oci, "x/{arch}.tar"),
        );
        check(
            "type=local,dest=bin/{arch}",
            file(FileForm::Local, "bin/{arch}"),
        );
        check(
            "type=tar,\"dest=a,\"\"b\"\".tar\"",
            file(FileForm::Tar, "a,\"b\".tar"),
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                text.parse::<OutputSpec>(),
                Err(expected.to_owned()),
                "{text}"
            );
        };
        check("", "give a directory");
        for path in ["a\nb", "type=tar,dest=a\nb"] {
            let error =
                "it has the character '\\n' in it, and the paths of outputs are printed one a line";
            check(path, error);
        }
        check("dest=x", "an exporter needs its `type`");
        check(
            "type=ocj,dest=x",
            "`type=ocj` is none of `tar`, `oci`, `docker`, `local`; did you mean `oci`?",
        );
        check(
            "type=oci,dets=x",
            "`dets` is none of the keys `type`, `dest`; did you mean `dest`?",
        );
        check("type=oci,type=tar", "`type` is given twice");
        check("type=oci,x", "`x` is not KEY=VALUE");
        check("type=oci,\"dest=x", "a quotation mark is not closed");
        check(
            "type=oci,dest=x,compression=zstd",
            "`compression` is not set here, but with --image-compression or --tar-compression",
        );
        check(
            "type=tar,rewrite-timestamp=true",
            "`rewrite-timestamp` is left out here: with SOURCE_DATE_EPOCH in the environment, no file of any output has a \
             later time, and without it no time is rewritten",
        );
        let no_directory = "`type=local` needs a directory, `dest=DIR`; `type=tar` goes to stdout";
        check("type=local", no_directory);
        check("type=local,dest=-", no_directory);
        for elsewhere in ["type=registry,name=x", "type=image"] {
            assert!(elsewhere.parse::<OutputSpec>().is_err(), "{elsewhere}");
        }
        assert!(
            "type=oci,dest={"
                .parse::<OutputSpec>()
                .is_err_and(|error| error.starts_with("`dest={`: "))
        );
    }
}
