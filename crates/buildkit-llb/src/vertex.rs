//! Vertices of the graph and the edges between them.

use std::sync::Arc;

use crate::error::OpError;
use crate::exec::ExecOp;
use crate::file::FileOp;
use crate::graph_ops::{BuildOp, DiffOp, MergeOp, PassthroughOp};
use crate::loaded::LoadedOp;
use crate::options::Options;
use crate::platform::Platform;
use crate::source::SourceOp;

/// One vertex. Immutable and shared by everything that is built on it.
#[derive(Debug)]
pub(crate) struct Vertex {
    pub(crate) op: Op,
    pub(crate) options: Options,
    /// The inputs of the op, in the order in which BuildKit's client walks them. Ops name an input by its slot here.
    pub(crate) inputs: Vec<Output>,
    /// The problem of the op, which marshalling reports.
    pub(crate) fault: Option<Box<OpError>>,
}

/// The operation of a vertex.
#[derive(Debug)]
pub(crate) enum Op {
    Source(Box<SourceOp>),
    Exec(Box<ExecOp>),
    File(FileOp),
    Merge(MergeOp),
    Diff(DiffOp),
    Build(BuildOp),
    Passthrough(PassthroughOp),
    Loaded(LoadedOp),
}

/// One output of a vertex: what an edge of the graph points to.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) vertex: Arc<Vertex>,
    pub(crate) index: u32,
}

/// The place of an input in [`Vertex::inputs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(pub(crate) u32);

/// Collects the inputs of a vertex in the making.
#[derive(Debug, Default)]
pub(crate) struct Slots(pub(crate) Vec<Output>);

impl Vertex {
    pub(crate) fn new(
        op: Op,
        options: Options,
        inputs: Vec<Output>,
        fault: Option<OpError>,
    ) -> Self {
        Self {
            op,
            options,
            inputs,
            fault: fault.map(Box::new),
        }
    }

    /// The platform that a state gets with an output of this vertex. Only sources and execs with a platform of their
    /// own pass one on, and ops of loaded definitions.
    pub(crate) fn output_platform(&self) -> Option<&Arc<Platform>> {
        match self.op {
            Op::Source(_) | Op::Exec(_) | Op::Loaded(_) => self.options.platform.as_ref(),
            Op::File(_) | Op::Merge(_) | Op::Diff(_) | Op::Build(_) | Op::Passthrough(_) => None,
        }
    }
}

impl Drop for Vertex {
    /// Takes the graph below apart without recursion: a chain may be longer than the stack is deep.
    fn drop(&mut self) {
        let mut pending = std::mem::take(&mut self.inputs);
        while let Some(output) = pending.pop() {
            if let Some(mut vertex) = Arc::into_inner(output.vertex) {
                pending.append(&mut vertex.inputs);
            }
        }
    }
}

impl Output {
    pub(crate) fn new(vertex: Vertex, index: u32) -> Self {
        Self {
            vertex: Arc::new(vertex),
            index,
        }
    }
}

impl Slots {
    /// Puts an input into a slot of its own.
    pub(crate) fn push(&mut self, output: Output) -> Slot {
        self.0.push(output);
        Slot(u32::try_from(self.0.len() - 1).expect("fewer than 2^32 inputs"))
    }
}
