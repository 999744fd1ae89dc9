//! Commands that install Debian packages and do nothing else.

/// The packages of a command that updates apt's lists, installs packages without recommended ones, and removes the lists
/// (or has them in a cache, which `lists_are_cached` says). `None` for every other command.
pub(super) fn packages(script: &str, lists_are_cached: bool) -> Option<Vec<String>> {
    let mut install = Install {
        lists_are_gone: lists_are_cached,
        ..Install::default()
    };
    let mut rest = script.trim().trim_end_matches(';');
    if let Some(after) = without_set(rest) {
        rest = after;
    }
    for command in commands(rest)? {
        install.take(&command)?;
    }
    let is_all = install.is_updated && install.lists_are_gone && !install.packages.is_empty();
    is_all.then_some(install.packages)
}

/// What is behind `set -eux;`.
fn without_set(script: &str) -> Option<&str> {
    let (options, rest) = script.strip_prefix("set -")?.split_once(';')?;
    let is_known = options.trim().chars().all(|c| "eux".contains(c));
    is_known.then(|| rest.trim())
}

/// The words of each command, if all that is between them is `&&` or `;` and nothing is special in them.
fn commands(script: &str) -> Option<Vec<Vec<String>>> {
    // Quotes, pipes, comments and the like are more than a list of packages needs.
    if script.contains([
        '\'', '"', '`', '|', '<', '>', '(', ')', '#', '\\', '\n', '!', '~', '?', '[',
    ]) {
        return None;
    }
    let parts = script.replace("&&", ";");
    if parts.contains('&') {
        return None;
    }
    let words = |part: &str| {
        part.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let commands: Vec<_> = parts.split(';').map(words).collect();
    commands
        .iter()
        .all(|words| !words.is_empty())
        .then_some(commands)
}

#[derive(Default)]
struct Install {
    is_updated: bool,
    packages: Vec<String>,
    lists_are_gone: bool,
}

impl Install {
    fn take(&mut self, words: &[String]) -> Option<()> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let words = match words.as_slice() {
            ["export", "DEBIAN_FRONTEND=noninteractive"] => return Some(()),
            ["DEBIAN_FRONTEND=noninteractive", words @ ..] | words => words,
        };
        match words {
            ["apt-get" | "apt", words @ ..] => self.apt(words),
            ["rm", "-rf" | "-fr", paths @ ..] if !paths.is_empty() => self.remove(paths),
            _ => None,
        }
    }

    fn apt(&mut self, words: &[&str]) -> Option<()> {
        let (options, words): (Vec<&str>, Vec<&str>) =
            words.iter().partition(|word| word.starts_with('-'));
        let has_only = |known: &[&str]| options.iter().all(|option| known.contains(option));
        match words.as_slice() {
            ["update"] if self.packages.is_empty() && has_only(&QUIET) => self.is_updated = true,
            ["clean" | "autoclean"] if has_only(&QUIET) => {}
            ["install", packages @ ..] if self.is_updated && self.packages.is_empty() => {
                let is_whole = options.contains(&"--no-install-recommends")
                    && options.iter().all(|option| {
                        *option == "--no-install-recommends" || QUIET.contains(option)
                    })
                    && packages.iter().all(|package| is_package(package));
                if !is_whole || packages.is_empty() {
                    return None;
                }
                self.packages = packages.iter().map(ToString::to_string).collect();
            }
            _ => return None,
        }
        Some(())
    }

    fn remove(&mut self, paths: &[&str]) -> Option<()> {
        for path in paths {
            match *path {
                "/var/lib/apt/lists/*" | "/var/lib/apt/lists" | "/var/lib/apt/lists/" => {
                    self.lists_are_gone = true;
                }
                "/var/cache/apt/*"
                | "/var/cache/apt/archives/*"
                | "/var/cache/apt/archives/*.deb"
                | "/var/cache/apt"
                | "/var/cache/apt/archives" => {}
                _ => return None,
            }
        }
        // Nothing may be installed after it.
        (!self.packages.is_empty()).then_some(())
    }
}

const QUIET: [&str; 10] = [
    "-y",
    "--yes",
    "--assume-yes",
    "-q",
    "-qq",
    "--quiet",
    "-qy",
    "-yq",
    "-qqy",
    "-yqq",
];

/// A package, or a variable that gives one.
fn is_package(word: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphanumeric() || c == '$';
    word.starts_with(begins)
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.:=~/_${}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_installs_and_does_nothing_else_is_known() {
        let check = |script: &str, expected: Option<&str>| {
            let found = packages(script, false).map(|packages| packages.join(" "));
            assert_eq!(found.as_deref(), expected, "{script}");
        };
        let install = "apt-get update && apt-get install -y --no-install-recommends a b=1";
        check(install, None);
        check(
            &format!("{install} && rm -rf /var/lib/apt/lists/*"),
            Some("a b=1"),
        );
        check(
            &format!("set -eux; {install}; rm -rf /var/lib/apt/lists/*;"),
            Some("a b=1"),
        );
        check(
            &format!("{install} && apt-get clean && rm -rf /var/lib/apt/lists/*"),
            Some("a b=1"),
        );
        check(
            &format!("{install} && rm -rf /var/lib/apt/lists/* && echo x"),
            None,
        );
        check(
            &format!("{install} && rm -rf /var/lib/apt/lists/* /tmp/*"),
            None,
        );
        check(
            "apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*",
            None,
        );
        check(
            "apt-get install -y --no-install-recommends a && rm -rf /var/lib/apt/lists/*",
            None,
        );
        check(
            "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $A && rm -rf /var/lib/apt/lists/*",
            Some("$A"),
        );
        check(
            "apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*",
            None,
        );
        check("rm -rf /var/lib/apt/lists/* && apt-get update", None);
        check(
            "apt-get update && apt-get install -y --no-install-recommends 'a' && rm -rf /var/lib/apt/lists/*",
            None,
        );
        check("echo", None);
        assert_eq!(
            packages(install, true).map(|packages| packages.len()),
            Some(2)
        );
    }
}
