//! Credential helpers: programs named `docker-credential-*` that keep credentials outside of `config.json`.
//!
//! Protocol: docker-credential-helpers, `client/client.go`: the command `get`, the server on stdin, JSON on stdout.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::config::Credentials;

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

/// Asks the helper `name` for the credentials of `server`.
pub(super) async fn get(name: &str, server: &str) -> Result<Option<Credentials>, HelperError> {
    ask(&program(name), server).await
}

/// The program of the helper `name`.
pub(super) fn program(name: &str) -> String {
    format!("docker-credential-{name}")
}

async fn ask(program: &str, server: &str) -> Result<Option<Credentials>, HelperError> {
    let output = match timeout(LIMIT, run(program, server)).await {
        Ok(output) => output.map_err(|source| HelperError::Run {
            program: program.into(),
            source,
        })?,
        Err(_elapsed) => {
            return Err(HelperError::Timeout {
                program: program.into(),
            });
        }
    };
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

async fn run(program: &str, server: &str) -> io::Result<std::process::Output> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input may have ended already; then its output counts.
        match stdin.write_all(server.as_bytes()).await {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    child.wait_with_output().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(script: &str, expected: Result<Option<(&str, &str)>, &str>) {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("helper");
        let program = program.display().to_string();
        write_program(&program, &format!("#!/bin/sh\nread -r server\n{script}\n"));
        let found = ask(&program, "registry.example\n").await;
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
        let missing = get("llbgen-test-none", "registry.example")
            .await
            .unwrap_err();
        assert_eq!(
            missing.to_string(),
            "cannot run credential helper `docker-credential-llbgen-test-none`"
        );
    }
}
