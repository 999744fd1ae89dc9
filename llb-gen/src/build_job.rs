//! One call of `build`, from the search for the daemon to its end.

use engine::{BuildFailure, Call, CallError, Event, Output, WorkList, Workspace, daemon::Endpoint};

use crate::{
    args::Global,
    connection,
    failure::{Exit, Failure},
    progress::Progress,
    resolving::failed,
    signals::Signals,
};

/// The outputs or the failures of a build, and whether the daemon could be let go.
pub(crate) type Outcome = (Result<Vec<Output>, BuildFailure>, Result<(), Failure>);

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
                self.unless_interrupted()?;
                if work_list.products.is_empty() {
                    if let Some(told) = work_list.told() {
                        self.progress.send(Event::Notice(told));
                    }
                    return Ok((work_list.together(Ok(Vec::new())), Ok(())));
                }
                Some(work_list)
            }
        };
        let endpoint = tokio::select! {
            endpoint = connection::find(self.global) => endpoint?,
            () = self.signals.cancelled().cancelled() => return Err(Failure::interrupted(self.signals)),
        };
        let built = self.on(&endpoint, workspace, ready).await;
        let released = endpoint.release().await;
        Ok((
            built?,
            released.map_err(|error| Failure::new(Exit::Failed, error)),
        ))
    }

    async fn on(
        self,
        endpoint: &Endpoint,
        workspace: Workspace<'_>,
        ready: Option<WorkList>,
    ) -> Result<Result<Vec<Output>, BuildFailure>, Failure> {
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
        let delivered = match ready {
            Some(work_list) => self.call.build(&daemon, workspace, work_list).await,
            None => self.call.deliver(&daemon, workspace).await,
        };
        match delivered {
            Ok(outputs) => Ok(Ok(outputs)),
            Err(CallError::Build(failure)) => Ok(Err(failure)),
            Err(CallError::Engine(error)) => Err(failed(error, self.signals)),
        }
    }

    fn unless_interrupted(&self) -> Result<(), Failure> {
        if self.signals.cancelled().is_cancelled() {
            return Err(Failure::interrupted(self.signals));
        }
        Ok(())
    }
}
