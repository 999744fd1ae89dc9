//! The platforms of a build, solved side by side and put together.

use buildkit_client::{
    BuildResult, CacheImport, Gateway, GatewayError, GraphRequest, Reference, ResultPart,
};
use std::collections::BTreeMap;

use buildkit_llb::Definition;
use catalog::{Annotated, Annotation, Plan, Platform};
use futures_util::future::{join_all, try_join_all};
use serde_json::Value;

/// One platform of a build.
#[derive(Debug, Clone)]
pub struct PlatformResult {
    /// The graph: an encoded `pb.Definition`.
    definition: Vec<u8>,
    /// The part of an image for it, still without files.
    result: ResultPart,
}

/// How the platforms of a build are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A single platform as it is; several by platform.
    Plain,
    /// By platform, even a single one: an exporter of images makes an index of it.
    Index,
}

/// A platform that cannot be solved.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct PlatformError {
    /// Its index among the platforms.
    pub index: usize,
    /// Why.
    #[source]
    pub source: GatewayError,
}

impl PlatformResult {
    /// For a frontend, whose client sends files as they are.
    pub fn of_frontend(plan: &Plan) -> Self {
        Self::new(plan, plan.to_return())
    }

    /// For a client of ours, which may send them as bundles.
    pub fn of_client(plan: &Plan) -> Self {
        Self::new(plan, plan.to_solve())
    }

    fn new(plan: &Plan, definition: &Definition) -> Self {
        let platform = &plan.variant.platform;
        Self {
            definition: definition.to_bytes(),
            result: ResultPart {
                os: platform.os().to_owned(),
                architecture: platform.architecture().to_owned(),
                variant: platform.variant().to_owned(),
                reference: None,
                image_config: plan.oci.image.clone(),
                base_config: plan.oci.base.clone(),
                annotations: BTreeMap::new(),
                index_annotations: BTreeMap::new(),
            },
        }
    }

    /// The same with the annotations of its image that are for `platform` and for the index.
    pub fn with_annotations(mut self, annotations: &[Annotation], platform: &Platform) -> Self {
        let is_for =
            |one: &&Annotation| one.place.platform.as_ref().is_none_or(|it| it == platform);
        for Annotation { place, value } in annotations.iter().filter(is_for) {
            let of_part = match place.on {
                Annotated::Index => &mut self.result.index_annotations,
                Annotated::Manifest => &mut self.result.annotations,
                // No artifact has them.
                Annotated::IndexDescriptor | Annotated::ManifestDescriptor => continue,
            };
            of_part.insert(place.key.clone(), value.clone());
        }
        self
    }

    /// The same with more labels in the config of its image.
    pub fn with_labels(mut self, labels: &BTreeMap<String, String>) -> Self {
        let config: Option<Value> = serde_json::from_str(&self.result.image_config).ok();
        if let Some(mut config) = config.filter(|_| !labels.is_empty()) {
            for (name, value) in labels {
                config["config"]["Labels"][name] = value.as_str().into();
            }
            self.result.image_config = config.to_string();
        }
        self
    }
}

/// Has the parts solved, and returns them as the result of the build.
pub async fn lead(
    gateway: Gateway,
    parts: Vec<PlatformResult>,
    shape: Shape,
    cache_imports: &[CacheImport],
) -> Result<(), GatewayError> {
    let solving = parts.into_iter().map(|part| {
        let gateway = &gateway;
        async move {
            let reference = gateway.solve(part.request(cache_imports, false)).await?;
            Ok::<_, GatewayError>(part.with_files(reference))
        }
    });
    let parts = try_join_all(solving).await?;
    gateway.give_back(shape.of(parts)).await
}

/// Has the parts solved to their ends. The error is that of the first failed part, in their order.
pub async fn results(
    gateway: &Gateway,
    parts: Vec<PlatformResult>,
    shape: Shape,
    cache_imports: &[CacheImport],
) -> Result<BuildResult, PlatformError> {
    let solving = parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| async move {
            let solved = gateway.solve(part.request(cache_imports, true)).await;
            let reference = solved.map_err(|source| PlatformError { index, source })?;
            Ok(part.with_files(reference))
        });
    let parts: Result<Vec<ResultPart>, PlatformError> =
        join_all(solving).await.into_iter().collect();
    Ok(shape.of(parts?))
}

impl PlatformResult {
    fn request(&self, cache_imports: &[CacheImport], evaluate: bool) -> GraphRequest {
        GraphRequest {
            definition: self.definition.clone().into(),
            cache_imports: cache_imports.to_vec(),
            evaluate,
        }
    }

    fn with_files(self, reference: Option<Reference>) -> ResultPart {
        ResultPart {
            reference,
            ..self.result
        }
    }
}

impl Shape {
    fn of(self, mut parts: Vec<ResultPart>) -> BuildResult {
        match (self, parts.len()) {
            (Self::Plain, 1) => BuildResult::One(Box::new(parts.remove(0))),
            _ => BuildResult::Platforms(parts),
        }
    }
}
