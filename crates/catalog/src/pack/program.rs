//! The bytes of the packer, as data in graphs.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use buildkit_llb::{Constraints, Definition, FileActions, MarshalError, Mkfile, Platform, State};

use super::{PACKER_PROGRAM, VERTEX_NAME};

/// The bytes of the packer. Clones share them and their vertex, since they are megabytes and in every graph.
#[derive(Clone)]
pub struct PackerProgram(Arc<Shared>);

struct Shared {
    /// They stay where the program that carries them has them.
    bytes: &'static [u8],
    /// The vertex for the first platform that was asked for; a process has only one.
    made: OnceLock<(Platform, State)>,
}

impl PackerProgram {
    /// A state with the program alone in it, as a vertex of this platform.
    pub(super) fn state(&self, platform: &Platform) -> State {
        if let Some((made_for, state)) = self.0.made.get()
            && made_for == platform
        {
            return state.clone();
        }
        match self.marshalled(platform) {
            Ok(definition) => {
                let state = State::from_definition(&definition);
                // Another thread may have been first, with the same.
                let _ = self.0.made.set((platform.clone(), state.clone()));
                state
            }
            // The marshalling of the whole graph gives the error.
            Err(_) => self.made(platform),
        }
    }

    fn made(&self, platform: &Platform) -> State {
        let file = Mkfile::new(format!("/{PACKER_PROGRAM}"), self.0.bytes.to_vec());
        let made = FileActions::new()
            .custom_name(VERTEX_NAME)
            .mkfile(file.mode(0o755).created(0));
        State::scratch().platform(platform).file(made)
    }

    fn marshalled(&self, platform: &Platform) -> Result<Definition, MarshalError> {
        let constraints = Constraints::new(platform.clone());
        self.made(platform).marshal(&constraints)
    }
}

impl From<&'static [u8]> for PackerProgram {
    fn from(bytes: &'static [u8]) -> Self {
        Self(Arc::new(Shared {
            bytes,
            made: OnceLock::new(),
        }))
    }
}

impl PartialEq for PackerProgram {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes == other.0.bytes
    }
}

impl Eq for PackerProgram {}

/// Without the bytes.
impl fmt::Debug for PackerProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vertex_is_made_once_and_is_the_same() {
        let program = PackerProgram::from(&b"program"[..]);
        let constraints = Constraints::new(Platform::new("linux", "amd64"));
        for platform in ["linux/amd64", "linux/arm64", "linux/amd64"] {
            let platform: Platform = platform.parse().unwrap();
            let made = program.made(&platform).marshal(&constraints).unwrap();
            let shared = program.state(&platform).marshal(&constraints).unwrap();
            assert_eq!(shared.to_bytes(), made.to_bytes(), "{platform}");
        }
    }
}
