//! Pictures of a catalog whose texts have every sign that a format could take for its own.

use catalog::{
    Apt, Artifact, Caching, Catalog, Copy, FileSet, Graph, InputFile, Inputs, Plan, Request, Run,
};
use roxmltree::{Document, Node};

use super::{dot::dot, mermaid::mermaid, svg::svg};

const TITLE: &str = "a \"title\" with <signs> & \\ {more}";

fn graph() -> Graph {
    let file: catalog::ContextPath = "a&b <c>.txt".parse().unwrap();
    let content = InputFile::from_bytes(false, b"x".to_vec());
    let inputs = Inputs {
        files: [(file.clone().into(), FileSet::from([(file, content)]))].into(),
        ..Inputs::default()
    };
    let base = Artifact::rootfs("base", "debian:12")
        .step(Apt::install(["zsh", "git"]))
        .step(Run::command(
            "echo \"quoted\" '<tag>' \\n {brace} && a;b #c | d",
        ));
    let catalog = Catalog::new()
        .artifact(base)
        .artifact(Artifact::rootfs("one", "base").step(Copy::new("a&b <c>.txt", "/x")))
        .artifact(Artifact::rootfs("two", "base").step(Copy::new("/bin/", "/y/").from("one")))
        .check()
        .unwrap();
    let request = Request {
        artifacts: vec!["all".to_owned()],
        platforms: vec!["linux/arm64".parse().unwrap()],
        ..Request::default()
    };
    let variants = catalog.select(&request).unwrap();
    let plans: Vec<Plan> = variants
        .iter()
        .map(|variant| catalog.plan(variant, &inputs, Caching::Use).unwrap())
        .collect();
    Graph::of(&plans)
}

#[test]
fn every_format_is_as_reviewed() {
    let graph = graph();
    insta::assert_snapshot!("dot", dot(&graph, TITLE));
    insta::assert_snapshot!("mermaid", mermaid(&graph, TITLE));
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&graph).unwrap());
    insta::assert_snapshot!("svg", svg(&graph, TITLE));
}

#[test]
fn what_artifacts_share_is_marked() {
    let graph = graph();
    let shared: Vec<&str> = graph
        .nodes
        .iter()
        .filter(|node| node.shared)
        .map(|node| node.label.split(' ').next().unwrap())
        .collect();
    assert_eq!(shared, ["debian:12", "apt", "run", "files:", "copy"]);
    let svg = svg(&graph, TITLE);
    // The nodes, and the legend.
    assert_eq!(svg.matches("stroke=\"#c5221f\"").count(), 5 + 1);
    assert!(svg.contains("shared by base, one and 1 more"));
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

/// Left, top, right, bottom of the boxes of nodes.
fn boxes<'a>(document: &'a Document<'a>) -> Vec<(Node<'a, 'a>, [f64; 4])> {
    let groups = document
        .descendants()
        .filter(|node| node.has_attribute("id"));
    let groups = groups.filter(|node| node.tag_name().name() == "g");
    groups
        .map(|group| {
            let rect = group
                .children()
                .find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "rect")));
            let rect = rect.unwrap();
            let (x, y) = (number(rect, "x"), number(rect, "y"));
            let edges = [x, y, x + number(rect, "width"), y + number(rect, "height")];
            (group, edges)
        })
        .collect()
}

#[test]
fn boxes_hold_their_text_and_do_not_overlap() {
    let text = svg(&graph(), TITLE);
    let document = Document::parse(&text).unwrap();
    let boxes = boxes(&document);
    let graph = graph();
    assert_eq!(boxes.len(), graph.nodes.len() + graph.outputs.len());
    for (number_of_one, (group, edges)) in boxes.iter().enumerate() {
        for other in &boxes[number_of_one + 1..] {
            let [left, top, right, bottom] = other.1;
            let apart =
                edges[2] <= left || right <= edges[0] || edges[3] <= top || bottom <= edges[1];
            assert!(apart, "{edges:?} {:?}", other.1);
        }
        for line in group
            .children()
            .filter(|node| node.has_attribute("text-anchor"))
        {
            let y = number(line, "y");
            assert!(edges[1] < y && y < edges[3]);
            // No common font is wider on average.
            let characters = line.text().unwrap().chars().count();
            let width = f64::from(u32::try_from(characters).unwrap()) * 7.0;
            assert!(width <= edges[2] - edges[0], "{:?}", line.text());
        }
    }
}

#[test]
fn the_same_graph_is_the_same_picture() {
    let expected = svg(&graph(), TITLE);
    for _ in 0..10 {
        assert_eq!(svg(&graph(), TITLE), expected);
    }
}
