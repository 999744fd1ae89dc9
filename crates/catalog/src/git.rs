//! What git says of a context directory. It enters names of images alone, no id and no lock.

/// The variables of git; one that git does not give is unset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitValues {
    /// `{git.commit}`: the commit that is checked out.
    pub commit: Option<String>,
    /// `{git.tag}`: a tag of that commit.
    pub tag: Option<String>,
    /// `{git.branch}`: the branch that is checked out.
    pub branch: Option<String>,
}

impl GitValues {
    /// The names of the variables.
    pub const NAMES: [&'static str; 3] = ["git.commit", "git.tag", "git.branch"];

    /// The variables with those that `set` gives, as `--set git.tag=v1` does; the last one of a name counts.
    pub fn with(mut self, set: &[(String, String)]) -> Self {
        for (name, value) in set {
            let variable = match name.as_str() {
                "git.commit" => &mut self.commit,
                "git.tag" => &mut self.tag,
                "git.branch" => &mut self.branch,
                _ => continue,
            };
            *variable = Some(value.clone());
        }
        self
    }

    /// Each variable with its value.
    pub(crate) fn values(&self) -> [(&'static str, Option<&str>); 3] {
        let values = [&self.commit, &self.tag, &self.branch];
        let mut values = values.into_iter().map(Option::as_deref);
        Self::NAMES.map(|name| (name, values.next().flatten()))
    }
}
