//! A stage as an artifact.

use super::{Conversion, Loss, args::Argument};
use crate::{
    dockerfile::{Instruction, Statement},
    finding::Weight,
    model::{Artifact, Item, Value},
    scope::{Base, Scope},
    stages::{Reference, Stage, Wanted, reference, wanted},
    text::{BUILD_PLATFORM, Text},
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
        let end = begin(all, number, &base);
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
        conversion.path_of_scratch();
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
        if is_wanted && self.end.is_built_natively {
            self.end.is_built_natively = false;
            platforms = vec![BUILD_PLATFORM.to_owned()];
            let reason =
                "it is made for the platform that builds alone, whose programs its base has";
            self.tell(Weight::Changed, reason);
        }
        if is_wanted && !platforms.is_empty() {
            keys.push(("platforms".to_owned(), Value::list(platforms)));
        }
        if self.end.is_built_natively {
            keys.push(("runs-on".to_owned(), Value::text("build")));
        }
        keys
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

    /// The variable that Docker sets in every image from `scratch`.
    fn path_of_scratch(&mut self) {
        let is_set = self.end.scope.get("PATH").is_some();
        if self.number == self.all.wanted && self.end.is_from_scratch && !is_set {
            let pair = ("PATH".to_owned(), Value::text(DEFAULT_PATH));
            let step = vec![("env".to_owned(), Value::Table(vec![pair]))];
            self.items.insert(0, Item::Step(step));
        }
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
}

/// `DefaultPathEnvUnix` of BuildKit's `util/system`.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a stage begins with.
fn begin(all: &Conversion<'_, '_>, number: usize, base: &Reference) -> End {
    if let Reference::Stages(numbers) = base {
        let name = all.shared.options.at_defaults(&all.bases[number]);
        let is_default = |number: &&usize| all.stages[**number].from.name == name;
        let usual = numbers.iter().find(is_default).or(numbers.first());
        if let Some(end) = usual.and_then(|number| all.ends.get(number)) {
            let natively = |number: &usize| {
                all.ends
                    .get(number)
                    .is_some_and(|end| end.is_built_natively)
            };
            return End {
                is_built_natively: numbers.iter().all(natively),
                ..end.clone()
            };
        }
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
