//! Trees that are not directories of the client: git repositories, tars, and graphs that the client gives.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use buildkit_client::{Gateway, GatewayError, GraphRequest};
use buildkit_llb::{Constraints, Copy, DecodeError, Definition, FileActions, MarshalError, State};
use catalog::{BaseConfig, BaseConfigError, Platform};
use serde::Deserialize;

use crate::{
    error::FrontendError,
    remote::{self, DOWNLOAD, Remote},
    snapshot::Snapshot,
};

/// The reason why a graph of the client, or its metadata, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// There is no graph of that name.
    #[error("the client does not give it")]
    Missing,
    /// It is no graph.
    #[error("it is no graph")]
    Graph(#[from] DecodeError),
    /// Its metadata are not JSON of the form that clients send.
    #[error("its metadata cannot be read")]
    Metadata(#[from] serde_json::Error),
    /// The config of its image is not in base64.
    #[error("the config in its metadata is not in base64")]
    Base64(#[from] base64::DecodeError),
    /// The config of its image cannot be read.
    #[error("the config in its metadata cannot be read")]
    Config(#[from] BaseConfigError),
}

/// The graphs that the client gives, by name.
#[derive(Debug, Default)]
pub(crate) struct GivenGraphs(BTreeMap<String, Vec<u8>>);

/// `input-metadata:NAME`: the metadata of a result, each value in base64.
#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "containerimage.config")]
    config: Option<String>,
}

impl GivenGraphs {
    pub(crate) async fn ask(gateway: &Gateway) -> Result<Self, GatewayError> {
        gateway.inputs().await.map(Self)
    }

    /// The graph of that name, if there is one.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Definition>, FrontendError> {
        let graph = self.0.get(name).map(|bytes| Definition::from_bytes(bytes));
        graph.transpose().map_err(|error| unusable(name, error))
    }

    /// The graph of that name.
    pub(crate) fn get(&self, name: &str) -> Result<Definition, FrontendError> {
        let graph = self.find(name)?;
        graph.ok_or_else(|| unusable(name, InputError::Missing))
    }
}

/// The image config in the metadata of the graph `name`, if there is one.
pub(crate) fn config(name: &str, metadata: &str) -> Result<Option<BaseConfig>, FrontendError> {
    read_config(metadata).map_err(|error| unusable(name, error))
}

fn read_config(metadata: &str) -> Result<Option<BaseConfig>, InputError> {
    let metadata: Metadata = serde_json::from_str(metadata)?;
    let Some(config) = metadata.config else {
        return Ok(None);
    };
    let json = STANDARD.decode(config)?;
    Ok(Some(BaseConfig::from_json(&json)?))
}

fn unusable(name: &str, source: impl Into<InputError>) -> FrontendError {
    FrontendError::Input {
        name: name.to_owned(),
        source: source.into(),
    }
}

/// The whole fetched tree. A download is unpacked; one that is no tar is refused.
pub(crate) async fn fetched(
    gateway: &Gateway,
    remote: &Remote,
) -> Result<Definition, FrontendError> {
    let unfetched = |source| FrontendError::Remote {
        what: remote.shown(),
        is_git: !remote.is_download(),
        source: Box::new(source),
    };
    let state = remote.state();
    let file = gateway.solve(request(&state)?).await.map_err(unfetched)?;
    if !remote.is_download() {
        return Ok(definition(&state)?);
    }
    let no_tar = || FrontendError::NoTar {
        what: remote.shown(),
    };
    let file = file.ok_or_else(no_tar)?;
    let path = format!("/{DOWNLOAD}");
    let header = gateway.read_part(&file, &path, 0);
    if !remote::is_tar(&header.await.map_err(unfetched)?) {
        return Err(no_tar());
    }
    let unpack = Copy::new(&state, format!("/{DOWNLOAD}"), "/").unpack();
    let name = format!("unpack {}", remote.shown().replace('`', ""));
    let tree = State::scratch().file(FileActions::from(unpack).custom_name(name));
    Ok(definition(&tree)?)
}

/// The directory `subdir` of a tree.
pub(crate) fn subdirectory(tree: &Definition, subdir: &str) -> Result<Definition, FrontendError> {
    let tree = State::from_definition(tree);
    let copy = Copy::new(&tree, format!("/{subdir}"), "/").contents_only();
    Ok(definition(&State::scratch().file(copy))?)
}

/// The files that `patterns` stand for in a tree; errors call it `name`.
pub(crate) async fn read(
    gateway: &Gateway,
    tree: &Definition,
    patterns: impl IntoIterator<Item = &str>,
    name: &str,
) -> Result<Snapshot, FrontendError> {
    if tree.is_empty() {
        return Ok(Snapshot::read(gateway, None, name).await?);
    }
    let all = State::from_definition(tree);
    // To read all files of a large repository would take longer than to build.
    let copy = Copy::new(&all, "/", "/").contents_only().include(patterns);
    let copy = FileActions::from(copy).custom_name(format!("read {name}"));
    let request = request(&State::scratch().file(copy))?;
    let failed = |source| FrontendError::Remote {
        what: name.to_owned(),
        is_git: false,
        source: Box::new(source),
    };
    let files = gateway.solve(request).await.map_err(failed)?;
    Ok(Snapshot::read(gateway, files, name).await?)
}

/// The definition of a state without a platform: reading files needs none.
fn definition(state: &State) -> Result<Definition, MarshalError> {
    state.marshal(&Constraints::new(Platform::new("linux", "amd64")))
}

/// A request whose errors are those of this solve, and not of a solve that reads its result.
fn request(state: &State) -> Result<GraphRequest, MarshalError> {
    Ok(GraphRequest {
        definition: definition(state)?.to_bytes().into(),
        evaluate: true,
        ..GraphRequest::default()
    })
}
