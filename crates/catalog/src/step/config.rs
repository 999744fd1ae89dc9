//! Steps that set the environment, user and directory of later commands and of an image's processes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Apply, Read, Reader, StepContext, StepError, context::check_absolute};
use crate::{
    placing::{Attributes, Placing},
    template::{Text, TreeText, Variables},
    tree::Tree,
};

/// Sets environment variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Env {
    /// The variables. Values may use what the base or an earlier step sets, as `/opt/bin:$PATH`.
    env: BTreeMap<String, TreeText>,
}

/// Sets the working directory and makes it if it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workdir {
    /// An absolute path.
    workdir: TreeText,
}

/// Sets the user of later commands and of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// `user[:group]`, by name or number.
    user: TreeText,
}

impl Env {
    /// Sets one variable; the value is a [`TreeText`].
    pub fn new(name: &str, value: &str) -> Self {
        Self {
            env: BTreeMap::from([(name.to_owned(), TreeText::unchecked(value))]),
        }
    }
}

impl Workdir {
    /// Sets the working directory; a [`TreeText`].
    pub fn new(path: &str) -> Self {
        Self {
            workdir: TreeText::unchecked(path),
        }
    }
}

impl User {
    /// Sets the user, as `user[:group]`; a [`TreeText`].
    pub fn new(user: &str) -> Self {
        Self {
            user: TreeText::unchecked(user),
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
            let known = context.read(value, |value| Ok(value.to_owned()))?;
            let is_known = known.is_some();
            let value = known.map_or_else(|| context.expand(value), Ok)?;
            tree.set_env(name, value, is_known);
        }
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        self.env.values().map(|value| value as &dyn Text).collect()
    }

    fn problems(&self) -> Vec<String> {
        unusable_names(&self.env).collect()
    }
}

/// The problems of the names of environment variables.
pub(super) fn unusable_names(env: &BTreeMap<String, TreeText>) -> impl Iterator<Item = String> {
    env.keys().filter_map(|name| unusable_name(name))
}

/// The problem of the name of an environment variable.
pub(super) fn unusable_name(name: &str) -> Option<String> {
    let is_odd = name.is_empty() || name.contains(['=', '\0', '{', '}']);
    is_odd.then(|| {
        let names = if name.contains(['{', '}']) {
            "; names are taken as they are written"
        } else {
            ""
        };
        format!("`{name}` cannot be the name of an environment variable{names}")
    })
}

impl Apply for Workdir {
    fn title(&self) -> String {
        format!("workdir {}", self.workdir)
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(vec![Read::Packer])
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let workdir = context.expand_path("workdir", &self.workdir)?;
        tree.state = tree.state.dir(workdir.as_str());
        tree.config.workdir = Some(workdir.clone());
        let made = Placing::Directory {
            paths: vec![workdir],
            attributes: Attributes::default(),
            only_missing: false,
        };
        context.placed(tree, made)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        vec![&self.workdir]
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        check_absolute("workdir", &self.workdir, variables)
    }
}

impl Apply for User {
    fn title(&self) -> String {
        format!("user {}", self.user)
    }

    fn reads(&self, _: Reader<'_>) -> Result<Vec<Read>, StepError> {
        Ok(Vec::new())
    }

    fn apply(&self, mut tree: Tree, context: &mut StepContext<'_>) -> Result<Tree, StepError> {
        let user = context.expand(&self.user)?;
        somebody(&user)?;
        tree.state = tree.state.user(user.as_str());
        tree.config.user = Some(user);
        Ok(tree)
    }

    fn texts(&self) -> Vec<&dyn Text> {
        vec![&self.user]
    }

    fn check(&self, variables: &Variables) -> Result<(), StepError> {
        let user = self.user.without_environment(variables)?;
        user.iter().try_for_each(|user| somebody(user))
    }
}

/// Refuses an empty user.
pub(super) fn somebody(user: &str) -> Result<(), StepError> {
    if user.is_empty() {
        let reason = "`user` is empty".to_owned();
        return Err(StepError::Refused { reason });
    }
    Ok(())
}
