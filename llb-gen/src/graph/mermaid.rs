//! A graph for Mermaid, which GitHub and GitLab draw in Markdown.

use std::fmt::Write as _;

use catalog::{Graph, NodeKind};

use super::{OUTPUT, SHARED, colors, wrap::wrap};

/// The graph as a Mermaid flowchart.
pub(crate) fn mermaid(graph: &Graph, title: &str) -> String {
    let mut text = format!("---\ntitle: \"{}\"\n---\nflowchart TB\n", yaml(title));
    for node in &graph.nodes {
        let label = wrap(&node.label, 36, 5).join("\n");
        _ = writeln!(text, "  {}[\"{}\"]", node.id, escaped(&label));
    }
    for output in &graph.outputs {
        let label = format!("{}\n{} → {}", output.variant, output.kind, output.path);
        _ = writeln!(text, "  {}([\"{}\"])", output.id, escaped(&label));
    }
    for edge in &graph.edges {
        _ = writeln!(text, "  {} --> {}", edge.from, edge.to);
    }
    for output in &graph.outputs {
        _ = writeln!(text, "  {} ==> {}", output.node, output.id);
    }
    for kind in [
        NodeKind::Source,
        NodeKind::Exec,
        NodeKind::File,
        NodeKind::Other,
    ] {
        let nodes = graph.nodes.iter().filter(|node| node.kind == kind);
        let nodes: Vec<&str> = nodes.map(|node| node.id.as_str()).collect();
        let (fill, border) = colors(kind);
        class(
            &mut text,
            &format!("{kind:?}").to_lowercase(),
            &format!("fill:{fill},stroke:{border},color:#202124"),
            &nodes,
        );
    }
    let outputs: Vec<&str> = graph
        .outputs
        .iter()
        .map(|output| output.id.as_str())
        .collect();
    let style = format!("fill:{},stroke:{},color:#ffffff", OUTPUT.0, OUTPUT.1);
    class(&mut text, "output", &style, &outputs);
    let shared = graph.nodes.iter().filter(|node| node.shared);
    let shared: Vec<&str> = shared.map(|node| node.id.as_str()).collect();
    class(
        &mut text,
        "shared",
        &format!("stroke:{SHARED},stroke-width:3px"),
        &shared,
    );
    text
}

fn class(text: &mut String, name: &str, style: &str, nodes: &[&str]) {
    if !nodes.is_empty() {
        _ = writeln!(text, "  classDef {name} {style}");
        _ = writeln!(text, "  class {} {name}", nodes.join(","));
    }
}

/// Text within quotes of a flowchart: Mermaid reads entities, and Markdown in what is left.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("<br/>"),
            '"' | '&' | '<' | '>' | '#' | ';' | '`' | '\\' | '{' | '}' | '*' | '_' => {
                _ = write!(escaped, "#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

fn yaml(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
