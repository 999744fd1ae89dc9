//! The step for everything else, written in Rust.

use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer};

use super::{Apply, Read, Reader, StepContext, StepError};
use crate::{template::Variables, tree::Tree};

/// A step written in Rust. It must depend on nothing but its own fields and its context, so that the same catalog
/// gives the same graph everywhere.
pub trait CustomStep: fmt::Debug + Send + Sync {
    /// A short line for progress and listings.
    fn title(&self) -> String;

    /// The reads that the step may ask its context for.
    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError>;

    /// The tree with the step carried out.
    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError>;
}

/// A [`CustomStep`] among the steps of an artifact.
#[derive(Debug, Clone)]
pub struct Custom(Arc<dyn CustomStep>);

impl Custom {
    /// Wraps a step.
    pub fn new(step: impl CustomStep + 'static) -> Self {
        Self(Arc::new(step))
    }
}

/// In the form `{"custom": TITLE}`: code cannot be read back.
impl Serialize for Custom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("custom", self.0.title())])
    }
}

impl Apply for Custom {
    fn title(&self) -> String {
        self.0.title()
    }

    fn filled_title(&self, _: &Variables) -> String {
        self.title()
    }

    fn reads(&self, reader: Reader<'_>) -> Result<Vec<Read>, StepError> {
        self.0.reads(reader)
    }

    fn apply(&self, tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        self.0.apply(tree, context)
    }
}
