//! Whatever a file holds, an import ends: with a catalog that a reader of TOML reads, or with an error that has a place.

use import::{Files, Kind, Source, import};
use proptest::prelude::*;

/// No files but those that are imported.
struct Nothing;

impl Files for Nothing {
    fn names(&self, _: &str) -> Option<Vec<String>> {
        None
    }

    fn followed(&self, _: &str) -> Option<String> {
        None
    }

    fn read(&self, _: &str) -> Option<String> {
        None
    }

    fn kind(&self, _: &str) -> Option<Kind> {
        None
    }
}

fn check(path: &str, text: &str) {
    let source = Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    if let Ok(imported) = import(&[source], "any", &Nothing) {
        let read = toml::from_str::<toml::Table>(&imported.text);
        assert!(read.is_ok(), "{text:?}\n{}\n{read:?}", imported.text);
    }
}

/// Parts of Dockerfiles in any order.
fn parts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("FROM a AS b\n"),
        Just("FROM ${A:-b}\n"),
        Just("FROM --platform=$BUILDPLATFORM scratch\n"),
        Just("ARG A=1\n"),
        Just("ARG A\n"),
        Just("ENV A=$A:${B:+c} "),
        Just("RUN <<E\n"),
        Just("E\n"),
        Just("RUN --mount=type="),
        Just("cache,target="),
        Just("secret,id=x "),
        Just("COPY --from=b "),
        Just("ADD https://x/y.git#${A} "),
        Just("COPY . "),
        Just("\\\n"),
        Just("# escape=`\n"),
        Just("`\n"),
        Just("[\"a\", "),
        Just("\"b\"]\n"),
        Just("'"),
        Just("\""),
        Just("$"),
        Just("${"),
        Just("}"),
        Just("{{"),
        Just("{arch}"),
        Just("/./"),
        Just("**/*"),
        Just("--parents "),
        Just("<<-'X' "),
        Just("HEALTHCHECK CMD "),
        Just("EXPOSE 1-3/udp "),
        Just("WORKDIR .. "),
        Just("ö\u{0}\r\n"),
        Just("\n"),
        Just(" "),
    ];
    proptest::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_dockerfile_or_an_error(text in any::<String>()) {
        check("Dockerfile", &text);
        check("Dockerfile", &format!("FROM a\n{text}"));
        check("Dockerfile", &format!("FROM a\nRUN {text}"));
        check("Dockerfile", &format!("FROM a\nENV {text}"));
    }

    #[test]
    fn any_parts_are_a_dockerfile_or_an_error(text in parts()) {
        check("Dockerfile", &text);
        check("Dockerfile", &format!("FROM a\n{text}"));
    }

    #[test]
    fn any_text_is_a_bake_or_compose_file_or_an_error(text in any::<String>()) {
        check("bake.json", &text);
        check("compose.yaml", &text);
        let json = serde_json::json!({ "target": { &text: {
            "dockerfile-inline": "FROM a\n", "tags": [&text], "args": { &text: &text }, "labels": { &text: &text },
            "annotations": [&text], "contexts": { &text: &text }
        } } });
        check("bake.json", &json.to_string());
    }
}

#[test]
fn deep_nests_end() {
    check(
        "Dockerfile",
        &format!("FROM a\nENV A={}", "${A:-".repeat(50_000)),
    );
    check("Dockerfile", &format!("FROM a\nCMD {}", "[".repeat(50_000)));
    check("compose.yaml", &"[".repeat(5_000));
}
