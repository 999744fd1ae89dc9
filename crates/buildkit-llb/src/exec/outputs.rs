//! The outputs of an exec.

use std::sync::Arc;

use super::ROOT;
use super::mount::MountNode;
use crate::error::OpError;
use crate::state::State;
use crate::vertex::{Op, Output, Vertex};

/// The outputs of an exec: the root file system, and the mounts that it could write to.
///
/// ```
/// use buildkit_llb::{Args, BindMount, Exec, Image, Local, State};
///
/// let sources = Local::new("src").unique("v1").state().env("FROM", "sources");
/// let compile = Exec::new(Args::shell("make -C /src DESTDIR=/out install"))
///     .mount(BindMount::new("/src", &sources).readonly())
///     .mount(BindMount::new("/out", &State::scratch()));
/// let outputs = Image::new("gcc:14".parse()?).state().exec(compile);
///
/// let installed = outputs.mount("/out")?;
/// let with_tools = outputs.root();
/// // A mount goes on from the state that was mounted; one that is read-only is that state.
/// assert_eq!(outputs.mount("/src")?.get_env("FROM"), Some("sources"));
/// assert!(outputs.mount("/tmp").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ExecOutputs {
    base: State,
    vertex: Arc<Vertex>,
}

impl ExecOutputs {
    pub(super) fn new(base: State, vertex: Arc<Vertex>) -> Self {
        Self { base, vertex }
    }

    /// The root file system after the command, with the values of the state before it. If the root is read-only,
    /// this is the root before it.
    pub fn root(&self) -> State {
        let root = self.mounts().iter().find(|mount| &*mount.target == ROOT);
        self.base
            .with_output(root.and_then(|mount| self.output(mount)))
    }

    /// The mount at `target` after the command, with the values of the state that was mounted. If it was mounted
    /// read-only, this is that state.
    ///
    /// # Errors
    /// When nothing is mounted there, or a cache, a tmpfs or a mount without output.
    pub fn mount(&self, target: &str) -> Result<State, OpError> {
        let mount = self.mounts().iter().find(|mount| &*mount.target == target);
        let mount = mount.filter(|mount| mount.readonly || mount.output.is_some());
        let mount = mount.ok_or_else(|| OpError::NoMountOutput {
            target: target.to_owned(),
        })?;
        let source = State {
            values: mount.values.clone(),
            ..State::scratch()
        };
        Ok(source.with_output(self.output(mount)))
    }

    /// The output of a writable mount, or else the mounted state.
    fn output(&self, mount: &MountNode) -> Option<Output> {
        match (mount.output, mount.slot()) {
            (Some(index), _) => Some(Output {
                vertex: self.vertex.clone(),
                index,
            }),
            (None, Some(slot)) => Some(self.vertex.inputs[slot.0 as usize].clone()),
            (None, None) => None,
        }
    }

    fn mounts(&self) -> &[MountNode] {
        match &self.vertex.op {
            Op::Exec(exec) => &exec.mounts,
            _ => &[],
        }
    }
}
