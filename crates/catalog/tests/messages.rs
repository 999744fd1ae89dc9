//! The messages of the language, one by one: each names the wrong word, what is right, and the place.

use catalog::{Catalog, CatalogFile, Request};

/// The error of a catalog, or of a request for all of it with this `--set`.
fn error(text: &str, set: Option<(&str, &str)>) -> String {
    let file = match CatalogFile::parse("llbgen.toml", text) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    let catalog = Catalog::new().with_file(file);
    let catalog = catalog.expect("one file has no name twice");
    let catalog = match catalog.check() {
        Ok(catalog) => catalog,
        Err(error) => return error.to_string(),
    };
    let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request = Request {
        artifacts: vec!["all".to_owned()],
        set: set.into_iter().collect(),
        ..Request::default()
    };
    let selected = catalog.select(&request);
    selected.map_or_else(|error| error.to_string(), |_| "sound".to_owned())
}

/// An artifact with these lines.
fn artifact(name: &str, lines: &str) -> String {
    let head = format!("[artifact.\"{name}\"]\nkind = \"rootfs\"\n");
    let base = if lines.contains("base =") {
        ""
    } else {
        "base = \"debian:12\"\n"
    };
    format!("{head}{base}{lines}\n")
}

#[test]
fn every_message_has_the_wrong_word_and_the_right_one() {
    let mut missing = Vec::new();
    let mut check = |text: &str, expected: &str| {
        let found = error(text, None);
        if !found.contains(expected) || !(found.contains("line ") || found.contains(".toml:")) {
            missing.push(format!("`{expected}` is not in\n{found}\n"));
        }
    };
    check(
        &artifact(
            "a",
            "axes.jdk = [\"17\"]\nsteps = [{ env = { A = \"{jdkk}\" } }]",
        ),
        "`{jdkk}`: there is no `jdkk`; did you mean `jdk`?",
    );
    let rows = "[values.jdk]\n\"17\" = { full = \"17.0\" }\n\"25\" = { short = \"25\" }\n";
    let uses = "axes.jdk = [\"17\", \"25\"]\nsteps = [{ run = \"true\" }, { run = \"echo ${{ jdk.full }}\" }]";
    check(
        &format!("{rows}{}", artifact("controller", uses)),
        "step 2: `${{ jdk.full }}`: `values.jdk.\"25\"` (llbgen.toml:3) has no `full`",
    );
    check(
        &artifact(
            "a",
            "options.version = \"1\"\nsteps = [{ run = \"echo {version}\" }]",
        ),
        "`{version}` in a script: write `${{ version }}` for its value",
    );
    check(
        &(artifact("base/debian", "") + &artifact("a", "base = \"base/debiann\"")),
        "`base/debiann` is no artifact (did you mean `base/debian`?), and an image needs a tag or a digest",
    );
    check(
        "[values.python]\n3.12 = { full = \"3.12.1\" }\n",
        "`3.12` is a table here: quote it, `\"3.12\" = { … }`",
    );
    let part = "[part.s6]\nparameters = [\"version\"]\nsteps = [{ run = \"true\" }]\n";
    let with = "steps = [{ use = \"s6\", with = { verison = \"1\" } }]";
    check(
        &format!("{part}{}", artifact("a", with)),
        "part `s6` needs the parameter `version`; `verison` is none of its",
    );
    check(
        &format!(
            "[part.a]\nsteps = [{{ use = \"b\" }}]\n[part.b]\nsteps = [{{ use = \"a\" }}]\n{}",
            artifact("x", "steps = [{ use = \"a\" }]")
        ),
        "parts use each other: a → b → a",
    );
    check(
        "[template.a]\ninherits = \"b\"\n[template.b]\ninherits = \"a\"\n",
        "templates use each other: a → b → a",
    );
    let mirror = "options.mirror = { default = \"none\", values = [\"none\", \"near\"] }\n";
    check(
        &artifact(
            "a",
            &format!("{mirror}steps = [{{ run = \"true\", when = {{ mirror = \"nera\" }} }}]"),
        ),
        "`when.mirror = \"nera\"` can never be: `near`, `none`; did you mean `near`?",
    );
    let jemalloc = artifact("jemalloc", "axes.alpine = [\"3.20\", \"3.21\"]");
    check(
        &(jemalloc
            + &artifact(
                "python",
                "steps = [{ copy = \"/lib/x\", from = \"jemalloc\", to = \"/lib/\" }]",
            )),
        "it is made from `jemalloc`, which has the axis `alpine`: give it that axis, or put `{alpine}` into the name of `jemalloc`",
    );
    check(
        &artifact("os/{image}", "axes.image = [\"a b\"]"),
        "`os/a b` (`image` = `a b`) is no artifact name",
    );
    check(
        &artifact("a", "finally = [{ user = \"daemon\" }]"),
        "`user` in `finally` would overrule artifacts on top",
    );
    check(
        &artifact(
            "controller",
            "axes.jdk = [\"17\"]\nexclude = { jdk = \"17\" }",
        ),
        "`exclude` leaves nothing of it",
    );
    check(
        "[artifact.a]\nkind = \"stage\"\nbase = \"debian:12\"\ntags = [\"x\"]\n",
        "a `stage` is not delivered, so it has no `tags`",
    );
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn what_set_cannot_be_is_told() {
    let check = |text: &str, set: (&str, &str), expected: &str| {
        let found = error(text, Some(set));
        assert!(found.contains(expected), "`{expected}` is not in\n{found}");
    };
    let mirror = "options.mirror = { default = \"none\", values = [\"none\", \"near\"] }\nsteps = [{ run = \"echo ${{ mirror }}\" }]";
    check(
        &artifact("a", mirror),
        ("mirror", "far"),
        "option `mirror` cannot be `far`; did you mean `near`?",
    );
    check(
        &artifact("os/{image}", "axes.image = [\"a\"]"),
        ("image", "a"),
        "`image` is in the name: name the artifact, not `--set image=…`",
    );
}
