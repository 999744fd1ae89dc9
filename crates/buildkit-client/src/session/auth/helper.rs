//! Credential helpers: programs named `docker-credential-*` that keep credentials outside of `config.json`.
//!
//! Protocol: docker-credential-helpers, `client/client.go`: the command `get`, the server on stdin, JSON on stdout.

use std::collections::BTreeMap;
use std::io;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::config::Credentials;
use crate::child::output_within;

/// The time limit of a helper. The daemon itself waits for 60 s; a helper that wants to ask somebody has no terminal.
const LIMIT: Duration = Duration::from_secs(30);

/// The message of helpers without credentials for a server: `errCredentialsNotFoundMessage`.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// The user name which says that the secret is an identity token.
const TOKEN_USER: &str = "<token>";

/// A credential helper that gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HelperError {
    /// The program cannot be run.
    #[error("cannot run credential helper `{program}`")]
    Run {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The program ended with an error.
    #[error("credential helper `{program}` failed: {message}")]
    Failed {
        /// The program.
        program: String,
        /// The program's output.
        message: String,
    },
    /// The program did not end in time.
    #[error("credential helper `{program}` gave no answer within {} s", LIMIT.as_secs())]
    Timeout {
        /// The program.
        program: String,
    },
    /// The output is not the JSON of the protocol. The parser's own message would quote it, so it is left out.
    #[error("credential helper `{program}` printed no credentials")]
    Output {
        /// The program.
        program: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    secret: Option<String>,
}

/// The program of the helper `name`.
pub(super) fn program(name: &str) -> String {
    format!("docker-credential-{name}")
}

/// The helpers of one configuration. Clones know of each other which helper hangs: it is waited for once.
#[derive(Debug, Clone, Default)]
pub(super) struct Helpers(Arc<Mutex<BTreeMap<String, Hanging>>>);

/// Whether a helper hangs. It is locked while that is found out.
type Hanging = Arc<tokio::sync::Mutex<bool>>;

impl Helpers {
    /// Asks the helper `name` for the credentials of `server`.
    pub(super) async fn get(
        &self,
        name: &str,
        server: &str,
    ) -> Result<Option<Credentials>, HelperError> {
        self.ask(&program(name), server, LIMIT).await
    }

    async fn ask(
        &self,
        program: &str,
        server: &str,
        limit: Duration,
    ) -> Result<Option<Credentials>, HelperError> {
        let hanging = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(program.to_owned()).or_default())
        };
        let mut is_hanging = hanging.lock().await;
        let timeout = || HelperError::Timeout {
            program: program.into(),
        };
        if *is_hanging {
            return Err(timeout());
        }
        let output = run(program, server, limit).await;
        let output = output.map_err(|source| HelperError::Run {
            program: program.into(),
            source,
        })?;
        let Some(output) = output else {
            *is_hanging = true;
            return Err(timeout());
        };
        answer(program, &output)
    }
}

/// Configurations are the same whatever was found out about their helpers.
impl PartialEq for Helpers {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Helpers {}

fn answer(program: &str, output: &Output) -> Result<Option<Credentials>, HelperError> {
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        return if message == NOT_FOUND {
            Ok(None)
        } else {
            Err(HelperError::Failed {
                program: program.into(),
                message,
            })
        };
    }
    let answer: Answer =
        serde_json::from_slice(&output.stdout).map_err(|_quotes_it| HelperError::Output {
            program: program.into(),
        })?;
    let username = answer.username.filter(|user| user != TOKEN_USER);
    Ok(Some(Credentials {
        username: username.unwrap_or_default(),
        secret: answer.secret.unwrap_or_default(),
    }))
}

async fn run(program: &str, server: &str, limit: Duration) -> io::Result<Option<Output>> {
    let mut command = Command::new(program);
    let command = command
        .arg("get")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    output_within(command, server.as_bytes(), limit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(script: &str, expected: Result<Option<(&str, &str)>, &str>) {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("helper");
        let program = program.display().to_string();
        write_program(&program, &format!("#!/bin/sh\nread -r server\n{script}\n"));
        let helpers = Helpers::default();
        let found = helpers.ask(&program, "registry.example\n", LIMIT).await;
        let found = found.map(|found| found.map(|found| (found.username, found.secret)));
        let found = found.map_err(|error| error.to_string().replace(&program, "P"));
        let expected =
            expected.map(|found| found.map(|(user, secret)| (user.to_owned(), secret.to_owned())));
        assert_eq!(found, expected.map_err(String::from), "{script}");
    }

    /// By a process of its own: a file that this process has open for writing may be inherited by a program that
    /// another test starts, and then it cannot be run.
    fn write_program(path: &str, text: &str) {
        let mut write = std::process::Command::new("sh");
        let script = "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\"";
        let status = write.args(["-c", script, path, text]).status();
        assert!(status.unwrap().success());
    }

    #[tokio::test]
    async fn answers_are_read() {
        check(
            r#"echo "{\"ServerURL\":\"$server\",\"Username\":\"u\",\"Secret\":\"$server\"}""#,
            Ok(Some(("u", "registry.example"))),
        )
        .await;
        check(
            r#"echo '{"Username":"<token>","Secret":"t"}'"#,
            Ok(Some(("", "t"))),
        )
        .await;
        check(
            r#"echo '{"Username":null,"Secret":"t"}'"#,
            Ok(Some(("", "t"))),
        )
        .await;
        check(
            "echo credentials not found in native keychain; exit 1",
            Ok(None),
        )
        .await;
    }

    #[tokio::test]
    async fn failures_are_told() {
        check(
            "echo locked; exit 1",
            Err("credential helper `P` failed: locked"),
        )
        .await;
        check(
            "echo hello",
            Err("credential helper `P` printed no credentials"),
        )
        .await;
        check(
            r#"echo '{"Username":"u","Secret":["hunter2"]}'"#,
            Err("credential helper `P` printed no credentials"),
        )
        .await;
        let helpers = Helpers::default();
        let missing = helpers.get("llbgen-test-none", "registry.example").await;
        let missing = missing.unwrap_err();
        assert_eq!(
            missing.to_string(),
            "cannot run credential helper `docker-credential-llbgen-test-none`"
        );
    }

    /// Whoever asks for credentials next, for another registry or for the daemon, is told at once.
    #[tokio::test]
    async fn a_helper_that_hangs_is_waited_for_once() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("helper").display().to_string();
        let runs = dir.path().join("runs").display().to_string();
        write_program(
            &program,
            &format!("#!/bin/sh\necho run >> '{runs}'\nsleep 300\n"),
        );
        let helpers = Helpers::default();
        let asking = (0..4).map(|number| {
            let (helpers, program) = (helpers.clone(), program.clone());
            async move {
                let server = format!("{number}.example");
                helpers.ask(&program, &server, Duration::from_secs(2)).await
            }
        });
        for found in futures_util::future::join_all(asking).await {
            let error = found.unwrap_err();
            assert!(matches!(error, HelperError::Timeout { .. }), "{error}");
        }
        let runs = std::fs::read_to_string(runs).unwrap();
        assert_eq!(runs, "run\n");
    }
}
