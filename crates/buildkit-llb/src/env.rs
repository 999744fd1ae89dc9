//! Environment variables in the order that BuildKit's client gives them.

use std::sync::Arc;

/// A list of variables: a name stands where it was assigned last. A clone is cheap and shares the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Env(Option<Arc<Vec<Variable>>>);

/// One variable, kept as the `NAME=VALUE` that an op holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Variable {
    assignment: Arc<str>,
    name_len: usize,
}

impl Env {
    /// Assigns a variable, which moves it to the end.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let variable = Variable {
            assignment: [name, "=", value].concat().into(),
            name_len: name.len(),
        };
        let variables = Arc::make_mut(self.0.get_or_insert_default());
        variables.retain(|known| known.name() != name);
        variables.reserve_exact(1);
        variables.push(variable);
    }

    /// Takes a variable out.
    pub(crate) fn remove(&mut self, name: &str) {
        if self.get(name).is_some() {
            Arc::make_mut(self.0.get_or_insert_default()).retain(|known| known.name() != name);
        }
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables()
            .iter()
            .find(|known| known.name() == name)
            .map(|known| &known.assignment[name.len() + 1..])
    }

    /// The variables as `NAME=VALUE`.
    pub(crate) fn assignments(&self) -> impl Iterator<Item = &str> {
        self.variables().iter().map(|known| &*known.assignment)
    }

    /// The names and values.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables()
            .iter()
            .map(|known| (known.name(), &known.assignment[known.name_len + 1..]))
    }

    fn variables(&self) -> &[Variable] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl Variable {
    fn name(&self) -> &str {
        &self.assignment[..self.name_len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_where_it_was_assigned_last() {
        let mut env = Env::default();
        for (name, value) in [
            ("A", "1"),
            ("B", "2"),
            ("C", "3"),
            ("A", "4"),
            ("EMPTY", ""),
            ("P", "100%=x"),
        ] {
            env.set(name, value);
        }
        let shared = env.clone();
        env.remove("C");
        env.remove("missing");
        assert_eq!(
            env.assignments().collect::<Vec<_>>(),
            ["B=2", "A=4", "EMPTY=", "P=100%=x"]
        );
        assert_eq!(env.get("P"), Some("100%=x"));
        assert_eq!(env.get("C"), None);
        assert_eq!(shared.get("C"), Some("3"), "a clone does not change");
        assert_eq!(env.pairs().next(), Some(("B", "2")));
    }
}
