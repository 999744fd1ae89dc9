//! The stages of a Dockerfile, the arguments before them, and what they are made from.

use std::collections::BTreeSet;

use regex::Regex;

use crate::{
    dockerfile::{Dockerfile, From, Instruction, Mount, Run, Statement, Transfer, fields},
    scope::Scope,
    text::{Bit, Text},
};

/// A stage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub(crate) from: &'a From,
    pub(crate) head: &'a Statement,
    pub(crate) body: &'a [Statement],
}

/// The statements before the first `FROM`, and the stages.
pub(crate) fn split(dockerfile: &Dockerfile) -> (&[Statement], Vec<Stage<'_>>) {
    let statements = &dockerfile.statements;
    let is_from = |statement: &Statement| matches!(statement.instruction, Instruction::From(_));
    let begins: Vec<usize> = (0..statements.len())
        .filter(|at| is_from(&statements[*at]))
        .collect();
    let before = begins.first().map_or(statements.len(), |at| *at);
    let ends = begins.iter().skip(1).copied().chain([statements.len()]);
    let stages = begins.iter().zip(ends).filter_map(|(begin, end)| {
        let head = &statements[*begin];
        let Instruction::From(from) = &head.instruction else {
            return None;
        };
        let body = &statements[begin + 1..end];
        Some(Stage { from, head, body })
    });
    (&statements[..before], stages.collect())
}

/// What a name in `FROM`, `--from` or `from=` leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Scratch,
    /// A stage, or one of several that a variable chooses from.
    Stages(Vec<usize>),
    Image,
}

/// The reference of a text that stands in the stage number `at`: only earlier ones can be meant.
pub(crate) fn reference(text: &Text, stages: &[Stage<'_>], at: usize) -> Reference {
    let earlier = stages.iter().enumerate().take(at);
    let named = |name: &dyn Fn(&str) -> bool| {
        let of_name = |(number, stage): (usize, &Stage<'_>)| {
            let is = stage.from.name.as_deref().is_some_and(name);
            is.then_some(number)
        };
        earlier.clone().filter_map(of_name).collect::<Vec<_>>()
    };
    match text.as_literal() {
        Some(literal) => {
            let lower = literal.to_lowercase();
            // The last stage of a name is the one that is meant.
            match named(&|name| name == lower).pop() {
                Some(number) => Reference::Stages(vec![number]),
                None if literal == "scratch" => Reference::Scratch,
                None => Reference::Image,
            }
        }
        None => match named(&|name| may_be(text, name)) {
            several if several.is_empty() => Reference::Image,
            several => Reference::Stages(several),
        },
    }
}

/// Whether a variable can make the name of the text. One that is all variable can be anything, so it is an image.
fn may_be(text: &Text, name: &str) -> bool {
    let mut pattern = String::from("^");
    let mut has_literal = false;
    for bit in text.bits() {
        match bit {
            Bit::Literal(literal) => {
                has_literal = true;
                pattern.push_str(&regex::escape(&literal.to_lowercase()));
            }
            Bit::Catalog(variable) => pattern.push_str(values_of(variable)),
            Bit::Build(_) | Bit::Tree { .. } => pattern.push_str(".*"),
        }
    }
    pattern.push('$');
    has_literal && Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(name))
}

/// What a variable can be, as an expression.
fn values_of(variable: &str) -> &'static str {
    match variable {
        "os" => "(linux|windows|darwin|freebsd)",
        "arch" => "(386|amd64|arm|arm64|loong64|mips64|mips64le|ppc64le|riscv64|s390x)",
        "variant" => "(v[0-9]+)?",
        _ => ".*",
    }
}

/// The stages that `target` needs, itself included.
pub(crate) fn needed(
    target: usize,
    stages: &[Stage<'_>],
    bases: &[Text],
    stops: &dyn Fn(usize) -> bool,
) -> BTreeSet<usize> {
    let mut needed = BTreeSet::from([target]);
    let mut open = vec![target];
    while let Some(at) = open.pop() {
        if at != target && stops(at) {
            continue;
        }
        for number in uses(at, stages, &bases[at]) {
            if needed.insert(number) {
                open.push(number);
            }
        }
    }
    needed
}

fn uses(at: usize, stages: &[Stage<'_>], base: &Text) -> Vec<usize> {
    let stages_of = |reference| match reference {
        Reference::Stages(numbers) => numbers,
        Reference::Scratch | Reference::Image => Vec::new(),
    };
    let mut uses = stages_of(reference(base, stages, at));
    for statement in stages[at].body {
        match &statement.instruction {
            Instruction::Transfer(transfer) => uses.extend(of_transfer(transfer, stages, at)),
            Instruction::Run(run) => {
                for from in sources(run) {
                    let text = Text::literal(from);
                    uses.extend(stages_of(reference(&text, stages, at)));
                }
            }
            _ => {}
        }
    }
    uses
}

/// The stage that `--from` names, by its name or number.
pub(crate) fn of_transfer(transfer: &Transfer, stages: &[Stage<'_>], at: usize) -> Option<usize> {
    let from = transfer.from.as_deref()?;
    if let Ok(number) = from.parse::<usize>() {
        return (number < at).then_some(number);
    }
    match reference(&Text::literal(from), stages, at) {
        Reference::Stages(numbers) => numbers.first().copied(),
        Reference::Scratch | Reference::Image => None,
    }
}

/// The values of `from=` in the mounts of a command.
fn sources(run: &Run) -> Vec<String> {
    let mounts = run.mounts.iter().filter_map(|text| fields(text).ok());
    let mounts = mounts.filter_map(|fields| Mount::new(fields).ok());
    mounts.filter_map(|mount| mount.from).collect()
}

/// The name of the platform that `FROM --platform` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The one that is built for.
    Target,
    /// The one that builds.
    Build,
    Fixed(String),
    Unknown(String),
}

/// The platform that a stage is made on.
pub(crate) fn wanted(
    from: &From,
    global: &Scope,
    escape: char,
    options: &crate::options::Options,
) -> Wanted {
    let Some(word) = &from.platform else {
        return Wanted::Target;
    };
    let text = match global.evaluate(word, escape, options) {
        Ok(evaluated) => evaluated.text,
        Err(reason) => return Wanted::Unknown(reason),
    };
    match text.bits() {
        [Bit::Build("platform")] => Wanted::Build,
        [Bit::Catalog(name)] if name == "platform" => Wanted::Target,
        _ => match options.at_defaults(&text) {
            Some(platform) if platform.contains('/') => Wanted::Fixed(platform),
            Some(arch) if !arch.is_empty() => Wanted::Fixed(format!("linux/{arch}")),
            _ => Wanted::Unknown(format!("`{word}` is no platform")),
        },
    }
}
