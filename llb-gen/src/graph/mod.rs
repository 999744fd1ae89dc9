//! Pictures of graphs.

pub(crate) mod dot;
pub(crate) mod mermaid;
pub(crate) mod svg;
mod wrap;

use catalog::NodeKind;

/// The colours of a kind of node: its fill and its border.
fn colors(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Source => ("#e8f0fe", "#3367d6"),
        NodeKind::Exec => ("#fff4e0", "#b06000"),
        NodeKind::File => ("#e9f6ec", "#1e7e34"),
        NodeKind::Other => ("#f1f3f4", "#5f6368"),
    }
}

/// The colours of an output.
const OUTPUT: (&str, &str) = ("#3c4043", "#202124");

/// The border of a node that several artifacts share.
const SHARED: &str = "#c5221f";

#[cfg(test)]
mod tests;
