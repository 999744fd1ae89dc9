//! The declared file that a command is about, for errors to show.

use crate::{
    inputs::{FileContent, FileSet},
    path::ContextPath,
};

/// Package managers, and the file with the packages of each, whether the command names it or not.
const MANIFESTS: [(&str, &str); 3] = [
    ("pip", "requirements.txt"),
    ("pip3", "requirements.txt"),
    ("npm", "package.json"),
];

/// The text file among `files` that `command` is about: the first one that it names as a word, as in `./install.sh` or
/// `-r requirements.txt`, or else the file of the first package manager in it.
pub(crate) fn main_file<'a>(
    command: &str,
    files: &'a FileSet,
) -> Option<(&'a ContextPath, &'a [u8])> {
    let texts = || {
        files.iter().filter_map(|(path, file)| match &file.content {
            FileContent::Text(text) => Some((path, &**text)),
            FileContent::Hashed { .. } | FileContent::Symlink(_) => None,
        })
    };
    let named = |word| texts().find(|(path, _)| path.as_str() == word);
    let managed = |word| {
        let (_, manifest) = MANIFESTS.iter().find(|(program, _)| *program == word)?;
        texts().find(|(path, _)| path.file_name() == *manifest)
    };
    words(command)
        .find_map(named)
        .or_else(|| words(command).find_map(managed))
}

/// The words of a shell command, without the characters that the shell removes and without a `./` in front.
fn words(command: &str) -> impl Iterator<Item = &str> {
    let is_shell = |c: char| c.is_whitespace() || "'\"();|&<>`$=".contains(c);
    command
        .split(is_shell)
        .map(|word| word.strip_prefix("./").unwrap_or(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::InputFile;

    #[test]
    fn a_command_is_about_the_file_that_it_names() {
        let check = |command: &str, expected: Option<&str>| {
            let file = |name: &str, bytes: &[u8]| {
                let file = InputFile::from_bytes(false, bytes.to_vec());
                (name.parse().unwrap(), file)
            };
            let files = FileSet::from([
                file("a/install.sh", b"exit 1"),
                file("binary", b"\0"),
                file("node/package.json", b"{}"),
                file("requirements.txt", b"x"),
            ]);
            let found = main_file(command, &files).map(|(path, _)| path.as_str());
            assert_eq!(found, expected, "{command}");
        };
        check("./a/install.sh --all", Some("a/install.sh"));
        check("'./a/install.sh'", Some("a/install.sh"));
        check("cd /x && sh a/install.sh;", Some("a/install.sh"));
        check("A=$(cat requirements.txt)", Some("requirements.txt"));
        check("npm ci < a/install.sh", Some("a/install.sh"));
        check("cd node && npm ci", Some("node/package.json"));
        check("pip install -r /x", Some("requirements.txt"));
        check("python3 -m pip3 list", Some("requirements.txt"));
        check("pipx binary install.sh", None);
        check("", None);
    }
}
