//! The differences between the configs of two images. Histories and times are none.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The keys of an image that are compared, besides those of `config`: the others are its layers, history and time.
const OF_IMAGE: [&str; 6] = [
    "architecture",
    "author",
    "os",
    "os.features",
    "os.version",
    "variant",
];

/// The keys of `config` that no runtime on Linux reads: one of Windows, and the shell of later `RUN`s, which is
/// Docker's own builder's.
const NOT_READ: [&str; 2] = ["ArgsEscaped", "Shell"];

/// A part of a config that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its key, and for a table or the environment the name in it.
    pub(super) name: String,
    /// Its value in the catalog's image; nothing if it is not there.
    pub(super) ours: Option<String>,
    /// Its value in the Dockerfile's.
    pub(super) theirs: Option<String>,
}

/// The parts in which two configs differ, as the OCI image specification has them.
pub(super) fn differences(ours: &Value, theirs: &Value) -> Vec<Part> {
    let (ours, theirs) = (parts(ours), parts(theirs));
    let names = |parts: &[(String, String)]| {
        let names = parts.iter().map(|(name, _)| name.clone());
        names.collect::<BTreeSet<String>>()
    };
    let value = |parts: &[(String, String)], name: &str| {
        let found = parts.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone())
    };
    names(&ours)
        .union(&names(&theirs))
        .map(|name| Part {
            name: name.clone(),
            ours: value(&ours, name),
            theirs: value(&theirs, name),
        })
        .filter(|part| part.ours != part.theirs)
        .collect()
}

/// The parts of an image's config with their values. What is empty is not there.
fn parts(image: &Value) -> Vec<(String, String)> {
    let of_image = OF_IMAGE.iter().map(|key| ((*key).to_owned(), &image[key]));
    let config = image["config"].as_object();
    let of_config = config.into_iter().flat_map(Map::iter);
    let of_config = of_config
        .filter(|(key, _)| !NOT_READ.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value));
    let mut parts = Vec::new();
    for (key, value) in of_image.chain(of_config) {
        match value {
            value if is_empty(value) => {}
            Value::Array(variables) if key == "Env" => {
                parts.extend(variables.iter().map(variable));
            }
            Value::Object(table) if key != "Healthcheck" => {
                let named =
                    |(name, value): (&String, &Value)| (format!("{key} {name}"), value.to_string());
                parts.extend(table.iter().map(named));
            }
            Value::Object(table) => {
                let given = table.iter().filter(|(_, value)| !is_empty(value));
                parts.extend(
                    given.map(|(name, value)| (format!("{key} {name}"), value.to_string())),
                );
            }
            // Without one, it is the root.
            Value::String(path) if key == "WorkingDir" && clean(path) == "/" => {}
            Value::String(path) if key == "WorkingDir" => {
                parts.push((key, Value::from(clean(path)).to_string()));
            }
            value => parts.push((key, value.to_string())),
        }
    }
    parts
}

fn variable(text: &Value) -> (String, String) {
    let text = text.as_str().unwrap_or_default();
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (format!("Env {name}"), Value::from(value).to_string())
}

/// An absolute path in its shortest spelling.
fn clean(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    format!("/{}", parts.collect::<Vec<_>>().join("/"))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(table) => table.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn configs_differ_in_what_a_runtime_reads() {
        let check = |ours: Value, theirs: Value, expected: &[&str]| {
            let image = |config: Value| json!({"os": "linux", "config": config});
            let told = differences(&image(ours), &image(theirs));
            let told = told.iter().map(|part| {
                let value =
                    |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
                format!(
                    "{}: {} | {}",
                    part.name,
                    value(&part.ours),
                    value(&part.theirs)
                )
            });
            assert_eq!(told.collect::<Vec<_>>(), expected);
        };
        check(
            json!({"Cmd": ["a"], "Env": ["A=1"], "Labels": {}}),
            json!({"Cmd": ["a"], "Env": ["A=1"], "ArgsEscaped": true, "Shell": ["sh"], "OnBuild": null}),
            &[],
        );
        check(
            json!({"Cmd": ["a"], "Env": ["A=1", "B="], "User": "x"}),
            json!({"Cmd": ["a", "b"], "Env": ["A=2"]}),
            &[
                "Cmd: [\"a\"] | [\"a\",\"b\"]",
                "Env A: \"1\" | \"2\"",
                "Env B: \"\" | -",
                "User: \"x\" | -",
            ],
        );
        check(
            json!({"Env": ["A=1", "B=2"], "WorkingDir": "/a/b"}),
            json!({"Env": ["B=2", "A=1"], "WorkingDir": "/a//./b/"}),
            &[],
        );
        check(
            json!({"Labels": {"a": "1", "b": "2"}, "Volumes": {"/a": {}}}),
            json!({"Labels": {"a": "1"}, "Healthcheck": {"Test": ["NONE"], "Retries": 0}}),
            &[
                "Healthcheck Test: - | [\"NONE\"]",
                "Labels b: \"2\" | -",
                "Volumes /a: {} | -",
            ],
        );
    }

    #[test]
    fn the_platform_and_the_author_count_and_history_does_not() {
        let ours = json!({"os": "linux", "architecture": "arm64", "variant": "v8", "created": "1"});
        let theirs =
            json!({"os": "linux", "architecture": "arm64", "author": "a", "history": [{}]});
        let told = differences(&ours, &theirs);
        let names: Vec<&str> = told.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["author", "variant"]);
    }
}
