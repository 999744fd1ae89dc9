//! A tree: the input and the result of a step.

use std::{collections::BTreeSet, sync::Arc};

use buildkit_llb::State;

use crate::{image_config::ImageConfig, lock::BaseConfig, template::Environment};

/// A file system in the making, and the image config that goes with it.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The file system.
    pub state: State,
    /// The config of an image of it.
    pub config: ImageConfig,
    /// The config of the image that it starts from.
    pub(crate) base: Option<Arc<BaseConfig>>,
    /// The base below all steps.
    pub(crate) base_name: BaseName,
    /// The variables that steps have set to a value that is not known yet.
    pub(crate) unknown: BTreeSet<String>,
    /// Whether the current artifact has set `cmd` itself.
    pub(crate) has_own_cmd: bool,
}

/// The name in errors of the base below all steps.
#[derive(Debug, Clone)]
pub(crate) struct BaseName {
    pub(crate) name: String,
    /// Whether its environment is known. That of an image that is not in the lock is not.
    pub(crate) is_known: bool,
}

impl Tree {
    /// A tree with the given file system and nothing configured.
    pub fn new(state: State) -> Self {
        Self {
            state,
            config: ImageConfig::default(),
            base: None,
            base_name: BaseName {
                name: "scratch".to_owned(),
                is_known: true,
            },
            unknown: BTreeSet::new(),
            has_own_cmd: false,
        }
    }

    /// The same tree; `name` is the name of its base in errors.
    pub(crate) fn on(mut self, name: &str) -> Self {
        name.clone_into(&mut self.base_name.name);
        self
    }

    /// The environment that gives `$NAME` its value.
    pub(crate) fn environment(&self) -> Environment {
        Environment {
            values: self.config.env.clone(),
            base: self.base_name.name.clone(),
            is_known: self.base_name.is_known,
            unknown: self.unknown.clone(),
        }
    }

    /// Sets a variable for all later steps. The variables of an image that is not in the lock are unknown, and so are
    /// those that are made from them.
    pub(crate) fn set_env(&mut self, name: &str, value: String, is_known: bool) {
        if is_known {
            self.unknown.remove(name);
        } else {
            self.unknown.insert(name.to_owned());
        }
        self.config.set_env(name, &value);
        self.state = self.state.clone().env(name, value);
    }

    /// A tree that continues from an image: its steps run with the image's environment, user and directory. Without a
    /// config, these are unknown.
    pub(crate) fn of_image(name: &str, state: State, base: Option<&BaseConfig>) -> Self {
        let config = base.map(BaseConfig::image_config).unwrap_or_default();
        let mut state = config.env.iter().fold(state, |state, (name, value)| {
            state.env(name.as_str(), value)
        });
        if let Some(workdir) = &config.workdir {
            state = state.dir(workdir.as_str());
        }
        if let Some(user) = &config.user {
            state = state.user(user.as_str());
        }
        Self {
            state,
            config,
            base: base.cloned().map(Arc::new),
            base_name: BaseName {
                name: name.to_owned(),
                is_known: base.is_some(),
            },
            unknown: BTreeSet::new(),
            has_own_cmd: false,
        }
    }
}
