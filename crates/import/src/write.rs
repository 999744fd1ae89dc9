//! The text of a catalog.

mod names;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeSet;

use self::{
    names::Names,
    value::{key, value},
};
use crate::{
    model::{Artifact, Catalog, Item, Value},
    options::Opt,
    text::OPEN_BRACE,
};

/// The catalog as TOML.
pub(crate) fn write(catalog: &Catalog) -> String {
    let names = Names::of(catalog);
    let mut text = String::new();
    comments(&mut text, "", &catalog.comments);
    if !catalog.comments.is_empty() {
        text.push('\n');
    }
    top(&mut text, catalog, &names);
    options(&mut text, &catalog.options, &names);
    values(&mut text, catalog, &names);
    for artifact in &catalog.artifacts {
        write_artifact(&mut text, artifact, &names.all);
    }
    let text = text.trim_end();
    if text.is_empty() {
        String::new()
    } else {
        format!("{text}\n")
    }
}

/// The options that no text of the catalog uses, which are not written.
pub(crate) fn unused(catalog: &Catalog) -> Vec<&Opt> {
    let names = Names::of(catalog);
    let options = catalog.options.iter();
    options
        .filter(|option| !names.used.contains(&option.name))
        .collect()
}

/// Adds a line.
fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn top(text: &mut String, catalog: &Catalog, names: &Names) {
    let list = |list: &[String]| value(&Value::list(list.iter().cloned()), &names.all);
    if !catalog.default.is_empty() {
        line(text, &format!("default = {}\n", list(&catalog.default)));
    }
    if !catalog.groups.is_empty() {
        text.push_str("[groups]\n");
        for (name, members) in &catalog.groups {
            line(text, &format!("{} = {}", key(name), list(members)));
        }
        text.push('\n');
    }
}

fn options(text: &mut String, options: &[Opt], names: &Names) {
    let used: Vec<&Opt> = options
        .iter()
        .filter(|option| names.used.contains(&option.name))
        .collect();
    if used.is_empty() && !names.has_lone_brace {
        return;
    }
    text.push_str("[options]\n");
    for option in used {
        comments(text, "", &option.comments);
        let default = Value::text(option.default.template());
        let default = value(&default, &names.all);
        line(text, &format!("{} = {default}", key(&option.name)));
    }
    if names.has_lone_brace {
        line(
            text,
            &format!(
                "# A brace that a script has before the name of a variable.\n{OPEN_BRACE} = \"{{{{\""
            ),
        );
    }
    text.push('\n');
}

fn values(text: &mut String, catalog: &Catalog, names: &Names) {
    for (name, rows) in &catalog.values {
        line(text, &format!("[values.{}]", key(name)));
        for (row, fields) in rows {
            let fields = fields.iter();
            let fields = fields.map(|(name, field)| (name.clone(), Value::text(field.template())));
            let fields = value(&Value::Table(fields.collect()), &names.all);
            line(text, &format!("{} = {fields}", key(row)));
        }
        text.push('\n');
    }
}

fn write_artifact(text: &mut String, artifact: &Artifact, names: &BTreeSet<String>) {
    comments(text, "", &artifact.comments);
    line(text, &format!("[artifact.{}]", key(&artifact.name)));
    for (name, of) in &artifact.keys {
        line(text, &format!("{} = {}", key(name), value(of, names)));
    }
    if !artifact.steps.is_empty() {
        text.push_str("steps = [\n");
        for item in &artifact.steps {
            match item {
                Item::Comment(comment) => comments(text, "    ", std::slice::from_ref(comment)),
                Item::Step(pairs) => {
                    let table = value(&Value::Table(pairs.clone()), names);
                    line(text, &format!("    {table},"));
                }
            }
        }
        text.push_str("]\n");
    }
    text.push('\n');
}

/// Comments, each on lines of its own. What TOML has no place for in them becomes a blank.
fn comments(text: &mut String, indent: &str, comments: &[String]) {
    for line in comments.iter().flat_map(|comment| comment.lines()) {
        let control = |c: char| if c.is_control() && c != '\t' { ' ' } else { c };
        let line: String = line.chars().map(control).collect();
        let line = format!("{indent}# {}", line.trim_end());
        text.push_str(line.trim_end());
        text.push('\n');
    }
}
