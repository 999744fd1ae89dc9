//! What is wrong with a step, and where in it.

use super::StepError;
use crate::template::TemplateError;

/// One thing that is wrong with a step or with one that it has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepProblem {
    /// Which of the steps that it has in it, from 0, and of those in that one.
    pub(crate) nested: Vec<usize>,
    /// What is wrong.
    pub(crate) text: String,
    /// What a file has that is wrong, the closest first.
    pub(crate) written: Vec<String>,
}

impl StepProblem {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            nested: Vec::new(),
            text: text.into(),
            written: Vec::new(),
        }
    }

    /// A problem with this word or value of a file.
    pub(crate) fn written(text: impl Into<String>, written: &str) -> Self {
        Self {
            written: vec![
                format!("\"{written}\""),
                format!("'{written}'"),
                written.to_owned(),
            ],
            ..Self::new(text)
        }
    }

    /// The same of the step at `index` in another one.
    pub(super) fn within(mut self, index: usize) -> Self {
        self.nested.insert(0, index);
        self
    }
}

impl From<&TemplateError> for StepProblem {
    fn from(error: &TemplateError) -> Self {
        let mut written = vec![error.written()];
        if let TemplateError::UnknownPlaceholder { name, .. } = error {
            written.push(name.clone());
        }
        Self {
            written,
            ..Self::new(error.to_string())
        }
    }
}

impl From<&StepError> for StepProblem {
    fn from(error: &StepError) -> Self {
        match error {
            StepError::Template(error) => error.into(),
            error => Self::new(error.to_string()),
        }
    }
}
