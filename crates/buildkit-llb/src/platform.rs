//! The platform of an image or a step.

use std::fmt;
use std::str::FromStr;

/// An operating system and architecture, as in the OCI image specification.
///
/// `Display` and `FromStr` use `os/architecture[/variant]`, as `--platform` of buildctl does. A platform is stored in
/// an op exactly as given; [`normalized`](Self::normalized) is applied where BuildKit's client does so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: String,
    os_version: String,
    os_features: Vec<String>,
}

/// Text that is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a platform such as `linux/amd64` or `linux/arm/v7`")]
pub struct PlatformError {
    /// The text that was given.
    pub text: String,
}

impl Platform {
    /// A platform without variant, version or features, such as `("linux", "amd64")`.
    pub fn new(os: impl Into<String>, architecture: impl Into<String>) -> Self {
        Self {
            os: os.into(),
            architecture: architecture.into(),
            variant: String::new(),
            os_version: String::new(),
            os_features: Vec::new(),
        }
    }

    /// The same platform with a CPU variant, such as `v7`. Default: none.
    pub fn with_variant(mut self, variant: impl Into<String>) -> Self {
        self.variant = variant.into();
        self
    }

    /// The same platform with a version of the operating system. Default: none.
    pub fn with_os_version(mut self, version: impl Into<String>) -> Self {
        self.os_version = version.into();
        self
    }

    /// The same platform with features of the operating system. Default: none.
    pub fn with_os_features<S: Into<String>>(
        mut self,
        features: impl IntoIterator<Item = S>,
    ) -> Self {
        self.os_features = features.into_iter().map(Into::into).collect();
        self
    }

    /// The operating system, such as `linux`.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// The architecture, such as `amd64`.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// The CPU variant; empty when there is none.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// The version of the operating system; empty when there is none.
    pub fn os_version(&self) -> &str {
        &self.os_version
    }

    /// The features of the operating system.
    pub fn os_features(&self) -> &[String] {
        &self.os_features
    }

    /// The canonical spelling of this platform: `aarch64` becomes `arm64`, arm64's `v8` and amd64's `v1` are dropped,
    /// arm without a variant becomes `v7`. Mirrors `platforms.Normalize` of containerd.
    pub fn normalized(&self) -> Self {
        let os = match self.os.to_lowercase() {
            os if os == "macos" => "darwin".to_owned(),
            os => os,
        };
        let (architecture, variant) = normalize_architecture(
            &self.architecture.to_lowercase(),
            &self.variant.to_lowercase(),
        );
        let mut os_features = self.os_features.clone();
        os_features.sort();
        os_features.dedup();
        Self {
            os,
            architecture,
            variant,
            os_version: self.os_version.clone(),
            os_features,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let well_formed = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(|part| well_formed(part)) {
            return Err(PlatformError {
                text: text.to_owned(),
            });
        }
        let platform = Self::new(parts[0], parts[1]);
        Ok(match parts.get(2) {
            Some(variant) => platform.with_variant(*variant),
            None => platform,
        })
    }
}

/// The canonical architecture and variant for a lower-case pair.
fn normalize_architecture(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = match (architecture, variant) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
        ("aarch64" | "arm64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    (architecture.to_owned(), variant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes_as_containerd_does() {
        let check = |given: &str, expected: &str| {
            let platform: Platform = given.parse().unwrap();
            assert_eq!(platform.normalized().to_string(), expected, "{given}");
        };
        check("linux/amd64", "linux/amd64");
        check("Linux/x86_64/V1", "linux/amd64");
        check("linux/x86-64/v3", "linux/amd64/v3");
        check("linux/aarch64", "linux/arm64");
        check("linux/arm64/v8", "linux/arm64");
        check("linux/arm64/v8.0", "linux/arm64");
        check("linux/arm64/9.0", "linux/arm64/v9");
        check("linux/arm64/v9", "linux/arm64/v9");
        check("linux/arm64/v8.2", "linux/arm64/v8.2");
        check("linux/arm", "linux/arm/v7");
        check("linux/arm/5", "linux/arm/v5");
        check("linux/arm/v6", "linux/arm/v6");
        check("linux/armhf/v5", "linux/arm/v7");
        check("linux/armel", "linux/arm/v6");
        check("linux/i386/x", "linux/386");
        check("macOS/arm64", "darwin/arm64");
        check("linux/riscv64", "linux/riscv64");
    }

    #[test]
    fn features_are_sorted_once_each() {
        let platform = Platform::new("windows", "amd64")
            .with_os_features(["b", "a", "b"])
            .normalized();
        assert_eq!(platform.os_features(), ["a", "b"]);
    }

    #[test]
    fn malformed_platforms_are_refused() {
        for text in [
            "",
            "linux",
            "linux/",
            "/amd64",
            "linux/arm/v7/x",
            "linux/a b",
        ] {
            assert_eq!(
                text.parse::<Platform>(),
                Err(PlatformError {
                    text: text.to_owned()
                })
            );
        }
    }
}
