//! The two sides of a comparison: a build of a Dockerfile, and the variants of the catalog that stand for it.

use std::collections::BTreeMap;

use catalog::{CheckedCatalog, Platform, Request, Variant};
use import::Original;

use crate::{
    args::VerificationArgs,
    failure::{Exit, Failure},
};

/// A build of a Dockerfile, and the variants that stand for it, one a platform.
#[derive(Debug)]
pub(super) struct Sides<'a> {
    pub(super) original: &'a Original,
    /// Its place among all.
    pub(super) number: usize,
    pub(super) variants: Vec<Variant>,
}

impl<'a> Sides<'a> {
    /// The sides; `None` if other values are asked for on its axes.
    pub(super) fn of(
        number: usize,
        original: &'a Original,
        catalog: &CheckedCatalog,
        given: &VerificationArgs,
    ) -> Result<Option<Self>, Failure> {
        let is_other = |(axis, value): &(String, String)| {
            let mut of_axis = given.set.iter().filter(|(name, _)| name == axis).peekable();
            of_axis.peek().is_some() && !of_axis.any(|(_, wanted)| wanted == value)
        };
        if original.axes.iter().any(is_other) {
            return Ok(None);
        }
        let is_axis = |name: &String| original.axes.iter().any(|(axis, _)| axis == name);
        let options = given.set.iter().filter(|(name, _)| !is_axis(name));
        // Two values for one argument are refused before anything is built.
        args(original, &given.set)?;
        let set = original.axes.iter().chain(options).cloned();
        let variants = catalog.select(&Request {
            artifacts: vec![original.artifact.clone()],
            platforms: given.platform.clone(),
            set: set.collect(),
        })?;
        Ok(Some(Self {
            original,
            number,
            variants,
        }))
    }

    /// The variant for the daemon's own platform, or all of them if there is none.
    pub(super) fn chosen(&self, own: Option<&Platform>) -> Vec<&Variant> {
        let is_own = |variant: &&Variant| Some(&variant.platform.normalized()) == own;
        match self.variants.iter().find(is_own) {
            Some(variant) => vec![variant],
            None => self.variants.iter().collect(),
        }
    }
}

/// The arguments of a build if these options are set.
pub(super) fn args(
    original: &Original,
    set: &[(String, String)],
) -> Result<BTreeMap<String, String>, Failure> {
    let value = |option: &String| {
        let given = set.iter().rfind(|(name, _)| name == option);
        given.map(|(_, value)| value)
    };
    let mut args = original.args.clone();
    for (option, argument) in &original.options {
        let of_argument = original
            .options
            .iter()
            .filter(|(_, other)| other == argument);
        let other = of_argument.map(|(other, _)| other);
        if let Some(other) = other.filter(|other| value(other) != value(option)).min() {
            let error = format!(
                "`{option}` and `{other}` are one argument of `{}`: give both the same value",
                original.name
            );
            return Err(Failure::new(Exit::Usage, error));
        }
        if let Some(value) = value(option) {
            args.insert(argument.clone(), value.clone());
        }
    }
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_the_arguments_that_they_stand_for() {
        let pair = |(one, other): (&str, &str)| (one.to_owned(), other.to_owned());
        let original = Original {
            name: "b".to_owned(),
            args: [("W".to_owned(), "0".to_owned())].into(),
            options: [("b-V", "V"), ("W", "W"), ("V_1", "V")].map(pair).into(),
            ..Original::default()
        };
        let check = |set: &[(&str, &str)], expected: Result<&[(&str, &str)], &str>| {
            let set: Vec<_> = set.iter().copied().map(pair).collect();
            let found = args(&original, &set);
            let found = found.map_err(|failure| failure.errors[0].to_string());
            let expected = expected.map(|args| args.iter().copied().map(pair).collect());
            assert_eq!(found, expected.map_err(str::to_owned));
        };
        check(&[], Ok(&[("W", "0")]));
        check(&[("W", "1"), ("W", "2")], Ok(&[("W", "2")]));
        check(&[("b-V", "1"), ("V_1", "1")], Ok(&[("V", "1"), ("W", "0")]));
        let both = "`b-V` and `V_1` are one argument of `b`: give both the same value";
        check(&[("b-V", "1")], Err(both));
    }
}
