//! A graph for graphviz.

use std::fmt::Write as _;

use catalog::Graph;

use super::{OUTPUT, SHARED, colors, wrap::wrap};

/// The graph in the DOT language.
pub(crate) fn dot(graph: &Graph, title: &str) -> String {
    let mut text = format!(
        "digraph llbgen {{\n  label=\"{}\";\n  labelloc=t;\n  fontname=\"sans-serif\";\n  \
         node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n  \
         edge [color=\"#5f6368\"];\n",
        escaped(title)
    );
    for node in &graph.nodes {
        let (fill, border) = colors(node.kind);
        let mut label = wrap(&node.label, 36, 5).join("\n");
        let mut border = format!("color=\"{border}\"");
        if node.shared {
            border = format!("color=\"{SHARED}\", penwidth=2");
            _ = write!(label, "\nshared by {}", names(&node.artifacts));
        }
        _ = writeln!(
            text,
            "  {} [label=\"{}\", fillcolor=\"{fill}\", {border}, tooltip=\"{}\"];",
            node.id,
            escaped(&label),
            escaped(&node.digest)
        );
    }
    for output in &graph.outputs {
        let label = format!("{}\n{} → {}", output.variant, output.kind, output.path);
        _ = writeln!(
            text,
            "  {} [label=\"{}\", shape=note, style=filled, fillcolor=\"{}\", color=\"{}\", fontcolor=white];",
            output.id,
            escaped(&label),
            OUTPUT.0,
            OUTPUT.1
        );
    }
    for edge in &graph.edges {
        _ = writeln!(text, "  {} -> {};", edge.from, edge.to);
    }
    for output in &graph.outputs {
        _ = writeln!(text, "  {} -> {} [style=bold];", output.node, output.id);
    }
    text.push_str("}\n");
    text
}

pub(super) fn names(artifacts: &std::collections::BTreeSet<String>) -> String {
    let names: Vec<&str> = artifacts.iter().map(String::as_str).collect();
    match names[..] {
        [first, second, _, ..] => format!("{first}, {second} and {} more", names.len() - 2),
        _ => names.join(", "),
    }
}

/// Text within quotes of the DOT language.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
