//! Builds inside of builds.

use crate::cap::Cap;
use crate::encoding::Encoding;
use crate::error::OpError;
use crate::options::{Options, vertex_option_methods, vertex_options};
use crate::source::attr;
use crate::state::State;
use crate::vertex::{Op, Output, Vertex};

/// The builder that takes a definition. Mirrors `pb.LLBBuilder`.
const LLB_BUILDER: i64 = -1;
/// The input that has the definition. Mirrors `pb.LLBDefinitionInput`.
const LLB_DEFINITION_INPUT: &str = "buildkit.llb.definition";

/// The result of a definition that lies in a state as a file. Mirrors `llbbuild.Build`.
#[derive(Debug, Clone)]
#[must_use = "a nested build does nothing until its state is used"]
pub struct Build {
    source: State,
    filename: Option<String>,
    options: Options,
}

/// A finished nested build; its only input has the definition.
#[derive(Debug)]
pub(crate) struct BuildOp {
    filename: Option<String>,
}

impl Build {
    /// The definition in `source`, which must not be scratch, under its default name `buildkit.llb.definition`.
    pub fn new(source: &State) -> Self {
        Self {
            source: source.clone(),
            filename: None,
            options: Options::default(),
        }
    }

    /// Sets the path of the definition. Default: `buildkit.llb.definition`.
    pub fn filename(mut self, path: impl Into<String>) -> Self {
        self.filename = Some(path.into()).filter(|path| !path.is_empty());
        self
    }

    vertex_option_methods!();

    /// The result of the nested build, with the values of the source.
    pub fn state(self) -> State {
        let fault = self.source.is_scratch().then_some(OpError::NoDefinition);
        let inputs = self.source.output.clone().into_iter().collect();
        let op = Op::Build(BuildOp {
            filename: self.filename,
        });
        self.source.with_output(Some(Output::new(
            Vertex::new(op, self.options, inputs, fault),
            0,
        )))
    }
}

vertex_options!(Build);

impl BuildOp {
    pub(crate) fn encode(&self, encoding: &mut Encoding<'_>) -> Result<(), OpError> {
        let platform = encoding.platform(None)?;
        encoding.cap(Cap::BUILD_OP_LLB_FILE_NAME);
        encoding.head_of_all(Some(platform));
        encoding.writer.message(5, |build| {
            build.int(1, LLB_BUILDER);
            // A map from names to messages with the input's number, 0.
            build.message(2, |entry| {
                entry.element(1, LLB_DEFINITION_INPUT.as_bytes());
                entry.message(2, |_| {});
            });
            if let Some(filename) = &self.filename {
                build.string_entry(4, attr::LLB_DEFINITION_FILENAME, filename);
            }
        });
        Ok(())
    }
}
