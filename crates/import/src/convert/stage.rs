//! A stage as an artifact.

use super::{Conversion, Loss, args::Argument, loss};
use crate::{
    dockerfile::{Instruction, Statement},
    finding::Weight,
    model::{Artifact, Item, Value},
    path,
    scope::{Base, Binding, Scope},
    stages::{Reference, Stage, Wanted, reference, wanted},
    target::NamedContext,
    text::{BUILD_PLATFORM, Bit, Text},
};

/// What a stage hands on to those that are made from it.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) scope: Scope,
    /// The shell of its commands.
    pub(super) shell: Vec<String>,
    /// The working directory; nothing if the base's is not known.
    pub(super) workdir: Option<Text>,
    /// The user, if the Dockerfile sets one.
    pub(super) user: Option<Text>,
    /// Whether it is made on the platform that builds.
    pub(super) is_built_natively: bool,
    /// Whether it is made from `scratch`.
    pub(super) is_from_scratch: bool,
}

/// A stage that is being converted.
pub(super) struct StageConversion<'s, 'c, 'a> {
    pub(super) all: &'s mut Conversion<'c, 'a>,
    pub(super) number: usize,
    pub(super) end: End,
    /// The line of the instruction that is being converted.
    pub(super) line: usize,
    /// The shell that the artifact has for all its commands.
    pub(super) shell: Option<Vec<String>>,
    pub(super) items: Vec<Item>,
}

impl<'s, 'c, 'a> StageConversion<'s, 'c, 'a> {
    pub(super) fn convert(all: &'s mut Conversion<'c, 'a>, number: usize) -> Artifact {
        let stage = all.stages[number];
        let base = reference(&all.bases[number], all.stages, number);
        let end = begin(all, &base);
        let mut conversion = StageConversion {
            all,
            number,
            end,
            line: stage.head.line,
            shell: None,
            items: Vec::new(),
        };
        let base = conversion.base(&base);
        let mut keys = conversion.keys(&stage, base);
        for statement in stage.body {
            conversion.statement(statement);
        }
        conversion.labels();
        if let Some(shell) = &conversion.shell {
            keys.push(("shell".to_owned(), Value::list(shell.clone())));
        }
        if number == conversion.all.wanted {
            keys.extend(conversion.all.target.keys.iter().cloned());
        }
        let StageConversion {
            all, end, items, ..
        } = conversion;
        all.ends.insert(number, end);
        let mut comments = stage.head.comments.clone();
        if number == all.wanted {
            comments.splice(0..0, all.target.comments.iter().cloned());
        }
        Artifact {
            name: all.names[number].clone(),
            comments,
            keys,
            steps: items,
        }
    }

    /// The keys that all stages have.
    fn keys(&mut self, stage: &Stage<'_>, base: Value) -> Vec<(String, Value)> {
        let is_wanted = self.number == self.all.wanted;
        let kind = if is_wanted { "image" } else { "stage" };
        let mut keys = vec![
            ("kind".to_owned(), Value::text(kind)),
            ("base".to_owned(), base),
        ];
        let global = &self.all.global;
        let wanted = wanted(
            stage.from,
            global,
            self.all.escape,
            &self.all.shared.options,
        );
        let mut platforms = self.all.target.platforms.clone();
        match wanted {
            Wanted::Target => {}
            Wanted::Build => self.end.is_built_natively = true,
            Wanted::Fixed(platform) if is_wanted => {
                if platforms.is_empty() {
                    platforms.push(platform);
                }
            }
            Wanted::Fixed(platform) if platform == BUILD_PLATFORM => {
                self.end.is_built_natively = true;
                let reason = format!("`--platform={platform}` is the platform that builds");
                self.tell(Weight::Changed, &reason);
            }
            Wanted::Fixed(platform) => {
                let reason = format!(
                    "`--platform={platform}`: a stage is made for the platform of what needs it, or on the one that builds"
                );
                self.lose(&reason);
            }
            Wanted::Unknown(reason) => self.lose(&format!("the platform of a stage: {reason}")),
        }
        if is_wanted && !platforms.is_empty() {
            keys.push(("platforms".to_owned(), Value::list(platforms)));
        }
        if self.end.is_built_natively {
            keys.push(("runs-on".to_owned(), Value::text("build")));
        }
        keys
    }

    /// The value of `base`.
    fn base(&mut self, base: &Reference) -> Value {
        let text = self.all.bases[self.number].clone();
        if let Some(named) = text.as_literal().and_then(|name| self.named(&name)) {
            return match named {
                NamedContext::Artifact(name) => Value::text(name),
                NamedContext::Image(image) => Value::text(self.image(&Text::literal(image))),
                NamedContext::Directory(directory) => {
                    let reason = format!("the directory `{directory}` cannot be a base");
                    self.lose(&reason);
                    Value::text("scratch")
                }
                NamedContext::Other(other) => {
                    self.lose(&format!("`{other}` cannot be a base"));
                    Value::text("scratch")
                }
            };
        }
        match base {
            Reference::Scratch => Value::text("scratch"),
            Reference::Image => Value::text(self.image(&text)),
            Reference::Stages(numbers) => Value::text(self.stages(&text, numbers)),
        }
    }

    /// The artifact of a stage, or the text that a variable completes to the name of one.
    fn stages(&mut self, text: &Text, numbers: &[usize]) -> String {
        if let ([number], Some(_)) = (numbers, text.as_literal()) {
            return self.all.names[*number].clone();
        }
        let name_of = |number: &usize| {
            let own = self.all.stages[*number]
                .from
                .name
                .clone()
                .unwrap_or_default();
            (own, self.all.names[*number].clone())
        };
        let names: Vec<(String, String)> = numbers.iter().map(name_of).collect();
        let prefix = names
            .iter()
            .find_map(|(own, name)| name.strip_suffix(own.as_str()));
        let prefix = prefix.unwrap_or_default().to_owned();
        if let Some((_, odd)) = names
            .iter()
            .find(|(own, name)| *name != format!("{prefix}{own}"))
        {
            let reason = format!("a variable chooses the stage, and `{odd}` has another name here");
            self.lose(&reason);
        }
        Text::literal(prefix).and(text).template()
    }

    /// The reference of an image, with the tag that it has by default.
    pub(super) fn image(&mut self, text: &Text) -> String {
        let options = &mut self.all.shared.options;
        let at_defaults = options.at_defaults(text);
        let literals = || {
            let literal = |bit: &Bit| match bit {
                Bit::Literal(text) => text.clone(),
                _ => String::new(),
            };
            text.bits().iter().map(literal).collect::<String>()
        };
        let plain = at_defaults.clone().unwrap_or_else(literals);
        let last = plain.rsplit('/').next().unwrap_or_default();
        if last.contains([':', '@']) {
            return text.template();
        }
        if let ([Bit::Catalog(name)], Some(image)) = (text.bits(), at_defaults)
            && options.has(name)
        {
            let image = Text::literal(format!("{image}:latest"));
            options.amend(name, image);
            return text.template();
        }
        format!("{}:latest", text.template())
    }

    /// What stands for a name, if the caller says so.
    pub(super) fn named(&self, name: &str) -> Option<NamedContext> {
        let contexts = &self.all.target.contexts;
        let tagged = format!("{name}:latest");
        let found = contexts.get(name).or_else(|| contexts.get(&tagged));
        found.cloned()
    }

    fn statement(&mut self, statement: &Statement) {
        self.line = statement.line;
        let is_argument = matches!(statement.instruction, Instruction::Arg(_));
        if !is_argument {
            let comments = statement.comments.iter().cloned();
            self.items.extend(comments.map(Item::Comment));
        }
        if let Err(Loss(reason)) = self.instruction(statement) {
            self.lose(&reason);
            let text = clipped(&statement.text);
            self.items.push(Item::Comment(format!("  {text}")));
        }
    }

    fn instruction(&mut self, statement: &Statement) -> Result<(), Loss> {
        match &statement.instruction {
            Instruction::Arg(arguments) => self.arguments(arguments, statement),
            Instruction::Env(pairs) => self.env(pairs),
            Instruction::Label(pairs) => self.label(pairs),
            Instruction::Run(run) => self.run(run),
            Instruction::Transfer(transfer) => self.transfer(transfer),
            Instruction::Workdir(path) => self.workdir(path),
            Instruction::User(user) => self.user(user),
            Instruction::Expose(ports) => self.expose(ports),
            Instruction::Volume(paths) => self.volume(paths),
            Instruction::StopSignal(signal) => self.stop_signal(signal),
            Instruction::Maintainer(_) => Err(Loss::new(
                "MAINTAINER: an image's author has no key; a label can say it",
            )),
            Instruction::Onbuild(_) => Err(Loss::new(
                "ONBUILD: what others do with an image is said where they do it, in a template or a part",
            )),
            of_config => {
                self.of_config(of_config);
                Ok(())
            }
        }
    }

    /// Instructions that can always be said.
    fn of_config(&mut self, instruction: &Instruction) {
        match instruction {
            Instruction::Cmd(command) => self.command("cmd", command),
            Instruction::Entrypoint(command) => self.command("entrypoint", command),
            Instruction::Shell(words) => self.set_shell(words),
            Instruction::Healthcheck(health) => self.health(health),
            _ => {}
        }
    }

    fn arguments(
        &mut self,
        arguments: &[(String, Option<String>)],
        statement: &Statement,
    ) -> Result<(), Loss> {
        for (name, default) in arguments {
            let argument = Argument {
                name,
                default: default.as_deref(),
                statement,
                target: self.all.target,
            };
            let (global, escape) = (&self.all.global, self.all.escape);
            let binding = argument.bind(&self.end.scope, global, escape, self.all.shared)?;
            if let Some(binding) = binding {
                self.end.scope.bind(name, binding);
            }
        }
        Ok(())
    }

    /// The labels that the caller sets.
    fn labels(&mut self) {
        let labels = &self.all.target.labels;
        if self.number != self.all.wanted || labels.is_empty() {
            return;
        }
        let pair = |(key, value): &(String, Text)| (key.clone(), Value::text(value.tree_text()));
        let pairs = labels.iter().map(pair).collect();
        self.step("label", Value::Table(pairs), Vec::new());
    }

    /// Adds a step: the key of its kind, and its others.
    pub(super) fn step(&mut self, kind: &str, value: Value, others: Vec<(&str, Value)>) {
        let mut pairs = vec![(kind.to_owned(), value)];
        let others = others.into_iter();
        pairs.extend(others.map(|(key, value)| (key.to_owned(), value)));
        self.items.push(Item::Step(pairs));
    }

    /// Says, here and in the list, that something is lost.
    pub(super) fn lose(&mut self, reason: &str) {
        self.items
            .push(Item::Comment(format!("not said: {reason}")));
        self.tell(Weight::Lost, reason);
    }

    pub(super) fn tell(&mut self, weight: Weight, reason: &str) {
        let file = self.all.target.file.clone();
        self.all.shared.find(&file, Some(self.line), weight, reason);
    }

    /// What a word is here.
    pub(super) fn evaluate(&mut self, word: &str) -> Result<Text, Loss> {
        let options = &self.all.shared.options;
        let evaluated = self.end.scope.evaluate(word, self.all.escape, options)?;
        for name in evaluated.fixed {
            self.tell(Weight::Changed, &loss::fixed(&name));
        }
        Ok(evaluated.text)
    }

    /// What a word is here, for a text that has no variables of the tree.
    pub(super) fn template(&mut self, word: &str) -> Result<Text, Loss> {
        let text = self.evaluate(word)?;
        self.flat(&text)
    }

    pub(super) fn flat(&self, text: &Text) -> Result<Text, Loss> {
        self.end.scope.without_tree(text).map_err(|name| {
            Loss::new(format!(
                "`${name}` comes from the base, and no variable of the tree can stand here"
            ))
        })
    }

    /// The working directory. Where only the base knows it, `/` is taken, and that is told.
    pub(super) fn directory(&mut self) -> Text {
        if let Some(workdir) = &self.end.workdir {
            return workdir.clone();
        }
        let reason = "the working directory of the base is not known: `/` is taken for it";
        self.tell(Weight::Changed, reason);
        Text::literal("/")
    }

    /// A path in the tree, below the working directory if it is relative.
    pub(super) fn path(&mut self, word: &str) -> Result<Text, Loss> {
        let text = self.evaluate(word)?;
        let known = self.known(&text);
        let is_relative = path::in_tree(&text, &Text::literal("/"), known.as_deref()) != text
            && !text
                .literal_start()
                .is_some_and(|start| start.starts_with('/'));
        let workdir = if is_relative {
            self.directory()
        } else {
            Text::literal("/")
        };
        Ok(path::in_tree(&text, &workdir, known.as_deref()))
    }

    /// The text with the defaults of options, if nothing else varies.
    pub(super) fn known(&self, text: &Text) -> Option<String> {
        let flat = self.end.scope.without_tree(text).ok()?;
        self.all.shared.options.at_defaults(&flat)
    }

    pub(super) fn bind_environment(&mut self, name: &str, text: &Text) {
        let value = self.end.scope.without_tree(text).ok();
        self.end.scope.bind(name, Binding::Environment { value });
    }
}

/// What a stage begins with.
fn begin(all: &Conversion<'_, '_>, base: &Reference) -> End {
    if let Reference::Stages(numbers) = base
        && let Some(end) = numbers.first().and_then(|number| all.ends.get(number))
    {
        return end.clone();
    }
    let is_from_scratch = *base == Reference::Scratch;
    let of = if is_from_scratch {
        Base::Scratch
    } else {
        Base::Image
    };
    End {
        scope: Scope::new(of),
        shell: vec!["/bin/sh".to_owned(), "-c".to_owned()],
        workdir: is_from_scratch.then(|| Text::literal("/")),
        user: None,
        is_built_natively: false,
        is_from_scratch,
    }
}

/// A text for a comment.
fn clipped(text: &str) -> String {
    const LONGEST: usize = 300;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(LONGEST).collect();
    format!("{begin} …")
}
