//! The tables of several files as one table: `include` puts files together, and a name said twice is an error.

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{FileError, Mistake, sources::Sources, value::in_order};

/// The tables of the root whose entries are joined, and what one entry is called.
const JOINED: [(&str, &str); 6] = [
    ("artifact", "artifacts"),
    ("template", "templates"),
    ("part", "parts"),
    ("groups", "groups"),
    ("options", "options"),
    ("values", "values"),
];

/// Adds the table of an included file to that of the root file.
pub(super) fn include<'a>(
    root: &mut DeTable<'a>,
    included: DeTable<'a>,
    sources: &Sources,
) -> Result<(), FileError> {
    if let Some((key, _)) = included.get_key_value("include") {
        let message =
            "`include` stands in the first file alone, so that a reader finds all files there";
        let message = message.to_owned();
        return Err(sources.error(key.span(), Mistake::Value { message }));
    }
    for (key, value) in included {
        let joined = JOINED.iter().find(|(name, _)| *name == key.get_ref());
        let known = root.get_mut(&**key.get_ref());
        match (joined, known.map(Spanned::get_mut), value.get_ref()) {
            (_, None, _) => drop(root.insert(key, value)),
            (Some((name, what)), Some(DeValue::Table(known)), DeValue::Table(_)) => {
                let DeValue::Table(more) = value.into_inner() else {
                    continue;
                };
                if *name == "values" {
                    join_values(known, more, sources)?;
                } else {
                    join(known, more, what, sources)?;
                }
            }
            _ => {
                let known = root.get_key_value(&**key.get_ref());
                let (known, _) = known.unzip();
                return Err(twice(&key, known, "keys", sources));
            }
        }
    }
    Ok(())
}

/// Adds entries that must be new.
fn join<'a>(
    known: &mut DeTable<'a>,
    more: DeTable<'a>,
    what: &str,
    sources: &Sources,
) -> Result<(), FileError> {
    for (key, value) in more {
        if let Some((first, _)) = known.get_key_value(&**key.get_ref()) {
            return Err(twice(&key, Some(first), what, sources));
        }
        known.insert(key, value);
    }
    Ok(())
}

/// Adds rows field by field.
fn join_values<'a>(
    known: &mut DeTable<'a>,
    more: DeTable<'a>,
    sources: &Sources,
) -> Result<(), FileError> {
    for (name, rows) in more {
        let (Some(known), DeValue::Table(_)) = (known.get_mut(&**name.get_ref()), rows.get_ref())
        else {
            known.insert(name, rows);
            continue;
        };
        let (DeValue::Table(known), DeValue::Table(rows)) = (known.get_mut(), rows.into_inner())
        else {
            continue;
        };
        for (value, fields) in rows {
            match (known.get_mut(&**value.get_ref()), fields.get_ref()) {
                (Some(row), DeValue::Table(_)) => {
                    let (DeValue::Table(row), DeValue::Table(fields)) =
                        (row.get_mut(), fields.into_inner())
                    else {
                        continue;
                    };
                    join(row, fields, "fields", sources)?;
                }
                _ => drop(known.insert(value, fields)),
            }
        }
    }
    Ok(())
}

/// The error on a name that is there twice.
fn twice(
    key: &Spanned<DeString<'_>>,
    first: Option<&Spanned<DeString<'_>>>,
    what: &str,
    sources: &Sources,
) -> FileError {
    let place = sources.place(&key.span());
    let first = first.map(|first| sources.place(&first.span()));
    let places = first.into_iter().chain([place]);
    let places: Vec<String> = places.map(|place| place.to_string()).collect();
    let mistake = Mistake::Twice {
        what: what.to_owned(),
        name: key.get_ref().to_string(),
        places: places.join(", "),
    };
    sources.error(key.span(), mistake)
}

/// Puts each artifact's template under it: tables join key by key, lists of steps add up, all else is the artifact's own
/// if it says it.
pub(super) fn inherit(root: &mut DeTable<'_>, sources: &Sources) -> Result<(), FileError> {
    let templates = match root.get("template").map(Spanned::get_ref) {
        Some(DeValue::Table(templates)) => templates.clone(),
        _ => DeTable::new(),
    };
    for (key, _) in in_order(&templates) {
        let mut way = Vec::new();
        resolved(key.get_ref(), &key.span(), &templates, &mut way, sources)?;
    }
    let Some(DeValue::Table(artifacts)) = root.get_mut("artifact").map(Spanned::get_mut) else {
        return Ok(());
    };
    for (_, artifact) in artifacts.iter_mut() {
        let DeValue::Table(artifact) = artifact.get_mut() else {
            continue;
        };
        if let Some((name, span)) = inherited(artifact) {
            let template = resolved(&name, &span, &templates, &mut Vec::new(), sources)?;
            artifact.remove("inherits");
            put_under(artifact, template);
        }
    }
    Ok(())
}

/// The name of the template that a table inherits, and its place.
fn inherited(table: &DeTable<'_>) -> Option<(String, std::ops::Range<usize>)> {
    let value = table.get("inherits")?;
    let name = value.get_ref().as_str()?;
    Some((name.to_owned(), value.span()))
}

/// A template with everything that it inherits.
fn resolved<'a>(
    name: &str,
    span: &std::ops::Range<usize>,
    templates: &DeTable<'a>,
    way: &mut Vec<String>,
    sources: &Sources,
) -> Result<DeTable<'a>, FileError> {
    let Some(DeValue::Table(template)) = templates.get(name).map(Spanned::get_ref) else {
        let names: Vec<String> = templates
            .keys()
            .map(|key| key.get_ref().to_string())
            .collect();
        let nearest = crate::nearest::nearest(name, names.iter().map(String::as_str));
        let mistake = Mistake::UnknownValue {
            value: name.to_owned(),
            owner: "`inherits`".to_owned(),
            nearest: nearest.map(str::to_owned),
            valid: names.clone(),
        };
        return Err(sources.error(span.clone(), mistake));
    };
    way.push(name.to_owned());
    if let Some(begin) = way.iter().position(|above| above == name)
        && begin + 1 < way.len()
    {
        let chain = way[begin..].join(" → ");
        let message = format!("templates use each other: {chain}");
        return Err(sources.error(span.clone(), Mistake::Value { message }));
    }
    let mut template = template.clone();
    if let Some((name, span)) = inherited(&template) {
        let below = resolved(&name, &span, templates, way, sources)?;
        template.remove("inherits");
        put_under(&mut template, below);
    }
    way.pop();
    Ok(template)
}

/// The keys of an artifact whose lists add up.
const LISTS: [&str; 3] = ["steps", "finally", "checks"];

fn put_under<'a>(table: &mut DeTable<'a>, template: DeTable<'a>) {
    for (key, value) in template {
        let adds_up = LISTS.contains(&&**key.get_ref());
        match (
            table.get_mut(&**key.get_ref()).map(Spanned::get_mut),
            value.get_ref(),
        ) {
            (None, _) => drop(table.insert(key, value)),
            (Some(DeValue::Table(own)), DeValue::Table(_)) => {
                if let DeValue::Table(inherited) = value.into_inner() {
                    put_under(own, inherited);
                }
            }
            (Some(DeValue::Array(own)), DeValue::Array(inherited)) if adds_up => {
                let steps = inherited.iter().chain(own.iter()).cloned();
                *own = steps.collect();
            }
            _ => {}
        }
    }
}
