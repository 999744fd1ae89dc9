//! The rights in the repositories of one registry.

use catalog::listed;
use futures_util::future::join_all;
use registry::{BegunUpload, RemoteImage, RemoteProblem, Right};

use super::{
    deadline::{REGISTRY, within},
    finding::{Check, Finding},
    registries::{log_in_anew, of, silent},
};

/// The answer about one repository.
enum Answer {
    /// The right is given.
    Given,
    /// Nothing is there yet, and the right is not refused.
    Empty,
    /// The right is given, and the upload that was begun to find out stays until the registry forgets it.
    Left,
    /// The finding that it is not.
    Finding(Box<Finding>),
}

impl Answer {
    fn is_given(&self) -> bool {
        matches!(self, Self::Given | Self::Empty | Self::Left)
    }
}

/// The findings about the rights in repositories of `host`: one line for all that have it, and one for each that has
/// not.
pub(super) async fn check(host: &str, images: &[RemoteImage]) -> Vec<Finding> {
    let reading = join_all(images.iter().map(|image| reading(host, image))).await;
    let pushing = images.iter().zip(&reading);
    let pushing = pushing.map(|(image, reading)| pushing_to(host, image, reading));
    let pushing = join_all(pushing).await;
    let mut findings = told(host, Check::Read, images, reading);
    findings.extend(told(host, Check::Push, images, pushing));
    findings
}

fn told(host: &str, check: Check, images: &[RemoteImage], answers: Vec<Answer>) -> Vec<Finding> {
    let (mut given, mut empty) = (Vec::new(), Vec::new());
    let (mut findings, mut is_left) = (Vec::new(), false);
    for (image, answer) in images.iter().zip(answers) {
        match answer {
            Answer::Given => given.push(image.repository()),
            Answer::Empty => empty.push(image.repository()),
            Answer::Left => {
                is_left = true;
                given.push(image.repository());
            }
            Answer::Finding(finding) => findings.push(*finding),
        }
    }
    if !empty.is_empty() {
        let text = format!("nothing is there yet in {}", listed(empty));
        findings.insert(0, Finding::ok(of(host), check, text));
    }
    if !given.is_empty() {
        let right = match check {
            Check::Push => "pushed to",
            _ => "read",
        };
        let mut text = format!("{} may be {right}", listed(given));
        if is_left {
            text += "; the registry keeps the upload that was begun to find out, until it forgets it by itself";
        }
        findings.insert(0, Finding::ok(of(host), check, text));
    }
    findings
}

async fn reading(host: &str, image: &RemoteImage) -> Answer {
    let name = image.repository();
    let silent = |seconds| silent(host, Check::Read, seconds);
    match within(REGISTRY, image.may_be_read(), silent).await {
        Err(silent) => Answer::Finding(Box::new(silent)),
        Ok(Ok(Right::Given)) => Answer::Given,
        Ok(Ok(Right::Empty)) => Answer::Empty,
        Ok(Ok(Right::NotLoggedIn(problem))) => not_logged_in(host, Check::Read, image, &problem),
        Ok(Ok(Right::Refused(problem)) | Err(problem)) => {
            let text = format!("`{name}` cannot be read");
            refused(host, Check::Read, text, &problem)
        }
    }
}

async fn pushing_to(host: &str, image: &RemoteImage, reading: &Answer) -> Answer {
    let name = image.repository();
    let silent = |seconds| silent(host, Check::Push, seconds);
    match within(REGISTRY, image.may_be_pushed(), silent).await {
        Err(silent) => Answer::Finding(Box::new(silent)),
        Ok(Ok((Right::Given, Some(BegunUpload::Left)))) => Answer::Left,
        Ok(Ok((Right::Given, _))) => Answer::Given,
        Ok(Ok((Right::Empty, _))) => {
            let text = format!("there is no `{name}`, and the registry makes none");
            let finding = Finding::problem(of(host), Check::Push, text);
            Answer::Finding(Box::new(
                finding.then("make the repository, or have somebody make it who may"),
            ))
        }
        Ok(Ok((Right::NotLoggedIn(problem), _))) if image.has_login() && reading.is_given() => {
            let text = format!("`{name}` may be read, and not pushed to");
            refused(host, Check::Push, text, &problem)
        }
        Ok(Ok((Right::NotLoggedIn(problem), _))) => {
            not_logged_in(host, Check::Push, image, &problem)
        }
        Ok(Ok((Right::Refused(problem), _)) | Err(problem)) => {
            let text = format!("`{name}` cannot be pushed to");
            refused(host, Check::Push, text, &problem)
        }
    }
}

fn not_logged_in(host: &str, check: Check, image: &RemoteImage, problem: &RemoteProblem) -> Answer {
    let name = image.repository();
    let (verb, next) = match check {
        Check::Push => ("pushed to", "that may push"),
        _ => ("read", "that may read"),
    };
    let (text, next) = if image.has_login() {
        (
            format!("`{name}` cannot be {verb}: the login is refused"),
            format!(
                "it is wrong, has ended, or lacks the right: {}",
                log_in_anew(host)
            ),
        )
    } else {
        (
            format!("`{name}` cannot be {verb} without a login"),
            format!("`docker login {host}` with an account {next}"),
        )
    };
    refused_with(host, check, text, problem, next)
}

fn refused(host: &str, check: Check, text: String, problem: &RemoteProblem) -> Answer {
    let next = format!(
        "have the right given to the account, or log in with another one: `docker login {host}`"
    );
    refused_with(host, check, text, problem, next)
}

fn refused_with(
    host: &str,
    check: Check,
    text: String,
    problem: &RemoteProblem,
    next: String,
) -> Answer {
    let finding = Finding::problem(of(host), check, text).because(vec![problem.to_string()]);
    Answer::Finding(Box::new(finding.then(next)))
}
