//! A graph as a picture of its own, laid out in layers.

use std::{collections::BTreeMap, fmt::Write as _};

use catalog::{Graph, NodeKind};
use dagre::{
    EdgeLabel, LayoutOptions, NodeLabel,
    graph::{Graph as Layout, GraphOptions},
};

use super::{OUTPUT, SHARED, colors, dot::names, wrap::wrap};

/// The largest graph that is drawn: beyond it, a picture is no help, and takes minutes.
pub(crate) const LARGEST: usize = 600;

const FONT: f64 = 12.0;
const LINE: f64 = 16.0;
/// The width that a character takes at most, on average.
const CHARACTER: f64 = 7.2;
const PADDING: f64 = 10.0;
const MARGIN: f64 = 24.0;
/// The height above the graph: the title and the legend.
const HEADER: f64 = 64.0;
const CORNER: f64 = 6.0;

/// A box with text.
struct Shape {
    id: String,
    lines: Vec<String>,
    /// A last line, set apart.
    note: Option<String>,
    tooltip: String,
    fill: &'static str,
    border: &'static str,
    text: &'static str,
    thick: bool,
    round: bool,
}

impl Shape {
    fn width(&self) -> f64 {
        let lines = self.lines.iter().chain(&self.note);
        let longest = lines.map(|line| line.chars().count()).max().unwrap_or(0);
        (f64::from(u32::try_from(longest).unwrap_or(u32::MAX)) * CHARACTER).max(60.0)
            + 2.0 * PADDING
    }

    fn height(&self) -> f64 {
        let lines = self.lines.len() + usize::from(self.note.is_some());
        f64::from(u32::try_from(lines).unwrap_or(u32::MAX)) * LINE + 2.0 * PADDING
    }
}

/// The graph as SVG.
pub(crate) fn svg(graph: &Graph, title: &str) -> String {
    let shapes = shapes(graph);
    let layout = laid_out(graph, &shapes);
    let mut size = (title_width(title), 0.0_f64);
    let mut body = String::new();
    for (from, to) in links(graph) {
        let Some(edge) = layout.edge(from, to, None) else {
            continue;
        };
        let points: Vec<(f64, f64)> = edge.points.iter().map(|point| (point.x, point.y)).collect();
        _ = writeln!(
            body,
            "  <path class=\"edge\" d=\"{}\" marker-end=\"url(#arrow)\"/>",
            path(&points)
        );
    }
    for shape in &shapes {
        let Some(node) = layout.node(&shape.id) else {
            continue;
        };
        let (x, y) = (node.x.unwrap_or(0.0), node.y.unwrap_or(0.0));
        size.0 = size.0.max(x + shape.width() / 2.0);
        size.1 = size.1.max(y + shape.height() / 2.0);
        draw(&mut body, shape, x, y);
    }
    let (width, height) = (size.0 + 2.0 * MARGIN, size.1 + 2.0 * MARGIN + HEADER);
    let has_shared = graph.nodes.iter().any(|node| node.shared);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\">\n{STYLE}{}<g transform=\"translate({MARGIN:.0} {:.0})\">\n{body}</g>\n</svg>\n",
        header(title, has_shared),
        MARGIN + HEADER,
    )
}

const STYLE: &str = "<style>\n  text { font-family: Helvetica, Arial, \"DejaVu Sans\", sans-serif; font-size: 12px; }\n  \
     .edge { fill: none; stroke: #80868b; stroke-width: 1.3; }\n  .note { font-style: italic; font-size: 11px; }\n  \
     .title { font-size: 16px; font-weight: bold; fill: #202124; }\n</style>\n\
     <defs>\n  <marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
     orient=\"auto\">\n    <path d=\"M0 0 L8 4 L0 8 z\" fill=\"#80868b\"/>\n  </marker>\n</defs>\n\
     <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";

fn title_width(title: &str) -> f64 {
    let characters = u32::try_from(title.chars().count()).unwrap_or(u32::MAX);
    (f64::from(characters) * 9.6).max(560.0)
}

fn header(title: &str, has_shared: bool) -> String {
    let mut text = format!(
        "<text class=\"title\" x=\"{MARGIN:.0}\" y=\"{:.0}\">{}</text>\n",
        MARGIN + 8.0,
        escaped(title)
    );
    let mut legend = vec![
        (colors(NodeKind::Source), "source"),
        (colors(NodeKind::Exec), "command"),
        (colors(NodeKind::File), "files"),
        (OUTPUT, "output"),
    ];
    if has_shared {
        legend.push((("#ffffff", SHARED), "shared by several artifacts"));
    }
    let mut x = MARGIN;
    for ((fill, border), name) in legend {
        let width = if border == SHARED { 2.5 } else { 1.2 };
        _ = writeln!(
            text,
            "<rect x=\"{x:.0}\" y=\"{:.0}\" width=\"18\" height=\"14\" rx=\"3\" fill=\"{fill}\" stroke=\"{border}\" \
             stroke-width=\"{width}\"/><text x=\"{:.0}\" y=\"{:.0}\" fill=\"#3c4043\">{name}</text>",
            MARGIN + 24.0,
            x + 24.0,
            MARGIN + 36.0
        );
        x += 40.0 + f64::from(u32::try_from(name.len()).unwrap_or(0)) * CHARACTER;
    }
    text
}

fn shapes(graph: &Graph) -> Vec<Shape> {
    let nodes = graph.nodes.iter().map(|node| {
        let (fill, border) = colors(node.kind);
        Shape {
            id: node.id.clone(),
            lines: wrap(&node.label, 34, 5),
            note: node
                .shared
                .then(|| format!("shared by {}", names(&node.artifacts))),
            tooltip: match &node.step_of {
                Some(artifact) => format!("{artifact}: {}\n{}", node.label, node.digest),
                None => format!("{}\n{}", node.label, node.digest),
            },
            fill,
            border: if node.shared { SHARED } else { border },
            text: "#202124",
            thick: node.shared,
            round: false,
        }
    });
    let outputs = graph.outputs.iter().map(|output| Shape {
        id: output.id.clone(),
        lines: wrap(&output.variant, 34, 3),
        note: Some(format!("{} → {}", output.kind, output.path)),
        tooltip: output.path.clone(),
        fill: OUTPUT.0,
        border: OUTPUT.1,
        text: "#ffffff",
        thick: false,
        round: true,
    });
    nodes.chain(outputs).collect()
}

/// All edges, including those to outputs.
fn links(graph: &Graph) -> impl Iterator<Item = (&str, &str)> {
    let edges = graph.edges.iter();
    let outputs = graph.outputs.iter();
    edges
        .map(|edge| (edge.from.as_str(), edge.to.as_str()))
        .chain(outputs.map(|output| (output.node.as_str(), output.id.as_str())))
}

fn laid_out(graph: &Graph, shapes: &[Shape]) -> Layout<NodeLabel, EdgeLabel> {
    let mut layout = Layout::with_options(GraphOptions {
        directed: true,
        multigraph: false,
        compound: true,
    });
    for shape in shapes {
        let node = NodeLabel {
            width: shape.width(),
            height: shape.height(),
            ..NodeLabel::default()
        };
        layout.set_node(shape.id.clone(), Some(node));
    }
    for (from, to) in links(graph) {
        layout.set_edge(from, to, Some(EdgeLabel::default()), None);
    }
    let options = LayoutOptions {
        nodesep: 28.0,
        ranksep: 40.0,
        edgesep: 14.0,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut layout, Some(options));
    layout
}

/// A smooth line through points.
fn path(points: &[(f64, f64)]) -> String {
    let Some(((x, y), rest)) = points.split_first() else {
        return String::new();
    };
    let mut path = format!("M{x:.1} {y:.1}");
    // Through the middles between points, bent towards the points themselves.
    for pair in rest.windows(2) {
        let [(x, y), (next_x, next_y)] = pair else {
            continue;
        };
        let (middle_x, middle_y) = (f64::midpoint(*x, *next_x), f64::midpoint(*y, *next_y));
        _ = write!(path, " Q{x:.1} {y:.1} {middle_x:.1} {middle_y:.1}");
    }
    if let Some((x, y)) = rest.last() {
        _ = write!(path, " L{x:.1} {y:.1}");
    }
    path
}

fn draw(body: &mut String, shape: &Shape, x: f64, y: f64) {
    let (width, height) = (shape.width(), shape.height());
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    let corner = if shape.round { height / 3.0 } else { CORNER };
    let thickness = if shape.thick { 2.5 } else { 1.2 };
    _ = writeln!(
        body,
        "  <g id=\"{}\"><title>{}</title>\n    <rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" rx=\"{corner:.1}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{thickness}\"/>",
        shape.id,
        escaped(&shape.tooltip),
        shape.fill,
        shape.border
    );
    let mut baseline = top + PADDING + FONT;
    for line in &shape.lines {
        _ = writeln!(
            body,
            "    <text x=\"{x:.1}\" y=\"{baseline:.1}\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
            shape.text,
            escaped(line)
        );
        baseline += LINE;
    }
    if let Some(note) = &shape.note {
        _ = writeln!(
            body,
            "    <text class=\"note\" x=\"{x:.1}\" y=\"{baseline:.1}\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
            shape.text,
            escaped(note)
        );
    }
    body.push_str("  </g>\n");
}

/// Text of an XML document. What XML cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let replacements: BTreeMap<char, &str> = BTreeMap::from([
        ('&', "&amp;"),
        ('<', "&lt;"),
        ('>', "&gt;"),
        ('"', "&quot;"),
    ]);
    let mut escaped = String::new();
    for c in text.chars() {
        match replacements.get(&c) {
            Some(entity) => escaped.push_str(entity),
            None if c.is_control() && c != '\n' => {}
            None => escaped.push(c),
        }
    }
    escaped
}
