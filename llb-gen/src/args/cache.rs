//! The caches that a call reads and writes.

use std::env;

use buildkit_client::{CacheEntry, CacheKind};
use clap::Args;
use engine::Caches;

use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// Read steps from a cache, as `buildctl --import-cache`: REF, type=registry,ref=REF, or type=gha|s3|azblob,…; repeatable
    // Read by the command: clap would repeat the text, which may hold a secret.
    #[arg(long, value_name = "CACHE")]
    cache_from: Vec<String>,
    /// Write the steps of all artifacts of the call to a cache, once all are built; type=inline puts that of each pushed image into it
    ///
    /// As `buildctl --export-cache`, with mode=max by default. The cache takes the place of the one that was there: it has
    /// the steps of artifacts that were up to date, too, and what the daemon does not have of them is built. When nothing
    /// is built, none is written.
    #[arg(long, value_name = "CACHE")]
    cache_to: Vec<String>,
}

impl CacheArgs {
    /// The caches.
    pub(crate) fn caches(&self) -> Result<Caches, Failure> {
        let wrong = |error: engine::CachesError| Failure::new(Exit::Usage, error);
        let imports = entries("--cache-from", &self.cache_from)?;
        let exports = entries("--cache-to", &self.cache_to)?;
        Caches::new(imports, exports).map_err(wrong)
    }

    /// The flags of buildctl for the same caches, each with its value.
    pub(crate) fn of_buildctl(&self) -> impl Iterator<Item = (&'static str, String)> {
        let imports = self
            .cache_from
            .iter()
            .map(|cache| ("--import-cache", typed(cache)));
        let exports = self.cache_to.iter().map(|cache| {
            let cache = typed(cache);
            let is_complete = cache.contains("mode=") || cache.contains("type=inline");
            let mode = if is_complete { "" } else { ",mode=max" };
            ("--export-cache", format!("{cache}{mode}"))
        });
        imports.chain(exports)
    }
}

/// The cache with its type, which buildctl wants.
fn typed(cache: &str) -> String {
    if cache.contains('=') {
        cache.to_owned()
    } else {
        format!("type=registry,ref={cache}")
    }
}

fn entries(flag: &str, texts: &[String]) -> Result<Vec<CacheEntry>, Failure> {
    let entry = |text: &String| {
        let entry: CacheEntry = text
            .parse()
            .map_err(|error| Failure::new(Exit::Usage, format!("`{flag}`: {error}")))?;
        Ok(match entry.kind() {
            CacheKind::Gha => of_github(entry, |name| env::var(name).ok()),
            _ => entry,
        })
    };
    texts.iter().map(entry).collect()
}

/// The cache with what GitHub gives the steps of a job: as `buildctl` takes it from the environment.
fn of_github(cache: CacheEntry, value: impl Fn(&str) -> Option<String>) -> CacheEntry {
    let is_second = match cache.attr("version") {
        Some(version) => version == "2",
        None => value("ACTIONS_CACHE_SERVICE_V2").is_some_and(|it| ["1", "true"].contains(&&*it)),
    };
    let results = value("ACTIONS_RESULTS_URL");
    let given = [
        ("url_v2", results.clone().filter(|_| is_second)),
        ("url", value("ACTIONS_CACHE_URL").or(results)),
        ("token", value("ACTIONS_RUNTIME_TOKEN")),
    ];
    given
        .into_iter()
        .fold(cache, |cache, (key, value)| match value {
            Some(value) => cache.with_default(key, value),
            None => cache,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buildctl_gets_the_same_caches() {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let caches = CacheArgs {
            cache_from: own(&["r.example/c"]),
            cache_to: own(&["r.example/c", "type=gha,mode=min", "type=inline"]),
        };
        let words: Vec<String> = caches
            .of_buildctl()
            .map(|(flag, value)| format!("{flag} {value}"))
            .collect();
        assert_eq!(
            words,
            [
                "--import-cache type=registry,ref=r.example/c",
                "--export-cache type=registry,ref=r.example/c,mode=max",
                "--export-cache type=gha,mode=min",
                "--export-cache type=inline",
            ]
        );
    }

    #[test]
    fn the_cache_of_github_is_in_the_environment() {
        let environment = [
            ("ACTIONS_CACHE_SERVICE_V2", "true"),
            ("ACTIONS_RESULTS_URL", "https://results"),
            ("ACTIONS_RUNTIME_TOKEN", "token"),
        ];
        let value = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let check = |text: &str, expected: &str| {
            let cache = of_github(text.parse().unwrap(), value);
            let attrs = ["url", "url_v2", "token"].map(|key| cache.attr(key).unwrap_or("-"));
            assert_eq!(attrs.join(" "), expected, "{text}");
        };
        check("type=gha", "https://results https://results token");
        check("type=gha,version=1", "https://results - token");
        check(
            "type=gha,url=https://own,token=t",
            "https://own https://results t",
        );
    }
}
