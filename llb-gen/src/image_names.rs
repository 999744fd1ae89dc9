//! What images are pushed under, and by what they are known.

use std::collections::BTreeMap;

use catalog::{CheckedCatalog, Id, ImageRef, Kind, Plan, Platform, Variant};
use engine::{ImageRefs, PartRefs};

use crate::{
    args::ImageArgs,
    failure::{Exit, Failure},
    leaving::declared_platforms,
};

/// Where an image goes, which says what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Into registries.
    Registries,
    /// Into docker or podman.
    Engine,
    /// Into an archive.
    Archive,
}

/// What the image that `plans` make is called, each for one platform; the id is that of the image with all its platforms.
pub(crate) fn names(
    catalog: &CheckedCatalog,
    args: &ImageArgs,
    goal: Goal,
    plans: &[Plan],
    whole: (Option<Id>, &[Platform]),
) -> Result<ImageRefs, Failure> {
    if goal != Goal::Registries {
        return kept_names(catalog, &args.tag, goal, plans);
    }
    let names = declared(catalog, &plans[0])?;
    let artifact = plans[0].variant.artifact.as_str();
    let repositories = repositories(&args.registry, names.repository.as_deref(), artifact)?;
    let tags = tags(&args.tag, &names, &plans[0]);
    pushed(catalog, args, plans, whole, &repositories, tags)
}

/// What the image is called on this machine: in an archive, or in docker or podman.
pub(crate) fn kept_names(
    catalog: &CheckedCatalog,
    given: &[String],
    goal: Goal,
    plans: &[Plan],
) -> Result<ImageRefs, Failure> {
    let names = declared(catalog, &plans[0])?;
    let tags = tags(given, &names, &plans[0]);
    let own_name = names.repository.is_none();
    // Artifacts may have capital letters, repositories may not.
    let artifact = plans[0].variant.artifact.as_str();
    let repository = names.repository.unwrap_or_else(|| artifact.to_lowercase());
    let tags = match (tags.is_empty(), goal, archived(plans)) {
        (false, ..) => tags,
        // As docker calls what has no tag.
        (true, Goal::Engine, _) => vec!["latest".to_owned()],
        (true, _, Some(id)) => vec![id.content_tag()],
        (true, _, None) => return Ok(ImageRefs::default()),
    };
    let is_nameless = |index: &Result<Vec<String>, Failure>| {
        index.is_err() && own_name && goal == Goal::Archive && given.is_empty()
    };
    match references(&[repository], &tags) {
        // Nobody has asked for a name, and the artifact's own cannot be one.
        index if is_nameless(&index) => Ok(ImageRefs::default()),
        index => Ok(ImageRefs {
            index: index?,
            ..ImageRefs::default()
        }),
    }
}

/// The tags that are given, or else those of the catalog.
fn tags(given: &[String], names: &catalog::ImageNames, plan: &Plan) -> Vec<String> {
    if given.is_empty() {
        [tags_of(&names.references), plan.file_tags.clone()].concat()
    } else {
        given.to_vec()
    }
}

/// The id of what an archive of these platforms has in it.
fn archived(plans: &[Plan]) -> Option<Id> {
    Id::of_image(&plans.iter().collect::<Vec<_>>())
}

/// What an image is pushed under, or some of its platforms.
fn pushed(
    catalog: &CheckedCatalog,
    args: &ImageArgs,
    plans: &[Plan],
    (id, declared): (Option<Id>, &[Platform]),
    repositories: &[String],
    tags: Vec<String>,
) -> Result<ImageRefs, Failure> {
    let tags = if tags.is_empty() {
        id.iter().map(Id::content_tag).collect()
    } else {
        tags
    };
    Ok(ImageRefs {
        index: references(repositories, &tags)?,
        platforms: of_platforms(catalog, args, repositories, plans)?,
        parts: id.map_or_else(Vec::new, |id| parts(repositories, declared, id)),
    })
}

/// What some platforms of an image are pushed under where nobody knows the whole: the content tag of what they are, with the
/// platforms behind it.
pub(crate) fn names_alone(
    catalog: &CheckedCatalog,
    args: &ImageArgs,
    plans: &[Plan],
    id: Id,
) -> Result<ImageRefs, Failure> {
    let (names, artifact) = (declared(catalog, &plans[0])?, &plans[0].variant.artifact);
    let repository = names.repository.as_deref();
    let repositories = repositories(&args.registry, repository, artifact.as_str())?;
    let platforms = plans.iter().map(|plan| plan.variant.platform.to_string());
    let platforms = platforms.collect::<Vec<_>>().join("-").replace('/', "-");
    let tag = format!("{}-{platforms}", id.content_tag());
    Ok(ImageRefs {
        index: references(&repositories, &[tag])?,
        platforms: of_platforms(catalog, args, &repositories, plans)?,
        parts: Vec::new(),
    })
}

/// What each platform is pushed under when it is pushed alone: the content tag, which stands for all platforms, with the
/// platform behind it.
fn parts(repositories: &[String], platforms: &[Platform], id: Id) -> Vec<PartRefs> {
    let in_repository = |repository: &String| {
        let whole = format!("{repository}:{}", id.content_tag());
        let of = |platform: &Platform| {
            let name = format!("{whole}-{}", platform.to_string().replace('/', "-"));
            (platform.clone(), name)
        };
        PartRefs {
            platforms: platforms.iter().map(of).collect(),
            whole,
        }
    };
    repositories.iter().map(in_repository).collect()
}

/// The references that the catalog has for single platforms. Tags that are given go before all that it has.
fn of_platforms(
    catalog: &CheckedCatalog,
    args: &ImageArgs,
    repositories: &[String],
    plans: &[Plan],
) -> Result<Vec<(Platform, String)>, Failure> {
    let mut all = Vec::new();
    if !args.tag.is_empty() {
        return Ok(all);
    }
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
    let is_whole = plans.len() == declared_platforms(catalog, plans).len();
    let plans: Vec<&Plan> = plans.iter().collect();
    is_whole.then(|| Id::of_image(&plans)).flatten()
}

/// Plans by what they make: each tar alone, the platforms of an image together; in the order of the first of each.
pub(crate) fn by_output(plans: Vec<Plan>) -> Vec<Vec<Plan>> {
    let mut groups: Vec<Vec<Plan>> = Vec::new();
    let mut images = BTreeMap::new();
    for plan in plans {
        if plan.kind != Kind::Image {
            groups.push(vec![plan]);
            continue;
        }
        let image = (plan.variant.artifact.clone(), plan.variant.values.clone());
        let group = *images.entry(image).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(image) => image.push(plan),
            None => groups.push(vec![plan]),
        }
    }
    groups
}

/// Two images under one name would be one in a registry or an engine: whichever comes last.
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
