//! YAML with the lines of its nodes, and with what `<<` brings.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) content: Content,
}

/// What is in a node. Numbers and the like are texts, as compose has them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Null,
    Text(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

/// The first document of a text, or the line and the reason of what is wrong.
pub(super) fn read(text: &str) -> Result<Node, (usize, String)> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let line = error.marker().line();
        (line, error.info().to_owned())
    })?;
    let first = documents.first().map(node);
    first.ok_or_else(|| (1, "the file is empty".to_owned()))
}

fn node(yaml: &MarkedYaml<'_>) -> Node {
    let content = match &yaml.data {
        YamlData::Value(scalar) => scalar_text(scalar),
        YamlData::Representation(text, ..) => Content::Text(text.to_string()),
        YamlData::Sequence(nodes) => Content::List(nodes.iter().map(node).collect()),
        YamlData::Mapping(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (node(key), node(value)));
            Content::Table(merged(pairs.collect()))
        }
        YamlData::Tagged(_, inner) => node(inner).content,
        YamlData::Alias(_) | YamlData::BadValue => Content::Null,
    };
    let line = yaml.span.start.line();
    Node { line, content }
}

fn scalar_text(scalar: &Scalar<'_>) -> Content {
    Content::Text(match scalar {
        Scalar::Null => return Content::Null,
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::FloatingPoint(value) => value.to_string(),
        Scalar::String(value) => value.to_string(),
    })
}

/// The pairs of a table, with those that `<<` adds where it has none of its own.
fn merged(pairs: Vec<(Node, Node)>) -> Vec<(String, Node)> {
    let mut own: Vec<(String, Node)> = Vec::new();
    let mut others: Vec<(String, Node)> = Vec::new();
    for (key, value) in pairs {
        match (key.text().as_deref(), value.content) {
            (Some("<<"), Content::Table(pairs)) => others.extend(pairs),
            (Some("<<"), Content::List(nodes)) => {
                let tables = nodes.into_iter().filter_map(|node| match node.content {
                    Content::Table(pairs) => Some(pairs),
                    _ => None,
                });
                others.extend(tables.flatten());
            }
            (Some(key), content) => {
                let line = value.line;
                own.push((key.to_owned(), Node { line, content }));
            }
            (None, _) => {}
        }
    }
    for (key, value) in others {
        if !own.iter().any(|(name, _)| *name == key) {
            own.push((key, value));
        }
    }
    own
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let (_, value) = self.table()?.iter().find(|(name, _)| name == key)?;
        Some(value)
    }

    pub(super) fn table(&self) -> Option<&[(String, Self)]> {
        match &self.content {
            Content::Table(pairs) => Some(pairs),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<String> {
        match &self.content {
            Content::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_lines_and_what_is_merged() {
        let text = "x-a: &a\n  b: 1\n  c: 3.10\nd:\n  <<: *a\n  b: two\n  e: null\n";
        let root = read(text).unwrap();
        let table = root.get("d").unwrap();
        let texts = |key: &str| table.get(key).and_then(Node::text);
        assert_eq!(texts("b").as_deref(), Some("two"));
        // A number is one, as in compose.
        assert_eq!(texts("c").as_deref(), Some("3.1"));
        assert_eq!(table.get("e").unwrap().content, Content::Null);
        assert_eq!(table.get("b").unwrap().line, 6);
        assert_eq!(read("a: 1\nb: [}\n").unwrap_err().0, 2);
    }
}
