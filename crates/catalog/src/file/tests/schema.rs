//! The schema has what the reader takes.

use super::*;

/// The kinds of steps among the definitions of the schema that this test names.
const STEPS: [&str; 10] = [
    "Apt",
    "Apk",
    "Dnf",
    "Run",
    "Copy",
    "File",
    "Directory",
    "Symlink",
    "Remove",
    "Use",
];

#[test]
fn the_schema_has_every_key() {
    let schema = schema();
    let check = |definition: &str, expected: &[&str]| {
        let is_step = definition != "When" && STEPS.contains(&definition);
        let definition = match definition {
            "" => &schema,
            name => &schema["definitions"][name],
        };
        let properties = definition["properties"].as_object().unwrap();
        let mut keys: Vec<&str> = properties.keys().map(String::as_str).collect();
        // Any step may have a condition.
        let before = keys.len();
        if is_step {
            keys.retain(|key| !["when", "unless"].contains(key));
            assert_eq!(before - keys.len(), 2, "{definition}");
        }
        assert_eq!(keys, expected, "{definition}");
        assert_eq!(definition["additionalProperties"], false, "{definition}");
    };
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let keys = [
        "artifact",
        "build-platform",
        "default",
        "groups",
        "include",
        "options",
        "part",
        "template",
        "values",
    ];
    check("", &keys);
    let keys = [
        "annotations",
        "attest",
        "axes",
        "base",
        "compression",
        "description",
        "exclude",
        "file-tags",
        "finally",
        "inherits",
        "kind",
        "options",
        "output",
        "platform-tags",
        "platforms",
        "release-tags",
        "repository",
        "runs-on",
        "shell",
        "steps",
        "tags",
        "whiteouts",
    ];
    check("Artifact", &keys);
    check("Part", &["finally", "parameters", "steps"]);
    check("Use", &["use", "with"]);
    let keys = [
        "cache", "env", "files", "mounts", "network", "run", "secrets", "shell", "ssh", "tmpfs",
        "user", "workdir",
    ];
    check("Run", &keys);
    check("Mount", &["from", "readwrite", "source", "target"]);
    check("Secret", &["env", "id", "optional", "target"]);
    check("CacheDirectory", &["id", "sharing", "target"]);
    for kind in ["Apt", "Apk", "Dnf"] {
        let name = kind.to_lowercase();
        check(kind, &[&name, "repositories"]);
    }
    check("Repository", &["components", "key", "suite", "url"]);
    check("When", &["steps", "unless", "when"]);
    check("File", &["content", "file", "mode", "owner"]);
    check("Directory", &["directory", "if-missing", "mode", "owner"]);
    check("Symlink", &["symlink", "target"]);
    check("Remove", &["remove"]);
    let keys = ["context", "copy", "exclude", "from", "mode", "owner", "to"];
    check("Copy", &keys);
    let steps = schema["definitions"]["Step"]["anyOf"].as_array().unwrap();
    assert_eq!(steps.len(), 24, "one for each kind, and none for code");
    let forms = schema["definitions"]["Whiteouts"]["oneOf"]
        .as_array()
        .unwrap();
    let forms: Vec<&Value> = forms.iter().map(|form| &form["const"]).collect();
    assert_eq!(forms, ["oci", "overlay"]);
    let text = schema.to_string();
    assert!(!text.contains("null"), "TOML has no null: {text}");
}
