//! Where a problem is in the table of its artifact: the key, and the words in its value.

use super::Problem;
use crate::step::StepProblem;

impl Problem {
    /// The wrong words or values in a file, the closest first.
    pub(crate) fn written(&self) -> Vec<String> {
        match self {
            Self::Template(error) | Self::NotAnAxis { error } => StepProblem::from(error).written,
            Self::NoRow { pattern, .. } => vec![format!("\"{pattern}\"")],
            Self::Step { written, .. } => written.clone(),
            Self::FileTag { path, .. } => StepProblem::written("", path).written,
            Self::CopiedFrom { name, .. } | Self::TarOf { name, .. } | Self::NoTar { name, .. } => {
                vec![format!("\"{name}\""), format!("'{name}'")]
            }
            Self::Braces { text } | Self::NotOfTars { text, .. } => vec![text.clone()],
            Self::OneForAllPlatforms { key } | Self::AttestValue { value: key, .. } => {
                vec![key.clone()]
            }
            Self::AttestKey { key, .. } => vec![format!("{key} ="), format!("{key}=")],
            Self::ImpossibleText { written, .. } => StepProblem::written("", written).written,
            Self::Varies { name, .. } => vec![format!("{{{name}"), name.clone()],
            Self::OptionAndAxis { name, .. }
            | Self::OptionDiffers { name, .. }
            | Self::Default { name, .. } => vec![format!("options.{name}"), name.clone()],
            _ => Vec::new(),
        }
    }

    /// The key of the problem in the table of an artifact.
    pub(crate) fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::Default { .. }
            | Self::OptionAndAxis { .. }
            | Self::OptionDiffers { .. }
            | Self::OptionCircle { .. } => "options",
            Self::PlatformTwice { .. } => "platforms",
            Self::Empty { what } if what == "platforms" => "platforms",
            Self::NothingLeft => "exclude",
            Self::HoldsBuildPlatform => "runs-on",
            Self::NoRow { .. }
            | Self::StageAxis { .. }
            | Self::Empty { .. }
            | Self::TooManyVariants { .. } => "axes",
            Self::Base { .. } | Self::Cycle { .. } | Self::RunsElsewhere { .. } => "base",
            Self::OutputPath { .. }
            | Self::OutputControl { .. }
            | Self::OutputRecord { .. }
            | Self::OutputClash { .. }
            | Self::OutputBelow { .. } => "output",
            Self::NotAnImage { .. } => "repository",
            Self::StageHas { key }
            | Self::Varies { key, .. }
            | Self::TagClash { key, .. }
            | Self::ImageName { key, .. }
            | Self::NoRepository { key }
            | Self::ImpossibleText { key, .. }
            | Self::OfImages { key, .. } => key,
            Self::FileTag { .. } => "file-tags",
            Self::NotALayer { .. } => "whiteouts",
            Self::OneForAllPlatforms { key } if key != "attest" => "annotations",
            Self::OneForAllPlatforms { .. }
            | Self::AttestKey { .. }
            | Self::AttestTwice { .. }
            | Self::AttestValue { .. } => "attest",
            Self::Annotation(_) => "annotations",
            Self::Compression(_)
            | Self::TarCompression(_)
            | Self::NotOfTars { .. }
            | Self::CompressedFiles => "compression",
            _ => return None,
        })
    }
}
