//! Catalogs of the language of before, and what today's language calls the same.
//!
//! `INSTA_UPDATE=always` writes the catalogs of today anew.

#![expect(
    clippy::disallowed_methods,
    reason = "a test reads its cases, and the crate does not"
)]

use std::{env, fs, path::Path};

use import::{Files, ImportError, Imported, Kind, Source, import};

struct Nothing;

impl Files for Nothing {
    fn read(&self, _: &str) -> Option<String> {
        None
    }

    fn kind(&self, _: &str) -> Option<Kind> {
        None
    }

    fn names(&self, _: &str) -> Option<Vec<String>> {
        None
    }

    fn followed(&self, _: &str) -> Option<String> {
        None
    }
}

fn upgraded(text: &str) -> Result<Imported, ImportError> {
    let source = Source {
        path: "llbgen.toml".to_owned(),
        text: text.to_owned(),
    };
    import(&[source], "directory", &Nothing)
}

fn findings(imported: &Imported) -> Vec<String> {
    imported.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_has_another_meaning_is_said_anew_and_the_rest_stays() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalogs/every-break");
    let before = fs::read_to_string(case.join("before.txt")).unwrap();
    let imported = upgraded(&before).unwrap();
    let today = case.join("llbgen.toml");
    if env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&today, &imported.text).unwrap();
    }
    assert_eq!(imported.text, fs::read_to_string(&today).unwrap());
    assert_eq!(
        findings(&imported),
        [
            "llbgen.toml:2: note: `builtin` is gone: a program has no artifacts but those of its crate"
        ]
    );
}

#[test]
fn what_cannot_be_said_is_told_at_its_line() {
    let check = |rest: &str, expected: &str| {
        let text = format!("[artifact.a]\nkind = \"image\"\nbase = \"a:1\"\n{rest}\n");
        assert_eq!(findings(&upgraded(&text).unwrap()), [expected], "{rest}");
    };
    check(
        r#"steps = [{ run = "ls {arch}" }]"#,
        "llbgen.toml:4: not said: `{arch}` in a command: `${{ arch }}` is its value, and braces for the shell go into `env`",
    );
    check(
        r#"finally = [{ user = "a" }]"#,
        "llbgen.toml:4: not said: `user` in `finally` would overrule the artifacts on top: it goes among the steps",
    );
    check(
        "options.o = \"1\"\n[artifact.b]\nkind = \"rootfs\"\nbase = \"a:1\"\noptions.o = \"2\"",
        "llbgen.toml:8: not said: the option `o` of `b` is another one than that of `a`: options are the catalog's, so give \
         one of them another name",
    );
}

#[test]
fn a_catalog_of_today_is_refused() {
    let check = |text: &str, expected: &str| {
        assert_eq!(upgraded(text).unwrap_err().to_string(), expected);
    };
    let reason = "is of today's language: this file needs no import";
    check(
        "default = [\"a\"]\n[part.x]\nsteps = []\n",
        &format!("llbgen.toml:2: `part` {reason}"),
    );
    check(
        "[artifact.a]\nkind = \"image\"\ninherits = \"x\"\n",
        &format!("llbgen.toml:3: `inherits` {reason}"),
    );
    check(
        "[artifact.a]\ntags = [\"{x|slug}\"]\n",
        &format!("llbgen.toml:2: `|slug}}` {reason}"),
    );
    let wrong = upgraded("a = \n").unwrap_err().to_string();
    assert!(wrong.starts_with("llbgen.toml:1: "), "{wrong}");
}
