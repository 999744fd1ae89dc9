//! The reasons why bytes are no definition.

use crate::digest::OpDigest;

/// Bytes that are no definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are not the protobuf of a definition: they are cut off, or something else.
    #[error("the bytes are not a definition")]
    Malformed(#[source] prost::DecodeError),
    /// An entry is not the protobuf of an op.
    #[error("entry {index} of the definition is not an op")]
    MalformedOp {
        /// The place of the entry.
        index: usize,
        /// The problem.
        #[source]
        source: prost::DecodeError,
    },
    /// An entry before the last does nothing, or something that this crate does not know.
    #[error("vertex `{vertex}` has no known op")]
    NoOp {
        /// The vertex.
        vertex: OpDigest,
    },
    /// An entry occurs twice.
    #[error("vertex `{vertex}` stands there twice")]
    Duplicate {
        /// The vertex.
        vertex: OpDigest,
    },
    /// The last entry is not a terminal: an op with one input and nothing else.
    #[error("the last entry does not name the result")]
    NoTerminal,
    /// An input is not among the entries before its reader: it is missing, or the graph has a cycle.
    #[error("vertex `{vertex}` reads `{input}`, which does not stand before it")]
    UnknownInput {
        /// The reader.
        vertex: OpDigest,
        /// The input.
        input: String,
    },
    /// The number of an output is negative or huge.
    #[error("vertex `{vertex}` reads output {output} of `{input}`")]
    InvalidOutput {
        /// The reader.
        vertex: OpDigest,
        /// The input.
        input: String,
        /// The number.
        output: i64,
    },
    /// An op names an input that it does not have.
    #[error("vertex `{vertex}` has {count} inputs and names input {input}")]
    InputOutOfRange {
        /// The vertex.
        vertex: OpDigest,
        /// The number that is named.
        input: i64,
        /// The number of its inputs.
        count: usize,
    },
    /// A vertex has no metadata, which BuildKit's client writes always;
    /// [`from_bytes_lenient`](crate::Definition::from_bytes_lenient) does without.
    #[error("vertex `{vertex}` has no metadata")]
    NoMetadata {
        /// The vertex.
        vertex: OpDigest,
    },
    /// Metadata or source locations are given for a digest that no entry has.
    #[error("`{digest}` has metadata or source locations, and is no vertex")]
    UnknownVertex {
        /// The digest.
        digest: String,
    },
    /// A location names a source file that does not exist.
    #[error("vertex `{vertex}` comes from source file {index}, and there are {count}")]
    UnknownSourceFile {
        /// The vertex.
        vertex: OpDigest,
        /// The number that is named.
        index: i32,
        /// The number of source files.
        count: usize,
    },
}
