//! The parts of a declared artifact.

use std::collections::BTreeMap;

use buildkit_llb::Platform;

use super::{Artifact, Base};
use crate::{
    attest::{self, Attest},
    compression::Compression,
    kind::Kind,
    name::{ArtifactName, VariableName},
    option::OptionValues,
    place::{Place, StepPlace},
    step::Step,
    template::{Template, Text},
    texts::names_in,
    whiteouts::Whiteouts,
};

impl Artifact {
    /// Its name.
    pub fn name(&self) -> &ArtifactName {
        &self.name
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its base.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Its description; empty when none was given.
    pub fn summary(&self) -> &str {
        self.description.as_str()
    }

    /// The platforms that it is built for.
    pub fn declared_platforms(&self) -> &[Platform] {
        &self.platforms
    }

    /// Its axes with all their values.
    pub fn axes(&self) -> &BTreeMap<VariableName, Vec<String>> {
        &self.axes
    }

    /// Its options.
    pub fn options(&self) -> &BTreeMap<VariableName, OptionValues> {
        &self.options
    }

    /// Its steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Its last steps, in order.
    pub fn last_steps(&self) -> &[Step] {
        &self.last_steps
    }

    /// All its steps with their numbers: first its own, then the last ones.
    pub(crate) fn numbered_steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        (1..).zip(self.steps.iter().chain(&self.last_steps))
    }

    /// The variables that its texts and conditions use.
    pub(crate) fn variable_names(&self) -> Vec<&str> {
        let own = [&self.output, &self.description]
            .into_iter()
            .chain(&self.file_tags)
            .chain(&self.release_tags)
            .chain(self.annotations.values());
        let base = match &self.base {
            Base::Named(base) => Some(base),
            Base::FromLine { .. } => None,
        };
        let published = [&self.repository, &self.tags, &self.platform_tags];
        let published = published.into_iter().flat_map(|list| names_in(list));
        let attested = attest::names_in(&self.attest);
        let own = own.chain(base).flat_map(Text::names);
        let own = own.chain(published).chain(attested);
        let steps = self.numbered_steps().flat_map(|(_, step)| step.names());
        own.chain(steps).collect()
    }

    /// The place of its declaration, if a file declares it.
    pub fn place(&self) -> Option<&Place> {
        self.places.artifact.as_ref()
    }

    /// The line that declares it, of a file or of a program: `llbgen.toml:12`, `src/lib.rs:12`.
    pub(crate) fn origin(&self) -> String {
        let in_rust = || format!("{}:{}", self.made_at.file(), self.made_at.line());
        self.place().map_or_else(in_rust, ToString::to_string)
    }

    /// The place of its base, if a file declares it.
    pub fn base_place(&self) -> Option<&Place> {
        self.key_place("base")
    }

    /// The place of this key, if a file declares it.
    pub(crate) fn key_place(&self, key: &str) -> Option<&Place> {
        self.places.keys.get(key)
    }

    /// The place of the step with this number, from 1, if a file declares it. The numbers of last steps follow those of
    /// its own steps.
    pub fn step_place(&self, number: usize) -> Option<&Place> {
        self.nested_places(number).map(|step| &step.place)
    }

    /// The place of a step inside the step with this number: `nested` is the index of a step in it, then the index of a
    /// step in that one, and so on.
    pub(crate) fn place_within(&self, number: usize, nested: &[usize]) -> Option<&Place> {
        self.nested_places(number)?.within(nested)
    }

    /// The place of the step with this number, with the places of the steps inside it.
    pub(crate) fn nested_places(&self, number: usize) -> Option<&StepPlace> {
        let index = number.checked_sub(1)?;
        match index.checked_sub(self.steps.len()) {
            None => self.places.steps.get(index),
            Some(index) => self.places.last_steps.get(index),
        }
    }

    /// The path of its outputs.
    pub fn output_template(&self) -> &Template {
        &self.output
    }

    /// The declared compression.
    pub fn declared_compression(&self) -> Option<Compression> {
        self.compression
    }

    /// The declared attestations.
    pub fn declared_attestations(&self) -> &[Attest] {
        &self.attest
    }

    /// Its annotations as they are written, by key.
    pub fn declared_annotations(&self) -> impl Iterator<Item = (String, &Template)> {
        let annotations = self.annotations.iter();
        annotations.map(|(key, text)| (key.to_string(), text))
    }

    /// The declared form of whiteouts.
    pub fn declared_whiteouts(&self) -> Option<Whiteouts> {
        self.whiteouts
    }
}
