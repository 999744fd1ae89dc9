//! Asking a git repository, with the `git` that is installed.

use std::{ffi::OsString, os::unix::ffi::OsStringExt, process::Stdio};

use buildkit_client::output_within;
use catalog::{Commit, GitSource};
use tokio::process::Command;

use registry::{Patience, RemoteProblem, Trouble};

use crate::secrets::LoadedSecrets;

/// The commit that a ref stands for; a commit stands for itself.
pub(super) async fn commit(
    source: &GitSource,
    secrets: &LoadedSecrets,
    patience: &Patience,
) -> Result<Commit, RemoteProblem> {
    if let Some(Ok(commit)) = source.reference().map(str::parse) {
        return Ok(commit);
    }
    let mut git = Command::new("git");
    git.args(["ls-remote", "--exit-code", "--", source.url()])
        .args(patterns(source.reference()))
        // Nobody is there to answer.
        .env("GIT_TERMINAL_PROMPT", "0")
        .envs(login(source.url(), secrets))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = output_within(&mut git, b"", patience.timeout)
        .await
        .map_err(|error| server(None, format!("`git` cannot be run: {error}")))?
        .ok_or_else(|| RemoteProblem::Silent {
            host: host(source.url()).to_owned(),
            limit: patience.timeout,
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let message = if said.is_empty() {
            "the repository has no such ref".to_owned()
        } else {
            said
        };
        let trouble = Trouble::of_words(&message);
        return Err(server(trouble, message));
    }
    let listing = String::from_utf8_lossy(&output.stdout);
    chosen(&listing, source.reference())
        .ok_or_else(|| server(None, "the repository has no such ref".to_owned()))
}

/// The settings with which git logs in, in its environment: arguments are for everybody to see.
fn login(url: &str, secrets: &LoadedSecrets) -> Vec<(String, OsString)> {
    let Some(header) = secrets.git_header(host(url)) else {
        return Vec::new();
    };
    let count = std::env::var("GIT_CONFIG_COUNT").ok();
    let others: usize = count.and_then(|count| count.parse().ok()).unwrap_or(0);
    vec![
        (
            "GIT_CONFIG_COUNT".to_owned(),
            (others + 1).to_string().into(),
        ),
        (
            format!("GIT_CONFIG_KEY_{others}"),
            format!("http.{}.extraHeader", scope(url)).into(),
        ),
        (
            format!("GIT_CONFIG_VALUE_{others}"),
            OsString::from_vec(header),
        ),
    ]
}

/// The host of a repository, with its port if there is one.
pub(crate) fn host(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}

/// The requests that get a header: those for the repository, and for all of GitHub, as in BuildKit (`tokenScope` in
/// `source/git/source.go`).
fn scope(url: &str) -> &str {
    let all_of = ["https://github.com/", "https://www.github.com/"];
    let found = all_of.into_iter().find(|server| url.starts_with(server));
    found.unwrap_or(url)
}

/// The patterns to list: the ref in its three possible places, and the commit that an annotated tag is on.
fn patterns(reference: Option<&str>) -> Vec<String> {
    match reference {
        None => vec!["HEAD".to_owned()],
        Some(full) if full.starts_with("refs/") => vec![full.to_owned(), format!("{full}^{{}}")],
        Some(name) => vec![
            format!("refs/heads/{name}"),
            format!("refs/tags/{name}"),
            format!("refs/tags/{name}^{{}}"),
        ],
    }
}

/// The commit of the listing: of a branch before that of a tag, as BuildKit has it, and of an annotated tag the commit
/// that it is on.
fn chosen(listing: &str, reference: Option<&str>) -> Option<Commit> {
    let find = |name: &str| {
        let mut lines = listing.lines().filter_map(|line| line.split_once('\t'));
        let (commit, _) = lines.find(|(_, listed)| *listed == name)?;
        commit.parse().ok()
    };
    match reference {
        None => find("HEAD"),
        Some(full) if full.starts_with("refs/") => {
            find(&format!("{full}^{{}}")).or_else(|| find(full))
        }
        Some(name) => find(&format!("refs/heads/{name}"))
            .or_else(|| find(&format!("refs/tags/{name}^{{}}")))
            .or_else(|| find(&format!("refs/tags/{name}"))),
    }
}

fn server(trouble: Option<Trouble>, message: String) -> RemoteProblem {
    RemoteProblem::Server { trouble, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_the_host_of_the_repository() {
        let check = |url: &str, expected: &str| assert_eq!(host(url), expected, "{url}");
        check("https://github.com/a/b.git", "github.com");
        check("http://127.0.0.1:8000/a", "127.0.0.1:8000");
        check("https://user@example.com/a", "example.com");
        assert_eq!(scope("https://github.com/a/b.git"), "https://github.com/");
        assert_eq!(scope("https://example.com/a"), "https://example.com/a");
        let login = login("https://example.com/a", &LoadedSecrets::default());
        assert!(login.is_empty());
    }

    #[test]
    fn annotated_tags_are_the_commits_that_they_are_on() {
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let listing =
            format!("{a}\trefs/heads/main\n{b}\trefs/tags/v1\n{c}\trefs/tags/v1^{{}}\n{a}\tHEAD\n");
        let check = |reference: Option<&str>, expected: Option<&str>| {
            let found = chosen(&listing, reference);
            assert_eq!(
                found.as_ref().map(Commit::as_str),
                expected,
                "{reference:?}"
            );
        };
        check(None, Some(&a));
        check(Some("main"), Some(&a));
        check(Some("v1"), Some(&c));
        check(Some("refs/tags/v1"), Some(&c));
        check(Some("refs/heads/main"), Some(&a));
        check(Some("v2"), None);
    }

    /// One that accepts and never answers.
    #[tokio::test]
    async fn a_silent_server_is_waited_for_so_long() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let patience = Patience::new(Some(0), Some(std::time::Duration::from_secs(1)));
        let source: GitSource = format!("http://{host}/a.git#main").parse().unwrap();
        let began = std::time::Instant::now();
        let problem = commit(&source, &LoadedSecrets::default(), &patience).await;
        assert_eq!(
            problem.unwrap_err().to_string(),
            format!("`{host}` gave no answer within 1 s")
        );
        assert!(began.elapsed() < std::time::Duration::from_secs(20));
    }
}
