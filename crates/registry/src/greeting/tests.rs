//! Greetings of registries that answer as a test says.

use super::*;
use crate::fake::serve;

async fn greeting(answer: &'static str) -> Greeting {
    let (host, _asked) = serve(move |_| answer.to_owned()).await;
    Greeting::of(&host, &RegistryAccess::default())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_answer_says_what_is_wanted_and_what_time_it_is() {
    let first = "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
                 www-authenticate: Bearer realm=\"http://x/token\"\r\ncontent-length: 0\r\n\r\n";
    let found = greeting(first).await;
    assert_eq!((found.status, found.login), (401, WantedLogin::Token));
    let year = Duration::from_hours(300 * 24);
    assert!(matches!(found.clock, Some(ClockOffset::Behind(size)) if size > year));
    let second = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let found = greeting(second).await;
    assert_eq!((found.status, found.login), (200, WantedLogin::Nothing));
    assert_eq!(found.clock, None);
    let third = "HTTP/1.1 401 No\r\nconnection: close\r\nwww-authenticate: Basic realm=x\r\n\r\n";
    assert_eq!(greeting(third).await.login, WantedLogin::Password);
}

#[tokio::test]
async fn the_obstacle_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let check = async |domain: &str, expected: Obstacle| {
        let unreached = Greeting::of(domain, &RegistryAccess::default()).await;
        let unreached = unreached.unwrap_err();
        assert_eq!(
            unreached.obstacle, expected,
            "{domain}: {}",
            unreached.problem
        );
    };
    check(&host, Obstacle::Refused).await;
    check("llbgen-test.invalid", Obstacle::UnknownHost).await;
}

#[test]
fn an_offset_is_the_least_that_is_certain() {
    let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let check = |told, before, after, expected: ClockOffset| {
        assert_eq!(
            ClockOffset::between(at(told), at(before), at(after)),
            expected
        );
    };
    let seconds = Duration::from_secs;
    check(100, 90, 95, ClockOffset::Ahead(seconds(5)));
    check(80, 90, 95, ClockOffset::Behind(seconds(10)));
    check(92, 90, 95, ClockOffset::Ahead(Duration::ZERO));
    // A time that is cut to seconds may be one second later.
    assert_eq!(
        offset(at(89), at(90), at(90)),
        ClockOffset::Behind(Duration::ZERO)
    );
    assert_eq!(
        offset(at(20), at(90), at(90)),
        ClockOffset::Behind(seconds(69))
    );
}
