//! The guide from a bake project to a fleet: its files are written as they come, and its commands run on them.

#![expect(
    clippy::unwrap_used,
    reason = "all of this program is tests, their helpers too"
)]

mod transcript;

use std::{fs, path::Path};

use transcript::{directory, transcript_in};

/// A block of code in the guide.
struct Block<'a> {
    /// The words behind its fence: a language, and the name of a file.
    about: &'a str,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let fenced = page.split("```").skip(1).step_by(2);
    let blocks = fenced.map(|block| {
        let (about, text) = block.split_once('\n').unwrap();
        Block { about, text }
    });
    blocks.collect()
}

#[test]
fn every_command_of_the_guide_does_what_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/migrating.md");
    let page = fs::read_to_string(page).unwrap();
    let project = directory(&[]);
    let (mut files, mut commands) = (0, 0);
    for Block { about, text } in blocks(&page) {
        match about.split_once(' ') {
            Some((_, file)) => {
                fs::write(project.path().join(file), text).unwrap();
                files += 1;
            }
            None if about == "console" => {
                run(project.path(), text);
                commands += 1;
            }
            // A part of what the command before it has written.
            None => {
                let catalog = fs::read_to_string(project.path().join("llbgen.toml")).unwrap();
                assert!(catalog.contains(text), "{text}\nis not in\n{catalog}");
            }
        }
    }
    assert_eq!((files, commands), (5, 4));
}

/// Runs the command of a block; each line below it must be in one of what it prints.
fn run(project: &Path, block: &str) {
    let (command, expected) = block.split_once('\n').unwrap();
    let words = command.strip_prefix("$ llbgen ").unwrap();
    let words: Vec<&str> = words.split(' ').collect();
    let printed = transcript_in(project, &words);
    assert!(printed.contains("exit code: 0\n"), "{command}\n{printed}");
    for line in expected.lines() {
        let mut lines = printed.lines();
        assert!(lines.any(|it| it.contains(line)), "{line}\n{printed}");
    }
}
