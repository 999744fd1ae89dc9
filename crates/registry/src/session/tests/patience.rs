//! Registries that have a bad minute.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::*;
use crate::fake::{SILENT, gone, serve};

/// No more than two waits and the pauses of three tries, on a busy machine.
const SECONDS: Duration = Duration::from_secs(20);

fn patience(retries: u32) -> Patience {
    Patience::new(Some(retries), Some(Duration::from_secs(2)))
}

/// Tags an image in a registry that answers the first questions of this beginning with each of `faults`. Returns the
/// result, and how often the question was asked.
async fn tagged(
    beginning: &'static str,
    faults: &'static [&'static str],
    retries: u32,
) -> (Result<(), RemoteProblem>, usize) {
    let left = AtomicUsize::new(0);
    let (host, asked) = serve(move |request: &str| {
        if request.starts_with(beginning) {
            let number = left.fetch_add(1, Ordering::SeqCst);
            if let Some(fault) = faults.get(number) {
                return (*fault).to_owned();
            }
        }
        match request {
            head if head.starts_with("HEAD") => no(404, ""),
            token if token.contains(" /token") => ok(r#"{"token":"T"}"#),
            known if known.contains(" Bearer T") => ok(INDEX),
            _ => wants(r#"Bearer realm="http://HOST/token""#),
        }
    })
    .await;
    let session = patient_session(&host, None, patience(retries)).await;
    let image = RemoteImage::new(session, format!("{host}/a/b:1").parse().unwrap());
    let began = Instant::now();
    let answer = image.tag(&ContentDigest::of(INDEX.as_bytes())).await;
    assert!(began.elapsed() < SECONDS, "{:?}", began.elapsed());
    let asked = asked.lock().unwrap();
    let count = asked.iter().filter(|one| one.starts_with(beginning));
    (answer, count.count())
}

fn no(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} No\r\nconnection: close\r\n{headers}content-length: 0\r\n\r\n")
}

const BUSY: [&str; 7] = [
    "HTTP/1.1 408 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 425 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 429 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 502 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 503 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 504 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
];

/// A body that breaks off, and an answer that never comes.
const BROKEN: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 99\r\n\r\n{";

#[tokio::test]
async fn what_goes_away_is_asked_again() {
    let faults: [&'static [&'static str]; 6] = [
        &BUSY[2..3],
        &BUSY[3..4],
        &BUSY[5..6],
        &[""],
        &[BROKEN],
        &[SILENT],
    ];
    let checks = faults.iter().flat_map(|faults| {
        ["PUT /v2/a/b/manifests/1 Bearer", "GET /token"].map(|beginning| async move {
            let (answer, asked) = tagged(beginning, faults, 3).await;
            assert!(answer.is_ok(), "{beginning}: {faults:?}: {answer:?}");
            // A token is for pull, and another one for push.
            let usual = if beginning.starts_with("PUT") { 1 } else { 2 };
            assert_eq!(asked, usual + 1, "{beginning}: {faults:?}");
        })
    });
    join_all(checks).await;
}

#[tokio::test]
async fn tries_have_an_end() {
    let put = "PUT /v2/a/b/manifests/1 Bearer";
    let check = async |faults: &'static [&'static str], retries: u32, tries: usize| {
        let (answer, asked) = tagged(put, faults, retries).await;
        assert_eq!(asked, tries, "{faults:?}");
        let problem = answer.unwrap_err();
        assert_eq!(problem.trouble(), Some(Trouble::Transient), "{problem}");
    };
    tokio::join!(
        check(&BUSY[0..3], 2, 3),
        check(&BUSY[3..5], 1, 2),
        check(&BUSY[5..6], 0, 1),
        check(&[SILENT, SILENT], 1, 2),
        check(&["", ""], 1, 2),
    );
}

#[tokio::test]
async fn a_refusal_is_not_asked_again() {
    let refusals: [&'static [&'static str]; 3] = [
        &["HTTP/1.1 400 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"],
        &["HTTP/1.1 409 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"],
        &["HTTP/1.1 403 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"],
    ];
    for faults in refusals {
        let (answer, asked) = tagged("PUT /v2/a/b/manifests/1 Bearer", faults, 3).await;
        assert!(answer.is_err());
        assert_eq!(asked, 1, "{faults:?}");
    }
}

/// The pause that a server wants is kept, and one that wants too long a pause is not asked again.
#[tokio::test]
async fn a_server_says_when_to_come_back() {
    let check = async |after: &'static str, expected: Option<Duration>| {
        let left = AtomicUsize::new(0);
        let (host, _asked) = serve(move |_: &str| match left.fetch_add(1, Ordering::SeqCst) {
            0 => no(429, &format!("retry-after: {after}\r\n")),
            _ => ok(INDEX),
        })
        .await;
        let session = patient_session(&host, None, patience(3)).await;
        let image = RemoteImage::new(session, format!("{host}/a/b:1").parse().unwrap());
        let began = Instant::now();
        let answer = image.index().await;
        assert_eq!(answer.is_ok(), expected.is_some(), "{after}");
        let (least, took) = (expected.unwrap_or_default(), began.elapsed());
        assert!(
            took >= least && took < least + Duration::from_secs(4),
            "{after}: {took:?}"
        );
    };
    tokio::join!(
        check("2", Some(Duration::from_secs(2))),
        check("0", Some(Duration::ZERO)),
        check("Fri, 02 Jan 2015 03:04:00 GMT", Some(Duration::ZERO)),
        check("3600", None),
    );
}

/// However many questions there are: who waits behind others does not wait for as long again.
#[tokio::test]
async fn a_silent_server_is_named_and_given_up_by_all() {
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let check = async |answer: fn(&str) -> String, is_token_server: bool| {
        let (host, _asked) = serve(answer).await;
        let all = Arc::clone(&heard);
        let patience = patience(1).with_listener(move |text| all.lock().unwrap().push(text));
        let session = patient_session(&host, None, patience).await;
        let began = Instant::now();
        let asking = (0..10 * AT_ONCE).map(|number| {
            let repository = if is_token_server { 0 } else { number };
            let image = format!("{host}/a{repository}:{number}").parse().unwrap();
            let image = RemoteImage::new(Arc::clone(&session), image);
            async move { image.digest().await.unwrap_err() }
        });
        for problem in join_all(asking).await {
            assert_eq!(
                problem.to_string(),
                format!("`{host}` gave no answer within 2 s")
            );
        }
        assert!(began.elapsed() < SECONDS, "{:?}", began.elapsed());
        let again = format!("`{host}` is asked again (try 1 of 1): `{host}` gave no answer");
        let heard = heard.lock().unwrap();
        let told = heard.iter().filter(|text| text.starts_with(&again));
        assert_eq!(told.count(), 1, "{heard:?}");
    };
    check(|_| SILENT.to_owned(), false).await;
    let silent_tokens = |request: &str| match request {
        token if token.contains("/token") => SILENT.to_owned(),
        _ => wants(r#"Bearer realm="http://HOST/token""#),
    };
    check(silent_tokens, true).await;
}

/// A byte now and then is no answer.
#[tokio::test]
async fn a_server_that_drips_is_silent() {
    let (host, _asked) = serve(|_| ok("DRIPPING")).await;
    let began = Instant::now();
    let session = patient_session(&host, None, patience(0)).await;
    let image = RemoteImage::new(session, format!("{host}/a:1").parse().unwrap());
    let problem = image.index().await.unwrap_err().to_string();
    assert_eq!(problem, format!("`{host}` gave no answer within 2 s"));
    let url = format!("http://{host}/file");
    let problem = crate::sha256_of_url(&url, &patience(0)).await.unwrap_err();
    assert_eq!(problem.trouble(), Some(Trouble::Transient));
    assert!(began.elapsed() < SECONDS, "{:?}", began.elapsed());
}

/// One that never answered is unreachable, at once; one that did has gone.
#[tokio::test]
async fn a_registry_that_has_gone_is_lost() {
    let (host, _asked) = gone(|_| ok(INDEX)).await;
    let session = patient_session(&host, None, patience(1)).await;
    let image = RemoteImage::new(session, format!("{host}/a:1").parse().unwrap());
    image.index().await.unwrap();
    let problem = image.index().await.unwrap_err();
    assert_eq!(problem.trouble(), Some(Trouble::Transient), "{problem}");
    assert!(
        problem
            .to_string()
            .starts_with("the connection to `127.0.0.1:")
    );

    let session = patient_session(&host, None, patience(100)).await;
    let image = RemoteImage::new(session, format!("{host}/a:1").parse().unwrap());
    let problem = image.index().await.unwrap_err();
    assert_eq!(problem.trouble(), Some(Trouble::Unreachable), "{problem}");
}

/// A download is asked for again from its beginning.
#[tokio::test]
async fn a_download_that_breaks_off_begins_again() {
    for fault in ["", BROKEN, BUSY[5]] {
        let left = AtomicUsize::new(0);
        let (host, _asked) = serve(move |_: &str| match left.fetch_add(1, Ordering::SeqCst) {
            0 => fault.to_owned(),
            _ => ok("file"),
        })
        .await;
        let url = format!("http://{host}/file");
        let digest = crate::sha256_of_url(&url, &patience(1)).await.unwrap();
        assert_eq!(digest, ContentDigest::of(b"file"));
    }
}
