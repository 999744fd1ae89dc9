//! What images are pushed under, and by what they are known.

use std::collections::BTreeMap;

use catalog::{CheckedCatalog, Id, ImageRef, Plan, Platform, Variant};
use fleet::ImageRefs;

use crate::{
    args::ImageArgs,
    failure::{Exit, Failure},
};

/// The references for the image that `plans` make, each for one platform; none unless it is pushed or loaded.
pub(crate) fn names(
    catalog: &CheckedCatalog,
    args: &ImageArgs,
    is_loaded: bool,
    plans: &[Plan],
    id: Option<Id>,
) -> Result<ImageRefs, Failure> {
    if !args.push && !is_loaded {
        return Ok(ImageRefs::default());
    }
    let plan = &plans[0];
    let names = declared(catalog, plan)?;
    let artifact = plan.variant.artifact.as_str();
    let repositories = if is_loaded {
        vec![names.repository.unwrap_or_else(|| artifact.to_owned())]
    } else {
        repositories(&args.registry, names.repository.as_deref(), artifact)?
    };
    let tags = if args.tag.is_empty() {
        [tags_of(&names.references), plan.file_tags.clone()].concat()
    } else {
        args.tag.clone()
    };
    let tags = if tags.is_empty() {
        // As docker calls what has no tag.
        let latest = is_loaded.then(|| "latest".to_owned());
        vec![latest.map_or_else(|| content_tag(artifact, id), Ok)?]
    } else {
        tags
    };
    // Tags that are given go before all that the catalog names.
    let platforms = if is_loaded || !args.tag.is_empty() {
        Vec::new()
    } else {
        of_platforms(catalog, &repositories, plans)?
    };
    Ok(ImageRefs {
        index: references(&repositories, &tags)?,
        platforms,
    })
}

/// The references that the catalog has for single platforms.
fn of_platforms(
    catalog: &CheckedCatalog,
    repositories: &[String],
    plans: &[Plan],
) -> Result<Vec<(Platform, String)>, Failure> {
    let mut all = Vec::new();
    for plan in plans {
        let tags = tags_of(&declared(catalog, plan)?.of_platform);
        let platform = &plan.variant.platform;
        let references = references(repositories, &tags)?.into_iter();
        all.extend(references.map(|name| (platform.clone(), name)));
    }
    Ok(all)
}

/// Every repository with every tag.
fn references(repositories: &[String], tags: &[String]) -> Result<Vec<String>, Failure> {
    let each = repositories
        .iter()
        .flat_map(|repository| tags.iter().map(move |tag| format!("{repository}:{tag}")));
    each.map(|name| match name.parse::<ImageRef>() {
        Ok(_) => Ok(name),
        Err(error) => Err(Failure::new(Exit::Usage, error)),
    })
    .collect()
}

/// The references for the image of one platform alone: those that the catalog has for it, else the content tag, which
/// stands for all platforms, with the platform behind it. None, when there is no repository.
pub(crate) fn names_of_platform(
    catalog: &CheckedCatalog,
    registry: &[String],
    tags: &[String],
    plan: &Plan,
    id: Id,
) -> Result<Vec<String>, Failure> {
    let names = declared(catalog, plan)?;
    if registry.is_empty() && names.repository.is_none() && tags.is_empty() {
        return Ok(Vec::new());
    }
    let artifact = plan.variant.artifact.as_str();
    let repositories = repositories(registry, names.repository.as_deref(), artifact)?;
    let tags = if tags.is_empty() {
        tags_of(&names.of_platform)
    } else {
        tags.to_vec()
    };
    let platform = plan.variant.platform.to_string().replace('/', "-");
    let content = || vec![format!("{}-{platform}", id.content_tag())];
    let tags = if tags.is_empty() { content() } else { tags };
    references(&repositories, &tags)
}

/// What the catalog names an image by.
fn declared(catalog: &CheckedCatalog, plan: &Plan) -> Result<catalog::ImageNames, Failure> {
    let names = catalog.image_names(&plan.variant);
    names.map_err(|error| Failure::new(Exit::Catalog, error))
}

/// The id of an image, unless only some of its platforms are built: what those make is not what the id stands for.
pub(crate) fn whole_id(catalog: &CheckedCatalog, plans: &[Plan]) -> Option<Id> {
    let artifact = catalog.get(plans[0].variant.artifact.as_str())?;
    let is_whole = plans.len() == artifact.declared_platforms().len();
    let plans: Vec<&Plan> = plans.iter().collect();
    is_whole.then(|| Id::of_image(&plans)).flatten()
}

/// Plans by what they make: each tar alone, the platforms of an image together; in the order of the first of each.
pub(crate) fn by_output(plans: Vec<Plan>) -> Vec<Vec<Plan>> {
    let mut groups: Vec<Vec<Plan>> = Vec::new();
    for plan in plans {
        match groups.iter_mut().find(|group| plan.is_of_image(&group[0])) {
            Some(image) => image.push(plan),
            None => groups.push(vec![plan]),
        }
    }
    groups
}

/// Two images under one name would be one: whichever comes last.
pub(crate) fn refuse_one_name<'a>(
    images: impl IntoIterator<Item = (&'a Variant, &'a ImageRefs)>,
) -> Result<(), Failure> {
    let mut named: BTreeMap<&str, &Variant> = BTreeMap::new();
    for (other, names) in images {
        for name in names.all() {
            let Some(one) = named.insert(name, other).filter(|one| *one != other) else {
                continue;
            };
            let error = format!("`{name}` is one image, and would be `{one}` and `{other}`");
            let hint = "choose one of them, with `--set` where it is a value of an axis, or leave out `--tag`: \
                        what the catalog names an image by tells it apart";
            return Err(Failure::new(Exit::Usage, error).with_hint(hint));
        }
    }
    Ok(())
}

fn repositories(
    registry: &[String],
    declared: Option<&str>,
    artifact: &str,
) -> Result<Vec<String>, Failure> {
    if registry.is_empty() {
        let Some(repository) = declared else {
            let error = format!("artifact `{artifact}` has no repository to be pushed to");
            return Err(Failure::new(Exit::Usage, error)
                .with_hint("name one with `--registry PREFIX`, such as `ghcr.io/OWNER`"));
        };
        return Ok(vec![repository.to_owned()]);
    }
    let name = match declared {
        Some(repository) => repository
            .rsplit('/')
            .next()
            .unwrap_or(repository)
            .to_owned(),
        None => artifact.replace('/', "-"),
    };
    let prefixes = registry.iter();
    Ok(prefixes
        .map(|prefix| format!("{}/{name}", prefix.trim_end_matches('/')))
        .collect())
}

fn tags_of(references: &[String]) -> Vec<String> {
    let images = references.iter().filter_map(|name| name.parse().ok());
    images
        .filter_map(|image: ImageRef| image.tag().map(str::to_owned))
        .collect()
}

fn content_tag(artifact: &str, id: Option<Id>) -> Result<String, Failure> {
    let id = id.ok_or_else(|| {
        let error = format!(
            "the content tag of `{artifact}` stands for all its platforms, and not all are built"
        );
        Failure::new(Exit::Usage, error).with_hint("build all of them, or name a tag with `--tag`")
    })?;
    Ok(id.content_tag())
}
