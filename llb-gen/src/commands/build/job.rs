//! One call of `build`, from the search for the daemon to its end.

use buildkit_client::Daemon;
use catalog::LOCK_FILE;
use engine::{
    BuildFailure, BuildOptions, Disk, Event, ImageOptions, LocalFiles, Output, PinEvent, Product,
    RegistryAccess, Waiting, WorkList, Workspace,
    daemon::Endpoint,
    resolve::{Asking, Resolver},
};

use super::{Begun, Outcome, OwnAccess, destination::Place, up_to_date};
use crate::{
    args::{BuildArgs, Global},
    connection,
    failure::{Exit, Failure},
    progress::Progress,
    resolving::failed,
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
    pub(super) async fn run(&self, mut begun: Begun<'_>) -> Result<Outcome, Failure> {
        if let Some(work_list) = &mut begun.ready {
            self.look_in_registries(work_list).await?;
        }
        if begun
            .ready
            .as_ref()
            .is_some_and(|ready| ready.products.is_empty())
            && let Some(work_list) = begun.ready.take()
        {
            self.tell_up_to_date(&work_list);
            return Ok((work_list.together(Ok(Vec::new())), Ok(())));
        }
        let endpoint = tokio::select! {
            endpoint = connection::find(self.global) => endpoint?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(&self.signals)),
        };
        let built = self.on(&endpoint, begun).await;
        let released = endpoint.release().await;
        Ok((
            built?,
            released.map_err(|error| Failure::new(Exit::Failed, error)),
        ))
    }

    async fn on(
        &self,
        endpoint: &Endpoint,
        begun: Begun<'_>,
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
        let Begun {
            mut workspace,
            disk,
            ready,
            own,
        } = begun;
        let mut work_list = match ready {
            Some(work_list) => work_list,
            None => self.pinned(&daemon, &mut workspace, &disk, &own).await?,
        };
        self.tell_up_to_date(&work_list);
        let (_, LocalFiles { roots, stores }) = workspace.into_plans();
        let options = BuildOptions {
            shared_key: self.shared_key(&work_list),
            output: self.place.destination(),
            jobs: self.args.jobs.map(usize::from),
            keep_going: self.args.keep_going,
            secrets: own.secrets,
            ssh: own.agents,
            registries: self.registries.clone(),
            roots,
            stores,
            image: ImageOptions {
                archive: self.place.archive(),
                ..self.args.image.options()?
            },
        };
        let events = |event| self.progress.send(event);
        let cancelled = self.signals.cancelled();
        let products = work_list.take();
        let built = engine::build(&daemon, products, &options, cancelled, &events).await;
        Ok(work_list.together(built))
    }

    /// What is to be built once the daemon has said what unpinned references stand for, and the lock has it.
    async fn pinned(
        &self,
        daemon: &Daemon,
        workspace: &mut Workspace<'_>,
        disk: &Disk,
        own: &OwnAccess,
    ) -> Result<WorkList, Failure> {
        let access = &self.registries;
        let resolver = Resolver::Daemon {
            daemon,
            access,
            secrets: &own.secrets,
        };
        let cancelled = self.signals.cancelled();
        let asking = Asking {
            resolver: &resolver,
            cancelled,
        };
        let tell = |event: PinEvent<'_>| match event {
            PinEvent::Resolving(name) => self.notice(format!("resolving {name}")),
            PinEvent::Moved(moved) => self.notice(format!("{LOCK_FILE}: {moved}")),
        };
        let pinned = workspace.pin(disk, &asking, &tell).await;
        for warning in access.warnings() {
            self.progress.send(Event::Warning(warning));
        }
        pinned.map_err(|error| failed(error, &self.signals))?;
        let products = self.place.products(workspace, self.args)?;
        let waiting = Waiting {
            tell: &|text| self.notice(text),
            is_given_up: &|| cancelled.is_cancelled(),
        };
        let sorting = self.place.sorting(self.args);
        let sorted = WorkList::sorted(products, sorting, own.lent(), waiting);
        if cancelled.is_cancelled() {
            return Err(Failure::interrupted(&self.signals));
        }
        let mut work_list = sorted?;
        self.look_in_registries(&mut work_list).await?;
        Ok(work_list)
    }

    /// The key by which the daemon keeps what is sent, if anything is.
    fn shared_key(&self, work_list: &WorkList) -> Option<String> {
        let mut plans = work_list.products.iter().flat_map(Product::plans);
        if plans.all(|plan| plan.locals.is_empty()) {
            return None;
        }
        engine::shared_key(|name| std::env::var_os(name)).unwrap_or_else(|error| {
            let why = engine::in_a_line(&error);
            let text = format!("all files are sent, and not only changed ones: {why}");
            self.progress.send(Event::Warning(text));
            None
        })
    }

    /// Tells what must be known before anything is built, and leaves out what the registries have, unless everything is to be
    /// built.
    async fn look_in_registries(&self, work_list: &mut WorkList) -> Result<(), Failure> {
        for warning in &work_list.warnings {
            self.progress.send(Event::Warning(warning.clone()));
        }
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

    fn tell_up_to_date(&self, work_list: &WorkList) {
        if !work_list.up_to_date.is_empty() {
            self.notice(up_to_date(work_list.up_to_date.len(), work_list.count()));
        }
    }

    fn notice(&self, text: String) {
        self.progress.send(Event::Notice(text));
    }
}
