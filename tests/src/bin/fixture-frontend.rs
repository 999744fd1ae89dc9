//! A gateway frontend with a bug.

use std::process::ExitCode;

use catalog::{Artifact, Catalog, CustomStep, Read, Reader, Step, StepContext, StepError, Tree};

fn main() -> ExitCode {
    let breaks = Artifact::rootfs("breaks", "scratch").step(Step::custom(Breaks));
    frontend::run(Catalog::new().artifact(breaks))
}

#[derive(Debug)]
struct Breaks;

impl CustomStep for Breaks {
    fn title(&self) -> String {
        "break".to_owned()
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, _: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        panic!("the step `break` is broken")
    }
}
