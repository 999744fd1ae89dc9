//! One call of `build`, from the search for the daemon to its end.

use engine::{BuildFailure, Call, CallError, Event, Output, WorkList, Workspace, daemon::Endpoint};

use crate::{
    args::Global,
    connection,
    failure::{Exit, Failure},
    outputs::report,
    progress::Progress,
    resolving::failed,
    signals::Signals,
};

/// The end of a build.
pub(crate) struct Outcome {
    /// The outputs or the failures.
    pub(crate) built: Result<Vec<Output>, BuildFailure>,
    /// Whether the caches were written.
    pub(crate) cached: Result<(), Failure>,
    /// Whether the daemon could be let go.
    pub(crate) released: Result<(), Failure>,
}

/// One call of `build`, from the search for the daemon to its end.
pub(crate) struct Job<'a> {
    pub(crate) global: &'a Global,
    pub(crate) signals: &'a Signals,
    pub(crate) progress: &'a Progress,
    pub(crate) call: Call<'a>,
}

impl Job<'_> {
    pub(crate) async fn run(
        self,
        workspace: Workspace<'_>,
        ready: Option<WorkList>,
    ) -> Result<Outcome, Failure> {
        let ready = match ready {
            None => None,
            Some(mut work_list) => {
                self.call.look_in_registries(&mut work_list).await;
                if work_list.has_unfinished_tags() && self.is_interrupted() {
                    return Ok(Outcome {
                        built: work_list.together(Err(BuildFailure::default())),
                        cached: Ok(()),
                        released: Ok(()),
                    });
                }
                self.unless_interrupted()?;
                if work_list.products.is_empty() {
                    let caches = &self.call.options.caches;
                    for told in work_list.told().into_iter().chain(caches.left_alone()) {
                        self.progress.send(Event::Notice(told));
                    }
                    return Ok(Outcome {
                        built: work_list.together(Ok(Vec::new())),
                        cached: Ok(()),
                        released: Ok(()),
                    });
                }
                Some(work_list)
            }
        };
        let endpoint = tokio::select! {
            endpoint = connection::find(self.global) => endpoint?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(self.signals)),
        };
        let ended = self.on(&endpoint, workspace, ready).await;
        let released = endpoint.release().await;
        let (built, cached) = ended?;
        Ok(Outcome {
            built,
            cached,
            released: released.map_err(|error| Failure::new(Exit::Failed, error)),
        })
    }

    async fn on(
        self,
        endpoint: &Endpoint,
        workspace: Workspace<'_>,
        ready: Option<WorkList>,
    ) -> Result<(Result<Vec<Output>, BuildFailure>, Result<(), Failure>), Failure> {
        let daemon = tokio::select! {
            daemon = connection::connect(&self.global.connection, endpoint) => daemon?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(self.signals)),
        };
        if self.global.verbose {
            let info = daemon.info();
            self.progress.send(Event::Notice(format!(
                "building with {} {} at {}",
                info.package,
                info.version,
                daemon.address()
            )));
        }
        let signals = self.signals;
        let delivered = match ready {
            Some(work_list) => self.call.build(&daemon, workspace, work_list).await,
            None => self.call.deliver(&daemon, workspace).await,
        };
        match delivered {
            Ok(outputs) => Ok((Ok(outputs), Ok(()))),
            Err(CallError::Build(failure)) => Ok((Err(failure), Ok(()))),
            Err(CallError::Cache { outputs, failure }) => {
                let unwritten = if signals.cancelled().is_cancelled() {
                    Failure::interrupted(signals)
                } else {
                    Failure::new(report::exit_of(&failure.reason), failure)
                };
                Ok((Ok(outputs), Err(unwritten)))
            }
            Err(CallError::Engine(error)) => Err(failed(error, signals)),
        }
    }

    fn is_interrupted(&self) -> bool {
        self.signals.cancelled().is_cancelled()
    }

    fn unless_interrupted(&self) -> Result<(), Failure> {
        if self.is_interrupted() {
            return Err(Failure::interrupted(self.signals));
        }
        Ok(())
    }
}
