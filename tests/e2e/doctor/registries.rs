//! Faults of registries, of logins and of the rights in repositories.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use llbgen_tests::{
    bed::Bed,
    command::{Running, clean},
    machine,
    registry::Registry,
    tokens::TokenServer,
};

use super::{
    BOUND, Found, closed_port, docker_config, doctor, home, image, login, of_json, silent_server,
};

/// A registry that answers every request with `date`, and lets everybody do everything.
fn registry_at(date: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            // A client that hangs up breaks only its own request.
            let _ = answer(&connection, date);
        }
    });
    address
}

fn answer(mut connection: &TcpStream, date: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection).lines();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

#[test]
fn what_is_wrong_with_registries_is_told() {
    let Some(bed) = Bed::shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let tokens = TokenServer::start_read_only(dir.path(), "user:hunter2");
    let readable = Registry::start_with_tokens(dir.path(), dir.path(), &tokens);
    let readable = readable.address();
    let plain = format!("0.0.0.0:{}", port(&bed.description().registry));
    let unknown_ca = format!("0.0.0.0:{}", port(&bed.description().tls));
    let (down, silent) = (closed_port(), silent_server());
    let behind = registry_at("Thu, 01 Jan 2026 00:00:00 GMT");
    let helpless = closed_port();
    let hosts = [
        readable,
        &plain,
        &unknown_ca,
        &down,
        &silent,
        &behind,
        &helpless,
    ];
    let catalog = hosts.iter().enumerate().map(|(number, host)| {
        let image = image(&format!("{host}/team/app"));
        let image = image.replace("artifact.app", &format!("artifact.app{number}"));
        image.replace("app.oci.tar", &format!("app{number}.oci.tar"))
    });
    let home = home(&catalog.collect::<String>());
    let auth = STANDARD.encode("user:hunter2");
    let config = format!(
        r#"{{"auths":{{"{readable}":{{"auth":"{auth}"}}}},"credHelpers":{{"{helpless}":"llbgen-none"}}}}"#
    );
    docker_config(home.path(), &config);
    let start = Instant::now();
    let found = doctor(home.path(), &["--addr", &bed.address()]);
    // Side by side: the two that wait for a deadline do not add up.
    assert!(
        start.elapsed() < Duration::from_secs(25),
        "{:?}",
        start.elapsed()
    );
    let host = |found: &Found, host: &str| Found {
        code: found.code,
        findings: found
            .findings
            .iter()
            .filter(|finding| finding["host"] == host)
            .cloned()
            .collect(),
    };
    host(&found, readable)
        .has(
            "registry",
            "read",
            "ok",
            &["nothing is there yet in", "team/app`"],
        )
        .has_problem(
            "registry",
            "push",
            &[
                "may be read, and not pushed to",
                "answered 401",
                "have the right given",
            ],
        );
    host(&found, &plain).has_problem(
        "registry",
        "connection",
        &["cannot be reached", "plain HTTP", "--registry-insecure"],
    );
    host(&found, &unknown_ca).has_problem(
        "registry",
        "connection",
        &[
            "cannot be reached",
            "UnknownIssuer",
            "update-ca-certificates",
        ],
    );
    host(&found, &down)
        .has_problem(
            "registry",
            "connection",
            &["cannot be reached", "refused", "start the registry"],
        )
        .has("registry", "push", "skipped", &["cannot be reached"]);
    host(&found, &silent).has_problem("registry", "connection", &["gave no answer within 10 s"]);
    host(&found, &behind).has(
        "registry",
        "clock",
        "warning",
        &[" d ", "behind this machine's", "NTP"],
    );
    host(&found, &helpless).has_problem(
        "registry",
        "login",
        &[
            "cannot run credential helper `docker-credential-llbgen-none`",
            "install",
        ],
    );
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').unwrap().1
}

#[test]
fn a_wrong_password_and_a_helper_that_hangs_are_told() {
    let Some(bed) = Bed::shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let tokens = TokenServer::start(dir.path(), "user:hunter2");
    let registry = Registry::start_with_tokens(dir.path(), dir.path(), &tokens);
    let host = registry.address();
    let home = home(&image(&format!("{host}/team/app")));
    docker_config(home.path(), &login(host, "user:other"));
    let arguments = ["--addr", &bed.address()];
    let found = doctor(home.path(), &arguments);
    for (right, verb) in [("read", "read"), ("push", "pushed to")] {
        let refused = format!("cannot be {verb}: the login is refused");
        found.has_problem("registry", right, &[&refused, "401", "docker login"]);
    }
    assert!(!format!("{found:?}").contains("other\""), "{found:?}");

    let config = home.path().join(".docker/config.json");
    fs::write(&config, "{}").unwrap();
    doctor(home.path(), &arguments)
        .has("registry", "login", "ok", &["there is no login"])
        .has_problem(
            "registry",
            "push",
            &["cannot be pushed to without a login", "docker login"],
        );

    fs::write(&config, r#"{"credsStore":"hangs"}"#).unwrap();
    let programs = home.path().join("programs");
    fs::create_dir(&programs).unwrap();
    fs::write(
        programs.join("docker-credential-hangs"),
        "#!/bin/sh\nexec sleep 600\n",
    )
    .unwrap();
    let program = programs.join("docker-credential-hangs");
    fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut command = clean(machine::llbgen(), home.path());
    command
        .env("PATH", path)
        .args(arguments)
        .args(["doctor", "--format", "json"]);
    of_json(&Running::start(&mut command).wait_for(BOUND)).has_problem(
        "registry",
        "login",
        &["credential helper `docker-credential-hangs` gave no answer within 10 s"],
    );
}
