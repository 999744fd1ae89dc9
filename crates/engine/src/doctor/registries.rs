//! The registries of the catalog's images.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_client::LoginPlace;
use catalog::ImageRef;
use futures_util::future::join_all;
use registry::{Greeting, Obstacle, RegistryAccess, RemoteImage, RemoteProblem, Unreached};

use super::{
    clock,
    deadline::{REGISTRY, within},
    finding::{Check, Finding, Subject},
    rights,
};

/// The findings about the registries of these repositories, host by host.
pub(super) async fn check(
    repositories: &BTreeSet<ImageRef>,
    access: &RegistryAccess,
) -> Vec<Finding> {
    let mut hosts: BTreeMap<&str, Vec<&ImageRef>> = BTreeMap::new();
    for repository in repositories {
        hosts
            .entry(repository.domain())
            .or_default()
            .push(repository);
    }
    let each = hosts
        .iter()
        .map(|(host, repositories)| check_host(host, repositories, access));
    join_all(each).await.concat()
}

async fn check_host(
    host: &str,
    repositories: &[&ImageRef],
    access: &RegistryAccess,
) -> Vec<Finding> {
    let (greeted, login) = tokio::join!(greet(host, access), log_in(host, repositories, access));
    let (reached, clock) = greeted;
    let (login, images) = login;
    let is_reached = reached.state == super::State::Ok;
    let mut findings = vec![reached];
    findings.extend(clock);
    findings.push(login);
    if is_reached {
        findings.extend(rights::check(host, &images).await);
    } else {
        let reason = "no right is asked for at a registry that cannot be reached";
        findings.push(Finding::skipped(of(host), Check::Push, reason));
    }
    findings
}

pub(super) fn of(host: &str) -> Subject {
    Subject::Registry(host.to_owned())
}

/// The finding about the first answer, and the one about the clock if there was one.
async fn greet(host: &str, access: &RegistryAccess) -> (Finding, Option<Finding>) {
    let silent = |seconds| silent(host, Check::Connection, seconds);
    match within(REGISTRY, Greeting::of(host, access), silent).await {
        Err(silent) => (silent, None),
        Ok(Err(unreached)) => (unreachable(host, &unreached), None),
        Ok(Ok(greeting)) => {
            let clock = match greeting.clock {
                Some(offset) => clock::check(of(host), "its", offset),
                None => Finding::skipped(of(host), Check::Clock, "it does not tell the time"),
            };
            (answered(host, &greeting), Some(clock))
        }
    }
}

/// The finding about a registry that is silent.
pub(super) fn silent(host: &str, check: Check, seconds: u64) -> Finding {
    let text = format!("`{host}` gave no answer within {seconds} s");
    Finding::problem(of(host), check, text)
        .then("is there a firewall or a proxy in between? else ask whoever runs the registry")
}

fn answered(host: &str, greeting: &Greeting) -> Finding {
    let Greeting {
        address, status, ..
    } = greeting;
    match status {
        200..=299 | 401 | 403 => {
            let text = format!("`{address}` answers");
            Finding::ok(of(host), Check::Connection, text)
        }
        500..=599 | 429 => {
            let text = format!("`{address}` answers {status}: it is overloaded or broken");
            Finding::problem(of(host), Check::Connection, text)
                .then("try again later, or ask whoever runs the registry")
        }
        _ => {
            let text = format!("`{address}` answers {status} to `/v2/`, as no registry does");
            Finding::problem(of(host), Check::Connection, text)
                .then("give the registry's own host and port")
        }
    }
}

fn unreachable(host: &str, unreached: &Unreached) -> Finding {
    let next = match unreached.obstacle {
        Obstacle::Refused => "start the registry, or mend its port in the catalog or `--registry`",
        Obstacle::UnknownHost => "is the host's name spelt right, and known to the name server?",
        Obstacle::Silence => "is there a firewall or a proxy in between?",
        Obstacle::UnknownAuthority => {
            "add the CA of its certificate to this machine's (`update-ca-certificates`), or name the file in \
             `SSL_CERT_FILE`; the daemon needs it, too"
        }
        Obstacle::Expired => "have its certificate renewed by whoever runs the registry",
        Obstacle::NotYetValid => "set the clock of this machine",
        Obstacle::WrongName => "use a name that its certificate has",
        Obstacle::PlainText => {
            "it speaks plain HTTP: add `--registry-insecure HOST:PORT` here and to `build`, and `http = true` to the \
             daemon's settings"
        }
        Obstacle::Other => "can this machine reach it?",
    };
    Finding::failed(of(host), Check::Connection, unreached).then(next)
}

/// The finding about the login of a registry, and its repositories, logged in; none if that failed.
async fn log_in(
    host: &str,
    repositories: &[&ImageRef],
    access: &RegistryAccess,
) -> (Finding, Vec<RemoteImage>) {
    let place = match access.credentials.login_place(host) {
        Ok(place) => place,
        Err(error) => {
            let finding = Finding::failed(of(host), Check::Login, &error);
            return (finding.then(log_in_anew(host)), Vec::new());
        }
    };
    let logging_in = async {
        let mut images = Vec::new();
        for repository in repositories {
            images.push(RemoteImage::of(repository, access).await?);
        }
        Ok::<_, RemoteProblem>(images)
    };
    let silent = |seconds| silent_helper(host, &place, seconds);
    match within(REGISTRY, logging_in, silent).await {
        Err(silent) => (silent, Vec::new()),
        Ok(Err(problem)) => {
            let finding = Finding::failed(of(host), Check::Login, &problem);
            (finding.then(mend_helper(host, &place)), Vec::new())
        }
        Ok(Ok(images)) => {
            let has_login = images.first().is_some_and(RemoteImage::has_login);
            (logged_in(host, &place, has_login), images)
        }
    }
}

fn logged_in(host: &str, place: &LoginPlace, has_login: bool) -> Finding {
    let text = match (place, has_login) {
        (LoginPlace::Nowhere, _) => "there is no login: it is asked without a name".to_owned(),
        (LoginPlace::File(path), true) => format!("the login is in `{}`", path.display()),
        (LoginPlace::File(path), false) => {
            format!("`{}` has an entry without a login", path.display())
        }
        (LoginPlace::Helper(program), true) => format!("the login is from `{program}`"),
        (LoginPlace::Helper(program), false) => {
            format!("`{program}` has no login for it: it is asked without a name")
        }
    };
    Finding::ok(of(host), Check::Login, text)
}

fn silent_helper(host: &str, place: &LoginPlace, seconds: u64) -> Finding {
    let text = match place {
        LoginPlace::Helper(program) => {
            format!("credential helper `{program}` gave no answer within {seconds} s")
        }
        LoginPlace::Nowhere | LoginPlace::File(_) => {
            format!("the login was not read within {seconds} s")
        }
    };
    Finding::problem(of(host), Check::Login, text).then(mend_helper(host, place))
}

fn mend_helper(host: &str, place: &LoginPlace) -> String {
    match place {
        LoginPlace::Helper(program) => format!(
            "install `{program}` and have it answer `echo {host} | {program} get`, or take it out of docker's \
             `config.json` and run `docker login {host}`"
        ),
        LoginPlace::Nowhere | LoginPlace::File(_) => log_in_anew(host),
    }
}

/// The next step for a login that is missing or wrong.
pub(super) fn log_in_anew(host: &str) -> String {
    format!("`docker login {host}` writes it anew")
}
