//! Steps that set what later commands, and an image's processes, run with.

use std::collections::BTreeMap;

use buildkit_llb::Mkdir;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError};
use crate::{template::Template, tree::Tree};

/// Sets environment variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Env {
    /// The variables; values are templates.
    env: BTreeMap<String, Template>,
}

/// Sets the working directory and makes it if it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workdir {
    /// An absolute path.
    workdir: String,
}

/// Sets the user of later commands and of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// `user[:group]`, by name or number.
    user: String,
}

impl Env {
    /// Sets one variable; the value is a template.
    pub fn new(name: &str, value: &str) -> Self {
        Self {
            env: BTreeMap::from([(name.to_owned(), Template::unchecked(value))]),
        }
    }
}

impl Workdir {
    /// Sets the working directory.
    pub fn new(path: &str) -> Self {
        Self {
            workdir: path.to_owned(),
        }
    }
}

impl User {
    /// Sets the user, as `user[:group]`.
    pub fn new(user: &str) -> Self {
        Self {
            user: user.to_owned(),
        }
    }
}

impl Apply for Env {
    fn title(&self) -> String {
        let assignments: Vec<String> = self
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("env {}", assignments.join(" "))
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        for (name, value) in &self.env {
            let value = context.expand(value)?;
            tree.config.set_env(name, &value);
            tree.state = tree.state.env(name.as_str(), value);
        }
        Ok(tree)
    }

    fn templates(&self) -> Vec<&Template> {
        self.env.values().collect()
    }

    fn problems(&self) -> Vec<String> {
        unusable_names(&self.env).collect()
    }
}

/// What is wrong with the names of environment variables.
pub(super) fn unusable_names(env: &BTreeMap<String, Template>) -> impl Iterator<Item = String> {
    let odd = env
        .keys()
        .filter(|name| name.is_empty() || name.contains(['=', '\0']));
    odd.map(|name| format!("`{name}` cannot be the name of an environment variable"))
}

impl Apply for Workdir {
    fn title(&self) -> String {
        format!("workdir {}", self.workdir)
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        // Made with mtime 0, so that the directory is the same whenever it is made.
        let make = Mkdir::new(self.workdir.as_str())
            .mode(0o755)
            .parents()
            .created(0);
        tree.state = tree
            .state
            .dir(self.workdir.as_str())
            .file(context.file_actions().mkdir(make));
        tree.config.workdir = Some(self.workdir.clone());
        Ok(tree)
    }

    fn problems(&self) -> Vec<String> {
        let problem = format!("`workdir` must be an absolute path, not `{}`", self.workdir);
        if self.workdir.starts_with('/') {
            Vec::new()
        } else {
            vec![problem]
        }
    }
}

impl Apply for User {
    fn title(&self) -> String {
        format!("user {}", self.user)
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, _: &mut StepContext<'_>) -> Result<Tree, StepError> {
        tree.state = tree.state.user(self.user.as_str());
        tree.config.user = Some(self.user.clone());
        Ok(tree)
    }

    fn problems(&self) -> Vec<String> {
        if self.user.is_empty() {
            vec!["`user` is empty".to_owned()]
        } else {
            Vec::new()
        }
    }
}
