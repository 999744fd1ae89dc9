//! The vertices below a head, each once, inputs before their readers.

use std::collections::BTreeMap;

use crate::vertex::Vertex;

/// Vertices depth first, as BuildKit's client walks them. Each is named by its place in this order.
pub(crate) struct Order<'v> {
    vertices: Vec<&'v Vertex>,
    /// The inputs of one vertex after the other.
    inputs: Vec<u32>,
}

/// A vertex whose inputs are being walked.
struct Frame<'v> {
    vertex: &'v Vertex,
    /// The input to look at next.
    next: usize,
    /// The start of its inputs' places among those that wait for their readers.
    first: usize,
}

impl<'v> Order<'v> {
    /// The order of everything below `head`, which is last.
    pub(crate) fn below(head: &'v Vertex) -> Self {
        let mut order = Self {
            vertices: Vec::new(),
            inputs: Vec::new(),
        };
        let mut places: BTreeMap<*const Vertex, u32> = BTreeMap::new();
        let mut waiting: Vec<u32> = Vec::new();
        let mut frames = vec![Frame {
            vertex: head,
            next: 0,
            first: 0,
        }];
        while let Some(frame) = frames.last_mut() {
            let Frame { vertex, first, .. } = *frame;
            if let Some(input) = vertex.inputs.get(frame.next) {
                frame.next += 1;
                match places.get(&std::ptr::from_ref(&*input.vertex)) {
                    Some(place) => waiting.push(*place),
                    None => frames.push(Frame {
                        vertex: &input.vertex,
                        next: 0,
                        first: waiting.len(),
                    }),
                }
            } else {
                let place = u32::try_from(order.vertices.len()).expect("fewer than 2^32 vertices");
                order.inputs.extend(waiting.drain(first..));
                order.vertices.push(vertex);
                places.insert(vertex, place);
                waiting.push(place);
                frames.pop();
            }
        }
        order
    }

    /// The number of vertices.
    pub(crate) fn len(&self) -> usize {
        self.vertices.len()
    }

    /// The vertices and the places of their inputs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'v Vertex, &[u32])> {
        let mut rest = self.inputs.as_slice();
        self.vertices.iter().map(move |vertex| {
            let (inputs, after) = rest.split_at(vertex.inputs.len());
            rest = after;
            (*vertex, inputs)
        })
    }
}
