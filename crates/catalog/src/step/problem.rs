//! The problems of a step, with their place in it.

use super::StepError;
use crate::template::TemplateError;

/// A problem of a step or of a step inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepProblem {
    /// The index of a step inside it, from 0, then the index of a step in that one, and so on.
    pub(crate) nested: Vec<usize>,
    /// The message.
    pub(crate) text: String,
    /// The wrong words or values in a file, the closest first.
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

    /// The same problem, in the step at `index` inside another one.
    pub(crate) fn within(mut self, index: usize) -> Self {
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
            StepError::Inside { path, source } => {
                let steps = path.iter().rev();
                steps.fold(Self::from(source.as_ref()), |problem, index| {
                    problem.within(*index)
                })
            }
            StepError::Template(error) => error.into(),
            StepError::NoPart { name, .. } => Self::written(error.to_string(), name),
            StepError::Parameters {
                unknown: Some(name),
                ..
            } => Self {
                written: vec![name.clone()],
                ..Self::new(error.to_string())
            },
            StepError::Wrong { text, reason } => Self::written(reason, text),
            error => Self::new(error.to_string()),
        }
    }
}
