//! The problems of a target, found without building it: `--call check`.

mod finding;
mod locate;
mod rule;

use catalog::{Caching, CheckedCatalog, Inputs, PlanError, Request, Variant};
use serde::Serialize;

use self::finding::{Finding, findings};
use super::{
    Answer,
    place::{Location, Shown, Source, Sources},
};
use crate::{build::Build, error::FrontendError, options::DOCKERFILE};

/// BuildKit's `lint.LintResults`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Results {
    warnings: Vec<Warning>,
    sources: Vec<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build_error: Option<BuildError>,
}

/// BuildKit's `lint.Warning`. The detail has the place, too: of some warnings, clients print nothing else.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Warning {
    rule_name: &'static str,
    description: &'static str,
    detail: String,
    location: Location,
}

/// BuildKit's `lint.BuildError`: the reason why there would be no build.
#[derive(Debug, Serialize)]
struct BuildError {
    message: String,
    /// In a file that is among the sources: clients look it up without a check.
    location: Location,
}

/// Checks the target, or else the defaults, or else all artifacts; on all declared platforms unless some are named.
pub(super) async fn answer(build: &Build<'_>) -> Result<Answer, FrontendError> {
    let variants = build.catalog.select(&request(build)?)?;
    let inputs = build.inputs(&variants).await?;
    let file = build.options.file.as_deref().unwrap_or(DOCKERFILE);
    let shown = Shown::Only(file.to_owned());
    check(build.catalog, &variants, &inputs, shown).into_answer()
}

fn request(build: &Build<'_>) -> Result<Request, FrontendError> {
    let target = build.target()?;
    let everything = target.is_none() && build.catalog.defaults().is_empty();
    Ok(Request {
        artifacts: target
            .or_else(|| everything.then(|| "all".to_owned()))
            .into_iter()
            .collect(),
        platforms: build.options.platforms.clone(),
        set: build.options.set.clone(),
    })
}

/// The answer for an error that was found before anything could be planned.
pub(super) fn only(error: &FrontendError) -> Result<Answer, FrontendError> {
    let mut sources = Sources::default();
    let error = BuildError::nowhere(error, &mut sources);
    let results = Results {
        warnings: Vec::new(),
        sources: sources.into_infos(),
        build_error: Some(error),
    };
    results.into_answer()
}

/// The findings in the plans of `variants`; the first variant that cannot be planned is the reason why there would be
/// no build.
pub(super) fn check(
    catalog: &CheckedCatalog,
    variants: &[Variant],
    inputs: &Inputs,
    shown: Shown,
) -> Results {
    let mut plans = Vec::new();
    let mut error = None;
    for variant in variants {
        match catalog.plan(variant, inputs, Caching::Use) {
            Ok(plan) => plans.push(plan),
            Err(reason) => error = error.or(Some(reason)),
        }
    }
    let mut sources = Sources::new(shown);
    let found = findings(&plans, inputs).into_iter();
    let warnings = found.map(|finding| finding.warning(catalog, inputs, &mut sources));
    let warnings = warnings.collect();
    let build_error = match error {
        Some(error) => Some(BuildError::of(error, catalog, inputs, &mut sources)),
        None => BuildError::of_contexts(catalog, variants, inputs, &mut sources),
    };
    Results {
        warnings,
        sources: sources.into_infos(),
        build_error,
    }
}

impl Finding {
    fn warning(self, catalog: &CheckedCatalog, inputs: &Inputs, sources: &mut Sources) -> Warning {
        let location = self
            .place
            .and_then(|place| locate::written(&place, catalog, inputs, sources));
        Warning {
            rule_name: self.rule.name(),
            description: self.rule.description(),
            detail: self.detail,
            location: location.unwrap_or_else(Location::nowhere),
        }
    }
}

impl BuildError {
    fn of(
        error: PlanError,
        catalog: &CheckedCatalog,
        inputs: &Inputs,
        sources: &mut Sources,
    ) -> Self {
        let location = locate::failed(&error, catalog, inputs, sources);
        let error = FrontendError::from(error);
        match location {
            None => Self::nowhere(&error, sources),
            Some(location) => Self {
                message: error.report(),
                location,
            },
        }
    }

    /// Contexts are checked last: a base that cannot be read is more telling than a context that replaces none.
    fn of_contexts(
        catalog: &CheckedCatalog,
        variants: &[Variant],
        inputs: &Inputs,
        sources: &mut Sources,
    ) -> Option<Self> {
        let error = catalog.check_contexts(variants, inputs).err()?;
        Some(Self::nowhere(&error.into(), sources))
    }

    fn nowhere(error: &FrontendError, sources: &mut Sources) -> Self {
        Self {
            message: error.report(),
            location: sources.unread("the catalog"),
        }
    }
}

impl Results {
    pub(super) fn into_answer(self) -> Result<Answer, FrontendError> {
        let is_clean = self.warnings.is_empty() && self.build_error.is_none();
        let answer = Answer::new(&self, self.to_text())?;
        Ok(answer.with_status(u8::from(!is_clean)))
    }

    fn to_text(&self) -> String {
        let warnings = self.warnings.iter();
        let warnings =
            warnings.map(|warning| format!("WARNING: {}\n{}\n", warning.rule_name, warning.detail));
        let error = self.build_error.iter();
        let error = error.map(|error| format!("ERROR: {}\n", error.message));
        let found: Vec<String> = warnings.chain(error).collect();
        match &found[..] {
            [] => "no warnings\n".to_owned(),
            found => found.join("\n"),
        }
    }
}
