//! The products of a call: those to build, and those that are there already.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use buildkit_client::CancellationToken;
use catalog::{ContextPath, Plan, Read, listed};
use registry::RegistryAccess;

use crate::{
    build::BuildFailure,
    delivered::Output,
    error::{EngineError, Needed},
    freshness::{Freshness, Inspection},
    moves::{Moves, UnfinishedTags, without_digest},
    output_lock::{GivenUp, OutputDirectory, OutputLock},
    partial_push::join,
    product::{ImageProduct, Product, ProductKey, refuse_one_name},
    secrets::LoadedSecrets,
    ssh::FoundAgents,
    status::{self, InRegistries},
};

/// The products to build, and the outputs that are there already.
#[derive(Debug)]
pub struct WorkList {
    /// The products to build.
    pub products: Vec<Product>,
    /// The outputs that are there already.
    pub up_to_date: Vec<Output>,
    /// The products that these are of.
    pub(crate) left_out: Vec<Product>,
    /// All products, in the order of the selection.
    order: Vec<ProductKey>,
    /// Warnings to give before anything is built.
    pub warnings: Vec<String>,
    /// The locks of the outputs to build, held until they are built.
    locks: Vec<OutputLock>,
    /// The tags of images whose platforms were there one by one, where not all of them moved.
    unfinished: Vec<UnfinishedTags>,
}

/// How a call looks for outputs that are there already.
#[derive(Debug, Clone, Copy)]
pub struct Sorting<'a> {
    /// The directory in which outputs have records, if they go to one.
    pub directory: Option<&'a Path>,
    /// How thoroughly the files of earlier builds are checked.
    pub inspection: Inspection,
    /// Whether everything is built, even what is there.
    pub always: bool,
    /// Whether images are pushed: then the registries are asked, and not the directory.
    pub push: bool,
    /// Whether two images may not have one name, because they go where a name is of one image.
    pub unique_names: bool,
}

/// The secrets and agents that steps may ask for.
#[derive(Debug, Clone, Copy)]
pub struct StepAccess<'a> {
    /// Secrets.
    pub secrets: &'a LoadedSecrets,
    /// The agents of ssh.
    pub agents: &'a FoundAgents,
}

/// How a call waits for another one that writes the same outputs.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "closures have none")]
pub struct Waiting<'a> {
    /// Receives a text that says what is waited for.
    pub tell: &'a dyn Fn(String),
    /// Whether the wait is given up.
    pub is_given_up: &'a dyn Fn() -> bool,
}

impl WorkList {
    /// Leaves out the outputs that are in the output directory already, and checks that the steps of the rest have
    /// their secrets and agents. Outputs to write are locked before they are looked at.
    ///
    /// # Errors
    /// When a step needs what was not given, two images have one name, or the wait for another build is given up.
    pub fn sorted(
        products: Vec<Product>,
        sorting: Sorting<'_>,
        access: StepAccess<'_>,
        waiting: Waiting<'_>,
    ) -> Result<Self, EngineError> {
        let order = products.iter().map(Product::key).collect();
        let warnings = products.iter().filter_map(Product::warning).collect();
        // Images to push are looked for in the registries.
        let has_record = |product: &Product| !(sorting.push && product.image().is_some());
        let mut locks = match sorting.directory {
            Some(directory) => {
                let written = products.iter().filter(|product| has_record(product));
                locked(directory, written, waiting)?
            }
            None => BTreeMap::new(),
        };
        let (mut left, mut left_out, mut up_to_date) = (Vec::new(), Vec::new(), Vec::new());
        for product in products {
            let looked_in = sorting
                .directory
                .filter(|_| !sorting.always && has_record(&product));
            let lock = locks.get(product.output());
            let there = looked_in
                .and_then(|directory| there(&product, directory, sorting.inspection, lock));
            match there {
                Some(output) => {
                    locks.remove(product.output());
                    left_out.push(product);
                    up_to_date.push(output);
                }
                None => left.push(product),
            }
        }
        refuse_needed(left.iter().flat_map(Product::plans), access)?;
        if sorting.unique_names {
            refuse_one_name(&left)?;
        }
        Ok(Self {
            products: left,
            up_to_date,
            left_out,
            order,
            warnings,
            locks: locks.into_values().collect(),
            unfinished: Vec::new(),
        })
    }

    /// The notice about products that are there already, if there are any.
    pub fn told(&self) -> Option<String> {
        let (found, all) = (self.up_to_date.len(), self.order.len());
        Some(match (found, all) {
            (0, _) => return None,
            (_, 1) => "it is up to date".to_owned(),
            _ if found == all => format!("all {all} outputs are up to date"),
            _ => format!("{found} of {all} outputs are up to date"),
        })
    }

    /// Leaves out the images that are in all their registries already. Where the platforms of an image are there one by
    /// one, its tags are moved. `tell` hears of a registry that cannot be asked; its image is built, since the daemon
    /// may well reach the registry.
    pub async fn leave_out_published(
        &mut self,
        access: &RegistryAccess,
        cancelled: &CancellationToken,
        tell: &(dyn Fn(String) + Sync),
    ) {
        let images: Vec<&ImageProduct> = self.products.iter().filter_map(Product::image).collect();
        let answers = InRegistries::of_all(&images, access, cancelled).await;
        let mut answers = answers.into_iter();
        for product in std::mem::take(&mut self.products) {
            let answer = product
                .image()
                .and_then(|image| Some((image, answers.next()?)));
            let found = match answer {
                Some((image, found)) => {
                    let unfinished = &mut self.unfinished;
                    published(image, found, access, cancelled, tell, unfinished).await
                }
                None => None,
            };
            match found {
                Some(output) => {
                    self.left_out.push(product);
                    self.up_to_date.push(output);
                }
                None => self.products.push(product),
            }
        }
    }

    /// The products to build, and what is left of the list until they are.
    pub(crate) fn take(&mut self) -> Vec<Product> {
        std::mem::take(&mut self.products)
    }

    /// Whether tags of images were to move, and not all of them did.
    pub fn has_unfinished_tags(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// The built outputs and those that were there, in the order of the selection. The outputs and their records are
    /// written: the locks end.
    pub fn together(
        self,
        built: Result<Vec<Output>, BuildFailure>,
    ) -> Result<Vec<Output>, BuildFailure> {
        drop(self.locks);
        let merged = |mut outputs: Vec<Output>| {
            outputs.extend(self.up_to_date);
            let place = |output: &Output| self.order.iter().position(|key| key.is_of(output));
            outputs.sort_by_key(place);
            outputs
        };
        match built {
            Ok(outputs) => Ok(merged(outputs)),
            Err(mut failure) => {
                // Of an image that was built after that, the later state is the true one.
                let outputs = failure.outputs.iter().flat_map(Output::references);
                let tried = failure.unfinished.iter().flat_map(UnfinishedTags::names);
                let later: BTreeSet<&str> = outputs
                    .map(|reference| without_digest(reference))
                    .chain(tried)
                    .collect();
                let earlier = self.unfinished.into_iter();
                let earlier = earlier.filter(|one| !one.names().any(|name| later.contains(name)));
                let earlier: Vec<_> = earlier.collect();
                failure.unfinished.extend(earlier);
                Err(BuildFailure {
                    outputs: merged(failure.outputs),
                    ..failure
                })
            }
        }
    }
}

impl ProductKey {
    fn is_of(&self, output: &Output) -> bool {
        let first = output.platform.split(',').next().unwrap_or_default();
        self.artifact == output.artifact
            && self.values == output.values
            && self.first_platform == first
    }
}

/// The output of a product in `directory`, if nothing is to be built.
fn there(
    product: &Product,
    directory: &Path,
    inspection: Inspection,
    lock: Option<&OutputLock>,
) -> Option<Output> {
    let mut found = None;
    for freshness in status::on_disk(product, directory, inspection, lock) {
        match freshness {
            Freshness::UpToDate(output) => found = Some(*output),
            Freshness::Build(_) => return None,
        }
    }
    found
}

/// The locks of outputs, taken in the order of their paths.
fn locked<'a>(
    directory: &Path,
    products: impl Iterator<Item = &'a Product>,
    waiting: Waiting<'_>,
) -> Result<BTreeMap<ContextPath, OutputLock>, GivenUp> {
    let outputs: BTreeSet<&ContextPath> = products.map(Product::output).collect();
    let directory = OutputDirectory::new(directory);
    let lock = |output: &ContextPath| {
        let lock = OutputLock::acquire(&directory, output, waiting.tell, waiting.is_given_up);
        lock.map(|lock| (output.clone(), lock))
    };
    outputs.into_iter().map(lock).collect()
}

/// The output of an image in its registries, if nothing is to be built.
async fn published(
    image: &ImageProduct,
    found: InRegistries,
    access: &RegistryAccess,
    cancelled: &CancellationToken,
    tell: &(dyn Fn(String) + Sync),
    unfinished: &mut Vec<UnfinishedTags>,
) -> Option<Output> {
    match found {
        InRegistries::There(output) => Some(*output),
        InRegistries::Missing => None,
        InRegistries::Joinable(joinable) => {
            let moves = Moves::default();
            match join(image.names(), &joinable, &moves, access, cancelled).await {
                Ok(published) => {
                    tell(joined(image));
                    Some(image.published(published))
                }
                Err(error) => {
                    tell(format!("{error}, so it is built: {}", error.problem));
                    let artifact = image.variant().artifact.to_string();
                    unfinished.push(moves.unfinished(artifact, error.digest));
                    None
                }
            }
        }
        InRegistries::Unknown(error) => {
            tell(format!("{error}, so it is built: {}", error.problem));
            None
        }
    }
}

fn joined(image: &ImageProduct) -> String {
    let artifact = &image.variant().artifact;
    let platforms = listed(image.declared().iter().map(ToString::to_string));
    let which = if image.is_part() {
        "its other platforms are in the registries, too"
    } else {
        "its platforms are in the registries, one by one"
    };
    format!("`{artifact}`: {which}: {platforms} are one image now")
}

/// A step that lacks a secret or an agent would fail in the middle of the build.
fn refuse_needed<'a>(
    plans: impl Iterator<Item = &'a Plan>,
    access: StepAccess<'_>,
) -> Result<(), Needed> {
    let (mut ids, mut agent) = (BTreeSet::new(), None);
    for read in plans.flat_map(|plan| &plan.reads) {
        match read {
            Read::Secret {
                id,
                optional: false,
            } if !access.secrets.has(id) => _ = ids.insert(id.to_string()),
            Read::Ssh { id } if !access.agents.has(id) => {
                agent.get_or_insert_with(|| id.to_string());
            }
            _ => {}
        }
    }
    match agent {
        _ if !ids.is_empty() => Err(Needed::Secrets { ids }),
        Some(id) => Err(Needed::Agent { id }),
        None => Ok(()),
    }
}
