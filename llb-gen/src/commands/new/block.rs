//! The block of llbgen.toml that declares a new artifact, with its other keys as comments.

use std::fmt;

use catalog::{Artifact, ArtifactName, ContextPath, Kind};

use super::text;

/// A new artifact.
pub(super) struct Block<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a ArtifactName,
    pub(super) base: &'a str,
    /// The base as a Dockerfile, if it is one.
    pub(super) dockerfile: Option<ContextPath>,
    /// The base as an artifact, if it is one: the new artifact must have its axes, and can have only its platforms.
    pub(super) below: Option<&'a Artifact>,
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[artifact.{}]", key(self.name))?;
        writeln!(f, "kind = {}", text(self.kind.as_str()))?;
        writeln!(
            f,
            "# An image, another artifact, \"scratch\", or the image that a Dockerfile's FROM line names: {{ from = \"Dockerfile\" }}."
        )?;
        match &self.dockerfile {
            Some(path) => writeln!(f, "base = {{ from = {} }}", text(path.as_str()))?,
            None => writeln!(f, "base = {}", text(self.base))?,
        }
        writeln!(f, "# description = \"What it is for\"")?;
        self.platforms(f)?;
        self.axes(f)?;
        self.outputs(f)?;
        self.steps(f)
    }
}

impl Block<'_> {
    fn platforms(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = ["linux/amd64", "linux/arm64"];
        let platforms: Vec<String> = self.below.map_or_else(Vec::new, |below| {
            let platforms = below.declared_platforms().iter();
            platforms.map(ToString::to_string).collect()
        });
        if platforms.is_empty() || platforms == usual {
            writeln!(f, "# platforms = {}", list(usual))
        } else {
            writeln!(f, "platforms = {}", list(&platforms))
        }
    }

    fn axes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut axes = self.below.iter().flat_map(|below| below.axes()).peekable();
        if axes.peek().is_none() {
            writeln!(
                f,
                "# An axis: all its values are built, and {{l10n}} in paths and steps stands for each."
            )?;
            return writeln!(f, "# axes.l10n = {}", list(["en_US", "zh_CN"]));
        }
        axes.try_for_each(|(name, values)| {
            writeln!(
                f,
                "axes.{} = {}",
                quoted_if_dotted(name.as_str()),
                list(values)
            )
        })
    }

    fn outputs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Stage => Ok(()),
            Kind::Rootfs | Kind::Layer => {
                writeln!(f, "# output = \"{{arch}}-{}.tar\"", file_name(self.name))
            }
            Kind::Files => {
                writeln!(f, "# A directory.")?;
                writeln!(f, "# output = \"{}-{{arch}}\"", file_name(self.name))
            }
            Kind::Image => {
                writeln!(f, "# Where `llbgen build --push` sends it.")?;
                writeln!(f, "# repository = \"registry.example.com/{}\"", self.name)?;
                writeln!(f, "# tags = [\"latest\"]")
            }
        }
    }

    fn steps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing can be installed in an empty base.
        let off = if self.base == "scratch" { "# " } else { "" };
        writeln!(f, "steps = [")?;
        if self.kind == Kind::Files {
            writeln!(
                f,
                "    # {{ copy = \"/usr/bin/tool\", from = \"another-artifact\", to = \"/bin/\" }},"
            )?;
        }
        writeln!(f, "    {off}{{ apt = [\"ca-certificates\"] }},")?;
        writeln!(
            f,
            "    # {{ run = \"./install.sh\", files = [\"install.sh\", \"requirements.txt\"], cache = [\"pip\"] }},"
        )?;
        writeln!(f, "    # {{ copy = \"etc/\", to = \"/etc/\" }},")?;
        if self.kind == Kind::Image {
            writeln!(
                f,
                "    # {{ entrypoint = [\"{}\"] }},",
                file_name(self.name)
            )?;
        }
        writeln!(f, "]")
    }
}

/// The name as a key of a table's header.
fn key(name: &ArtifactName) -> String {
    quoted_if_dotted(name.as_str())
}

fn quoted_if_dotted(name: &str) -> String {
    if name.contains(['.', '/']) {
        text(name)
    } else {
        name.to_owned()
    }
}

fn file_name(name: &ArtifactName) -> &str {
    let name = name.as_str();
    name.rsplit('/').next().unwrap_or(name)
}

fn list<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| text(word.as_ref())).collect();
    format!("[{}]", words.join(", "))
}
