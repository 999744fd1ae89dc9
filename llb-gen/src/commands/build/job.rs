//! One call of `build`, from the search for the daemon to its end.

use std::collections::BTreeSet;

use buildkit_client::Daemon;
use catalog::{Caching, CheckedCatalog, LOCK_FILE, Plan, Reference};
use engine::{
    BuildFailure, BuildOptions, Event, FoundAgents, ImageOptions, LoadedSecrets, Output,
    RegistryAccess,
    daemon::Endpoint,
    resolve::{Pinning, Resolver},
};

use super::{
    Given, Outcome, Work,
    destination::Place,
    pins::until_pinned,
    up_to_date,
    work_list::{Waiting, WorkList, sorted, together},
};
use crate::{
    args::{BuildArgs, Global},
    connection,
    failure::{Exit, Failure},
    pinning,
    planning::{self, Asked, Selected},
    progress::Progress,
    signals::Signals,
};

/// One call of `build`, from the search for the daemon to its end.
pub(super) struct Job<'a> {
    pub(super) args: &'a BuildArgs,
    pub(super) place: Place,
    pub(super) global: &'a Global,
    pub(super) signals: Signals,
    pub(super) progress: Progress,
    pub(super) registries: RegistryAccess,
}

impl Job<'_> {
    pub(super) async fn run(
        &self,
        selected: Selected,
        work: Work<'_>,
        given: Given,
    ) -> Result<Outcome, Failure> {
        let work = match work {
            Work::Unpinned { .. } => work,
            Work::Pinned(mut work_list) => {
                work_list.warn(&self.progress);
                self.leave_out_published(&mut work_list).await?;
                if work_list.work.is_empty() {
                    self.notice(up_to_date(
                        work_list.up_to_date.len(),
                        work_list.order.len(),
                    ));
                    let outputs = together(Ok(Vec::new()), work_list.up_to_date, &work_list.order);
                    return Ok((outputs, Ok(())));
                }
                Work::Pinned(work_list)
            }
        };
        let endpoint = tokio::select! {
            endpoint = connection::find(self.global) => endpoint?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(&self.signals)),
        };
        let built = self.on(&endpoint, selected, work, given).await;
        let released = endpoint.release().await;
        Ok((
            built?,
            released.map_err(|error| Failure::new(Exit::Failed, error)),
        ))
    }

    async fn on(
        &self,
        endpoint: &Endpoint,
        mut selected: Selected,
        work: Work<'_>,
        (secrets, ssh): Given,
    ) -> Result<Result<Vec<Output>, BuildFailure>, Failure> {
        let daemon = tokio::select! {
            daemon = connection::connect(&self.global.connection, endpoint) => daemon?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(&self.signals)),
        };
        if self.global.verbose {
            let info = daemon.info();
            self.notice(format!(
                "building with {} {} at {}",
                info.package,
                info.version,
                daemon.address()
            ));
        }
        let work_list = match work {
            Work::Pinned(work_list) => work_list,
            Work::Unpinned { catalog, planned } => {
                self.pin(&daemon, catalog, &mut selected, &secrets).await?;
                let plans = selected.plan(catalog, planned)?;
                let mut work_list =
                    self.sorted(catalog, &selected.asked, plans, (&secrets, &ssh))?;
                work_list.warn(&self.progress);
                self.leave_out_published(&mut work_list).await?;
                work_list
            }
        };
        if !work_list.up_to_date.is_empty() {
            self.notice(up_to_date(
                work_list.up_to_date.len(),
                work_list.order.len(),
            ));
        }
        let shared_key = self.shared_key(&work_list);
        let options = BuildOptions {
            shared_key,
            output: self.place.destination(),
            jobs: self.args.jobs.map(usize::from),
            keep_going: self.args.keep_going,
            secrets,
            ssh,
            registries: self.registries.clone(),
            roots: selected.roots,
            stores: selected.stores,
            image: ImageOptions {
                archive: self.place.archive(),
                ..self.args.image.options()?
            },
        };
        let events = |event| self.progress.send(event);
        let cancelled = self.signals.cancelled();
        let built = engine::build(&daemon, work_list.work, &options, cancelled, &events).await;
        // The outputs and their records are written.
        drop(work_list.locks);
        Ok(together(built, work_list.up_to_date, &work_list.order))
    }

    /// The key by which the daemon keeps what is sent, if anything is.
    fn shared_key(&self, work_list: &WorkList) -> Option<String> {
        let mut plans = work_list.work.iter().flat_map(engine::Work::plans);
        if plans.all(|plan| plan.locals.is_empty()) {
            return None;
        }
        engine::shared_key(|name| std::env::var_os(name)).unwrap_or_else(|error| {
            let why = std::error::Error::source(&error).map(|source| format!(": {source}"));
            let text = format!(
                "all files are sent, and not only changed ones: {error}{}",
                why.unwrap_or_default()
            );
            self.progress.send(Event::Warning(text));
            None
        })
    }

    fn sorted(
        &self,
        catalog: &CheckedCatalog,
        asked: &Asked,
        plans: Vec<Plan>,
        given: (&LoadedSecrets, &FoundAgents),
    ) -> Result<WorkList, Failure> {
        let cancelled = self.signals.cancelled();
        let waiting = Waiting {
            tell: &|text| self.notice(text),
            is_given_up: &|| cancelled.is_cancelled(),
        };
        let call = (catalog, self.args, &self.place);
        let sorted = sorted(call, asked, plans, given, &waiting);
        if cancelled.is_cancelled() {
            return Err(Failure::interrupted(&self.signals));
        }
        sorted
    }

    /// Leaves out what the registries have, unless everything is to be built.
    async fn leave_out_published(&self, work_list: &mut WorkList) -> Result<(), Failure> {
        if self.args.reuse.builds_always() || !self.args.image.push {
            return Ok(());
        }
        let access = &self.registries;
        let cancelled = self.signals.cancelled();
        let tell = |text| self.notice(text);
        work_list
            .leave_out_published(access, cancelled, &tell)
            .await;
        if cancelled.is_cancelled() {
            return Err(Failure::interrupted(&self.signals));
        }
        Ok(())
    }

    /// Asks the daemon what unpinned references stand for, and writes it into the lock.
    async fn pin(
        &self,
        daemon: &Daemon,
        catalog: &CheckedCatalog,
        selected: &mut Selected,
        secrets: &LoadedSecrets,
    ) -> Result<(), Failure> {
        let unpinned = |selected: &Selected| {
            let plans = selected.plan(catalog, Caching::Use)?;
            Ok(planning::unpinned(&plans).into_iter().cloned().collect())
        };
        let pin = async |selected: &mut Selected, references: BTreeSet<Reference>| {
            let pinning =
                Pinning::of(&references).map_err(|error| Failure::new(Exit::Catalog, error))?;
            let access = &self.registries;
            let resolver = Resolver::Daemon {
                daemon,
                access,
                secrets,
            };
            let old = selected.inputs.lock.clone();
            let lock = &mut selected.inputs.lock;
            let cancelled = self.signals.cancelled();
            let tell = |name: &str| self.notice(format!("resolving {name}"));
            let pinned = pinning::pin(&pinning, lock, &resolver, cancelled, &tell).await;
            for warning in access.warnings() {
                self.progress.send(Event::Warning(warning));
            }
            let pinned = pinned.map_err(|error| pinning::failed(error, &self.signals));
            let written = pinning::written(pinned, &self.global.context, &old, lock);
            for moved in lock.moved_from(&old) {
                self.notice(format!("{LOCK_FILE}: {moved}"));
            }
            written
        };
        until_pinned(selected, unpinned, pin).await
    }

    fn notice(&self, text: String) {
        self.progress.send(Event::Notice(text));
    }
}
