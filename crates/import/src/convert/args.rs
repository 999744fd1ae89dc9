//! `ARG`, before the first `FROM` and in stages.

use super::Shared;
use crate::{
    dockerfile::{Instruction, Statement, SyntaxError},
    finding::Weight,
    scope::{Base, Binding, Scope, is_proxy, predefined},
    target::Target,
    text::Text,
};

/// The scope of `FROM` lines.
pub(super) fn global(
    before: &[Statement],
    stage: &str,
    escape: char,
    target: &Target,
    shared: &mut Shared<'_>,
) -> Result<Scope, SyntaxError> {
    let mut scope = Scope::new(Base::Scratch);
    for name in PREDEFINED {
        if let Some(text) = predefined(name, stage) {
            let text = target.args.get(name).cloned().unwrap_or(text);
            scope.bind(name, Binding::Argument { text, is_set: true });
        }
    }
    for statement in before {
        let Instruction::Arg(arguments) = &statement.instruction else {
            let reason = "only ARG may stand before the first FROM";
            return Err(SyntaxError::new(statement.line, reason));
        };
        for (name, default) in arguments {
            let argument = Argument {
                name,
                default: default.as_deref(),
                statement,
                target,
            };
            let binding = argument.bind(&scope, &scope, escape, shared);
            let binding = binding.map_err(|reason| SyntaxError::new(statement.line, reason))?;
            if let Some(binding) = binding {
                scope.bind(name, binding);
            }
        }
    }
    Ok(scope)
}

const PREDEFINED: [&str; 11] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
];

/// An argument where it is declared.
pub(super) struct Argument<'a> {
    pub(super) name: &'a str,
    pub(super) default: Option<&'a str>,
    pub(super) statement: &'a Statement,
    pub(super) target: &'a Target,
}

impl Argument<'_> {
    /// What the argument is; nothing for a proxy that only builds are given.
    pub(super) fn bind(
        &self,
        scope: &Scope,
        global: &Scope,
        escape: char,
        shared: &mut Shared<'_>,
    ) -> Result<Option<Binding>, String> {
        if let Some(given) = self.target.args.get(self.name) {
            let text = self.declared(given, true, shared);
            return Ok(Some(Binding::Argument { text, is_set: true }));
        }
        if let Some(default) = self.default {
            let evaluated = scope.evaluate(default, escape, &shared.options)?;
            for name in &evaluated.fixed {
                let (weight, reason) = super::loss::fixed(name);
                let line = Some(self.statement.line);
                shared.find(&self.target.file, line, weight, &reason);
            }
            let text = scope
                .without_tree(&evaluated.text)
                .unwrap_or(evaluated.text);
            let text = self.declared(&text, false, shared);
            return Ok(Some(Binding::Argument { text, is_set: true }));
        }
        if let Some(binding) = global.get(self.name) {
            return Ok(Some(binding.clone()));
        }
        // One that a base or an earlier line has set keeps its value.
        if is_proxy(self.name) || scope.get(self.name).is_some() {
            return Ok(None);
        }
        let text = self.declared(&Text::default(), false, shared);
        let is_set = false;
        Ok(Some(Binding::Argument { text, is_set }))
    }

    /// The argument as an option, if its value can be the default of one.
    fn declared(&self, value: &Text, is_given: bool, shared: &mut Shared<'_>) -> Text {
        // The caller knows its axes.
        if is_given && value.as_literal().is_none() {
            return value.clone();
        }
        if !shared.options.can_be_default(value) {
            let reason = format!(
                "`{}` is no option: its value hangs on an axis, the platform, or what the base has set",
                self.name
            );
            self.tell(shared, &reason);
            return value.clone();
        }
        let comments = &self.statement.comments;
        let of = &self.target.name.replace('/', "-");
        let place = (self.target.file.as_str(), self.statement.line);
        let name = shared
            .options
            .declare(self.name, of, value, comments, place);
        if name != self.name {
            self.tell(
                shared,
                &format!("`{}` is the option `{name}` here", self.name),
            );
        }
        Text::catalog(name)
    }

    fn tell(&self, shared: &mut Shared<'_>, reason: &str) {
        let line = Some(self.statement.line);
        shared.find(&self.target.file, line, Weight::Changed, reason);
    }
}
