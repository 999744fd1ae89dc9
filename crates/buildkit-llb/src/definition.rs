//! A marshalled graph.

use std::fmt;
use std::sync::Arc;

use crate::digest::OpDigest;
use crate::metadata::OpMetadata;
use crate::op_kind::OpKind;
use crate::sourcemap::Range;
use crate::wire::Writer;

/// A marshalled graph: ops in an order in which inputs come first, and metadata for each. Mirrors `pb.Definition`.
///
/// Equal graphs under equal constraints give equal bytes. The definition of scratch is empty.
///
/// ```
/// use buildkit_llb::{Constraints, Definition, Exec, Image, OpKind, Platform};
///
/// let base = Image::new("debian:bookworm".parse()?).state();
/// let state = base.run(Exec::new(["apt-get", "update"]).custom_name("update"));
/// let definition = state.marshal(&Constraints::new(Platform::new("linux", "amd64")))?;
///
/// // What a daemon solves, and what it decodes to.
/// let bytes = definition.to_bytes();
/// assert_eq!(Definition::from_bytes(&bytes)?, definition);
///
/// // Inputs stand before what reads them; the last vertex makes the result.
/// let labels: Vec<String> = definition.vertices().map(|vertex| vertex.label()).collect();
/// assert_eq!(labels, ["docker-image://docker.io/library/debian:bookworm", "update"]);
/// let head = definition.find(definition.head().unwrap()).unwrap();
/// assert_eq!(head.kind(), OpKind::Exec);
/// assert_eq!(head.inputs()[0].vertex(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    entries: Vec<Entry>,
    /// The vertex and output that the terminal names.
    head: Option<(OpDigest, u32)>,
    /// Source files; `None` when the definition says nothing about sources.
    sources: Option<Vec<SourceFile>>,
}

/// One vertex of a definition. Its Debug text has its label and not its bytes, in which an address may have a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) digest: OpDigest,
    pub(crate) kind: OpKind,
    /// Shared with the definitions that were made from this one.
    pub(crate) op: Arc<[u8]>,
    pub(crate) inputs: Box<[Edge]>,
    pub(crate) metadata: OpMetadata,
    /// `None` when the definition has no entry for the vertex, as for the terminal.
    pub(crate) locations: Option<Vec<Location>>,
}

/// An input of a vertex: an output of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    vertex: u32,
    output: u32,
}

/// The place in a source file that a vertex comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub(crate) source_index: usize,
    pub(crate) ranges: Box<[Range]>,
}

/// A source file that vertices come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    pub(crate) filename: String,
    pub(crate) language: String,
    pub(crate) data: Box<[u8]>,
    pub(crate) definition: Option<Box<Definition>>,
}

impl Definition {
    /// A definition whose last entry is the terminal for `head`.
    pub(crate) fn new(
        entries: Vec<Entry>,
        head: (OpDigest, u32),
        sources: Option<Vec<SourceFile>>,
    ) -> Self {
        Self {
            entries,
            head: Some(head),
            sources,
        }
    }

    /// Whether this is the definition of scratch, which a daemon refuses.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The digest of the vertex whose output is the result; `None` for scratch.
    pub fn head(&self) -> Option<OpDigest> {
        self.head.map(|(digest, _)| digest)
    }

    /// The number of the head's output that is the result; `None` for scratch.
    pub fn head_output(&self) -> Option<u32> {
        self.head.map(|(_, index)| index)
    }

    /// The vertices without the terminal, inputs before their readers.
    pub fn vertices(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries[..self.entries.len().saturating_sub(1)].iter()
    }

    /// The vertices and, last, the terminal.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The vertex with this digest.
    pub fn find(&self, digest: OpDigest) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.digest == digest)
    }

    /// The readers of every entry, each as indices in [`entries`](Self::entries).
    pub fn readers(&self) -> Vec<Vec<usize>> {
        let mut readers = vec![Vec::new(); self.entries.len()];
        for (reader, entry) in self.entries.iter().enumerate() {
            for edge in &entry.inputs {
                readers[edge.vertex()].push(reader);
            }
        }
        readers
    }

    /// The source files that vertices come from.
    pub fn source_files(&self) -> &[SourceFile] {
        self.sources.as_deref().unwrap_or_default()
    }

    /// The bytes of the `pb.Definition`, maps sorted by key, as `llb.WriteTo` would write them but for the order of
    /// its maps.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Metadata, locations and the digests in them take less than this for most vertices.
        let rest = self.entries.len() * 512;
        let ops: usize = self.entries.iter().map(|entry| entry.op.len()).sum();
        let mut writer = Writer::with_capacity(ops + rest);
        self.encode(&mut writer);
        writer.into_bytes()
    }

    fn encode(&self, writer: &mut Writer) {
        for entry in &self.entries {
            writer.element(1, &entry.op);
        }
        let mut sorted: Vec<&Entry> = self.entries.iter().collect();
        sorted.sort_unstable_by_key(|entry| entry.digest);
        for entry in &sorted {
            writer.message(2, |pair| {
                pair.element(1, &entry.digest.to_ascii());
                pair.message(2, |metadata| entry.metadata.encode(metadata));
            });
        }
        if let Some(files) = &self.sources {
            writer.message(3, |message| encode_sources(message, &sorted, files));
        }
    }
}

impl Entry {
    /// The sha256 of the op's bytes.
    pub fn digest(&self) -> OpDigest {
        self.digest
    }

    /// The operation of the vertex.
    pub fn kind(&self) -> OpKind {
        self.kind
    }

    /// The bytes of the `pb.Op`.
    pub fn op_bytes(&self) -> &[u8] {
        &self.op
    }

    /// The inputs of the vertex, in the order of the op's inputs.
    pub fn inputs(&self) -> &[Edge] {
        &self.inputs
    }

    /// The metadata of the vertex, which is no part of its digest.
    pub fn metadata(&self) -> &OpMetadata {
        &self.metadata
    }

    /// The source locations of the vertex.
    pub fn locations(&self) -> &[Location] {
        self.locations.as_deref().unwrap_or_default()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("digest", &self.digest)
            .field("kind", &self.kind)
            .field("label", &self.label())
            .field("inputs", &self.inputs)
            .field("metadata", &self.metadata)
            .field("locations", &self.locations)
            .finish_non_exhaustive()
    }
}

impl Edge {
    pub(crate) fn new(vertex: usize, output: u32) -> Self {
        Self {
            vertex: u32::try_from(vertex).expect("fewer than 2^32 vertices"),
            output,
        }
    }

    /// The index in [`Definition::entries`] of the vertex that is read; it is lower than that of its reader.
    pub fn vertex(&self) -> usize {
        self.vertex as usize
    }

    /// The number of that vertex's output.
    pub fn output(&self) -> u32 {
        self.output
    }
}

impl Location {
    /// The index of the file in [`Definition::source_files`].
    pub fn source_index(&self) -> usize {
        self.source_index
    }

    /// The ranges in that file.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }
}

impl SourceFile {
    /// The file's name.
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// The file's language, as GitHub's linguist names it.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The file's content.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The definition of the state that the file was read from.
    pub fn definition(&self) -> Option<&Definition> {
        self.definition.as_deref()
    }
}

/// Writes the fields of `pb.Source`.
fn encode_sources(writer: &mut Writer, sorted: &[&Entry], files: &[SourceFile]) {
    for entry in sorted {
        let Some(locations) = &entry.locations else {
            continue;
        };
        writer.message(1, |pair| {
            pair.element(1, &entry.digest.to_ascii());
            pair.message(2, |message| {
                for location in locations {
                    message.message(1, |message| encode_location(message, location));
                }
            });
        });
    }
    for file in files {
        writer.message(2, |message| {
            message.string(1, &file.filename);
            message.bytes(2, &file.data);
            if let Some(definition) = &file.definition {
                message.message(3, |message| definition.encode(message));
            }
            message.string(4, &file.language);
        });
    }
}

fn encode_location(writer: &mut Writer, location: &Location) {
    writer.uint(1, location.source_index as u64);
    for range in &location.ranges {
        writer.message(2, |message| {
            for (field, position) in [(1, range.start), (2, range.end)] {
                message.message(field, |message| {
                    message.int(1, position.line.into());
                    message.int(2, position.character.into());
                });
            }
        });
    }
}
