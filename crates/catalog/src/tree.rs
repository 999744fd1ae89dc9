//! A tree: what a step starts from and what it makes.

use buildkit_llb::State;
use serde::Serialize;

/// A file system in the making, and the image config that goes with it.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The file system.
    pub state: State,
    /// What an image of it is run with.
    pub config: ImageConfig,
}

/// What an image is run with, as far as steps set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImageConfig {
    /// The environment in the order in which it was first set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// The working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// The user, as `user[:group]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl Tree {
    /// A tree with the given file system and nothing configured.
    pub fn new(state: State) -> Self {
        Self {
            state,
            config: ImageConfig::default(),
        }
    }
}

impl ImageConfig {
    /// Sets a variable, in its old place when it was set before.
    pub fn set_env(&mut self, name: &str, value: &str) {
        match self.env.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.env.push((name.to_owned(), value.to_owned())),
        }
    }
}
