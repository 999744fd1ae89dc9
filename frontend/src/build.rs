//! From options to a result.

use std::collections::BTreeSet;

use buildkit_client::{BuildResult, Gateway, GatewayError, GatewayPlatform};
use buildkit_llb::OpContent;
use catalog::{
    Annotated, Annotation, Attestations, Caching, Catalog, CheckedCatalog, GitValues, Inputs,
    LOCK_FILE, Plan, PlanOptions, Platform, Request, TarCompression, Variant, VertexName, listed,
};

use engine::{
    ChecksumFailure, EngineError, InputSource as _, Workspace, in_a_line,
    platform_result::{self, PlatformError, PlatformResult, Shape},
};

use crate::{
    answer, catalog_file, context::Contexts, dockerfile_target::artifact_of, error::FrontendError,
    gateway_resolver::GatewayResolver, input_source::GatewaySource, options::Options,
};

/// The request for a build, and who sent it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The frontend's options, as names and values.
    pub options: Vec<(String, String)>,
    /// The session whose files it may read.
    pub session: String,
    /// The platforms that the daemon builds for, its own first.
    pub platforms: Vec<GatewayPlatform>,
}

/// Builds the request, or answers its question.
pub async fn build(
    gateway: &Gateway,
    catalog: Catalog,
    asked: Asked,
) -> Result<BuildResult, FrontendError> {
    let options = Options::read(asked.options)?;
    let at_once = options.question.as_deref().and_then(answer::at_once);
    if let Some(answer) = at_once {
        return answer;
    }
    let built = built(gateway, catalog, &options, &asked.session, &asked.platforms).await;
    built.or_else(|error| answer::or_error(options.question.as_deref(), error))
}

async fn built(
    gateway: &Gateway,
    catalog: Catalog,
    options: &Options,
    session: &str,
    platforms: &[GatewayPlatform],
) -> Result<BuildResult, FrontendError> {
    let contexts = Contexts::open(gateway, session, options).await?;
    let catalog = catalog_file::merged(catalog, &contexts).await?.check()?;
    let build = Build {
        gateway,
        catalog: &catalog,
        options,
        source: GatewaySource {
            contexts,
            options,
            own: own_platform(platforms),
        },
    };
    match options.question.as_deref() {
        None => build.result().await,
        Some(question) => answer::to(question, &build).await,
    }
}

/// The daemon's own platform: that of its first worker.
fn own_platform(platforms: &[GatewayPlatform]) -> Platform {
    let own = platforms.first().map(|platform| {
        Platform::new(&platform.os, &platform.architecture).with_variant(&platform.variant)
    });
    let this = || Platform::new(std::env::consts::OS, std::env::consts::ARCH);
    own.unwrap_or_else(this).normalized()
}

/// The plans to solve.
pub(crate) struct Planned {
    pub(crate) plans: Vec<Plan>,
    /// References that the lock does not pin, and that were asked for.
    asked: Vec<String>,
}

/// One build.
pub(crate) struct Build<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) catalog: &'a CheckedCatalog,
    pub(crate) options: &'a Options,
    pub(crate) source: GatewaySource<'a>,
}

impl Build<'_> {
    async fn result(&self) -> Result<BuildResult, FrontendError> {
        let Planned { plans, asked } = self.plans().await?;
        let sessions = self.source.contexts.sessions();
        let plans = plans.into_iter();
        let plans: Vec<Plan> = plans.map(|plan| plan.for_sessions(&sessions)).collect();
        self.warn(&plans, unpinned(&asked)).await?;
        self.warn(&plans, self.unused(&plans)).await?;
        self.warn(&plans, unused_mirrors(&plans)).await?;
        let annotations = self.annotations(&plans)?;
        self.warn(&plans, self.of_the_client(&plans, &annotations))
            .await?;
        let parts = plans.iter();
        let parts = parts.map(|plan| self.part(plan, &annotations)).collect();
        let shape = if self.options.is_index {
            Shape::Index
        } else {
            Shape::Plain
        };
        let imports = &self.options.cache_imports;
        match platform_result::results(self.gateway, parts, shape, imports).await {
            Ok(result) => Ok(result),
            Err(PlatformError { index, source }) => Err(self.failed(&plans[index], source).await),
        }
    }

    /// One plan for each platform.
    pub(crate) async fn plans(&self) -> Result<Planned, FrontendError> {
        let mut workspace = self.workspace(self.variants()?).await?;
        workspace.require_contexts().map_err(EngineError::from)?;
        let resolver = GatewayResolver::new(self.gateway, workspace.unpinned());
        let asked = workspace.pin(&self.source, &resolver, &|_| {}).await?;
        let (plans, _) = workspace.into_plans();
        Ok(Planned { plans, asked })
    }

    /// The workspace of `variants`, before references are asked for that the lock does not pin.
    async fn workspace(&self, variants: Vec<Variant>) -> Result<Workspace<'_>, FrontendError> {
        let options = PlanOptions {
            caching: if self.options.no_cache {
                Caching::Ignore
            } else {
                Caching::Use
            },
            epoch: self.options.epoch,
            ..PlanOptions::default()
        };
        Workspace::of(self.catalog, variants, &self.source, options).await
    }

    /// The warning about options of other artifacts: the targets of a bake share their arguments.
    fn unused(&self, plans: &[Plan]) -> Option<String> {
        let variants: Vec<Variant> = plans.iter().map(|plan| plan.variant.clone()).collect();
        let unused = catalog::unused_options(&variants, &self.options.set);
        let artifact = &variants.first()?.artifact;
        let (listed, any) = (listed(&unused), !unused.is_empty());
        any.then(|| format!("`{artifact}` does not take {listed}, which other artifacts take"))
    }

    async fn warn(&self, plans: &[Plan], text: Option<String>) -> Result<(), FrontendError> {
        let vertex = plans.first().and_then(|plan| plan.to_return().head());
        let (Some(vertex), Some(text)) = (vertex, text) else {
            return Ok(());
        };
        let vertex = vertex.to_string().into();
        Ok(self.gateway.warn(&vertex, &text).await?)
    }

    /// The inputs for planning `variants`.
    pub(crate) async fn inputs(&self, variants: &[Variant]) -> Result<Inputs, FrontendError> {
        let needs = self.catalog.needs(variants)?;
        let read = self.source.read(self.catalog, &needs, variants).await?;
        Ok(read.inputs)
    }

    /// The requested platforms.
    fn platforms(&self) -> Vec<Platform> {
        match &self.options.platforms[..] {
            [] => vec![self.source.own.clone()],
            platforms => platforms.to_vec(),
        }
    }

    /// All requested variants of the one artifact.
    pub(crate) fn chosen(&self) -> Result<Vec<Variant>, FrontendError> {
        let request = Request {
            artifacts: self.target()?.into_iter().collect(),
            platforms: self.platforms(),
            set: self.options.set.clone(),
        };
        let variants = self.catalog.select(&request)?;
        let artifacts: BTreeSet<String> = variants
            .iter()
            .map(|variant| variant.artifact.to_string())
            .collect();
        if artifacts.len() > 1 {
            let target = request.artifacts.first().cloned();
            return Err(FrontendError::SeveralArtifacts {
                target: target.unwrap_or_else(|| "the default".to_owned()),
                artifacts,
            });
        }
        Ok(variants)
    }

    /// The variants of the one artifact, one a platform.
    fn variants(&self) -> Result<Vec<Variant>, FrontendError> {
        let variants = self.chosen()?;
        if variants.len() > self.platforms().len() {
            let artifact = variants.first().map(|variant| variant.artifact.to_string());
            let variants: BTreeSet<String> = variants.iter().map(values).collect();
            return Err(FrontendError::SeveralVariants {
                artifact: artifact.unwrap_or_default(),
                variants: variants.into_iter().collect(),
            });
        }
        Ok(variants)
    }

    /// The artifact that `--target` names, or else the Dockerfile that `-f` does.
    pub(crate) fn target(&self) -> Result<Option<String>, FrontendError> {
        match (&self.options.target, &self.options.file) {
            (None, Some(file)) if !catalog_file::is_one(file) => {
                artifact_of(self.catalog, file).map(Some)
            }
            (target, _) => Ok(target.clone()),
        }
    }

    /// The failure of a plan: names the step that failed, and tells downloads that changed from servers that are out of
    /// order.
    async fn failed(&self, plan: &Plan, source: GatewayError) -> FrontendError {
        let failure = source.failure();
        let digest = failure.as_ref().and_then(|failure| failure.vertex.as_ref());
        let vertex = digest.and_then(|digest| {
            let mut vertices = plan.to_return().vertices();
            vertices.find(|vertex| vertex.digest().to_string() == digest.as_str())
        });
        if let (Some(vertex), Some(failure)) = (vertex, &failure)
            && let OpContent::Source(download) = vertex.content()
            && let Some(changed) = ChecksumFailure::of(plan, &download, failure)
        {
            return FrontendError::Download {
                said: in_a_line(&changed.explained(self.gateway).await),
                failure: Box::new(source),
            };
        }
        let name = vertex.and_then(VertexName::of);
        FrontendError::Failed {
            variant: Box::new(plan.variant.clone()),
            step: name.map(|name| name.title.to_owned()),
            source: Box::new(source),
        }
    }

    fn part(&self, plan: &Plan, annotations: &[Annotation]) -> PlatformResult {
        PlatformResult::of_frontend(plan)
            .with_labels(&self.options.labels)
            .with_annotations(annotations, &plan.variant.platform)
    }

    /// The annotations of the artifact. Nobody but the client knows a commit.
    fn annotations(&self, plans: &[Plan]) -> Result<Vec<Annotation>, FrontendError> {
        let Some(Plan { variant, .. }) = plans.first() else {
            return Ok(Vec::new());
        };
        let git = GitValues::default().with(&self.options.set);
        let annotations = self.catalog.annotations(variant, &git);
        annotations.map_err(|source| FrontendError::Annotation {
            artifact: variant.artifact.to_string(),
            source: Box::new(source),
        })
    }

    /// The warning about what the artifact declares and a frontend cannot do: the client says how the image leaves.
    fn of_the_client(&self, plans: &[Plan], annotations: &[Annotation]) -> Option<String> {
        let Plan {
            variant,
            image_form,
            tar_compression,
            ..
        } = plans.first()?;
        let mut left_out: Vec<String> = Vec::new();
        if !self.options.is_index && plans.len() == 1 {
            let on_index = annotations
                .iter()
                .filter(|one| one.place.on == Annotated::Index);
            let key = |one: &Annotation| format!("--annotation index:{}=…", one.place.key);
            left_out.extend(on_index.map(key));
        }
        if let Some(compression) = image_form.compression {
            left_out.push(format!(
                "--output type=…,compression={},force-compression=true",
                compression.name()
            ));
        }
        if *tar_compression != TarCompression::Uncompressed {
            left_out.push(format!(
                "`llbgen build --tar-compression {tar_compression}`"
            ));
        }
        let Attestations { provenance, sbom } = &image_form.attestations;
        let attested = [("provenance", provenance), ("sbom", sbom)].into_iter();
        left_out.extend(attested.filter_map(|(kind, parameters)| {
            let parameters = parameters.as_ref()?;
            let is_asked_for = self.options.attested.contains(kind);
            (!is_asked_for).then(|| format!("--attest type={kind},{parameters}"))
        }));
        let text = format!(
            "`{}` declares what the client does, not a frontend: give {}",
            variant.artifact,
            listed(&left_out)
        );
        (!left_out.is_empty()).then_some(text)
    }
}

/// The warning about unpinned references. Nothing is written down here: tomorrow they may stand for something else.
fn unpinned(asked: &[String]) -> Option<String> {
    let text = format!(
        "not pinned in `{LOCK_FILE}`, and maybe another one tomorrow: {}; `llbgen lock` writes down what it stands for",
        listed(asked)
    );
    (!asked.is_empty()).then_some(text)
}

/// The warning about mirrors of other downloads.
fn unused_mirrors(plans: &[Plan]) -> Option<String> {
    let unused = Plan::unused_mirrors(plans);
    let text = format!("no download uses the mirror of {}", listed(&unused));
    (!unused.is_empty()).then_some(text)
}

/// The values that tell a variant from others of its artifact and platform: `l10n=en_US`.
fn values(variant: &Variant) -> String {
    let values = variant.values_as_text().into_iter();
    let values: Vec<String> = values
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    values.join(" ")
}
