//! Secrets that are served, and Debug texts without them.

use std::fs;

use tonic::Code;

use super::*;

fn get(secrets: Secrets, id: &str) -> (Result<Vec<u8>, Code>, Option<String>) {
    let (reporter, mut reports) = Reporter::new();
    let request = Request::new(GetSecretRequest {
        id: id.into(),
        ..GetSecretRequest::default()
    });
    let answer = SecretService::new(secrets, reporter).get_secret(request);
    let answer = answer
        .map(|response| response.into_inner().data)
        .map_err(|status| status.code());
    (
        answer,
        reports.try_recv().ok().map(|report| report.to_string()),
    )
}

#[test]
fn files_and_values_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    fs::write(&path, b"hunter2\n\xff").unwrap();
    let secrets = Secrets::default()
        .with("file", SecretSource::file(&path).unwrap())
        .with(
            "value",
            SecretSource::Value(SecretValue::try_new(b"v".to_vec()).unwrap()),
        )
        .with("env", SecretSource::env("PATH").unwrap());
    assert_eq!(
        get(secrets.clone(), "file"),
        (Ok(b"hunter2\n\xff".to_vec()), None)
    );
    assert_eq!(get(secrets.clone(), "value"), (Ok(b"v".to_vec()), None));
    let path_variable = env::var_os("PATH").unwrap().into_encoded_bytes();
    assert_eq!(get(secrets.clone(), "env"), (Ok(path_variable), None));
    assert_eq!(get(secrets, "other"), (Err(Code::NotFound), None));
}

#[test]
fn a_file_that_went_away_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    fs::write(&path, "x").unwrap();
    let secrets = Secrets::default().with("file", SecretSource::file(&path).unwrap());
    fs::remove_file(&path).unwrap();
    let report = Some(String::from("secret `file` could not be sent"));
    assert_eq!(
        get(secrets, "file"),
        (Err(Code::FailedPrecondition), report)
    );
}

#[test]
fn sources_are_checked_when_they_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let large = dir.path().join("large");
    let limit = usize::try_from(MAX_SECRET_SIZE).unwrap();
    fs::write(&large, vec![0; limit + 1]).unwrap();
    assert!(matches!(
        SecretSource::file(&large),
        Err(SecretError::TooLarge)
    ));
    fs::write(&large, vec![0; limit]).unwrap();
    assert!(SecretSource::file(&large).is_ok());
    assert!(matches!(
        SecretSource::file(dir.path().join("none")),
        Err(SecretError::Read { .. })
    ));
    assert!(matches!(
        SecretSource::env("LLBGEN_TEST_UNSET"),
        Err(SecretError::Unset { .. })
    ));
}

#[test]
fn debug_text_has_no_value() {
    let value = SecretValue::try_new(b"hunter2".to_vec()).unwrap();
    let secrets = Secrets::default().with("token", SecretSource::Value(value));
    let text = format!("{secrets:?}");
    assert!(
        text.contains("token") && text.contains("redacted"),
        "{text}"
    );
    assert!(
        !text.contains("hunter2") && !text.contains("104, 117"),
        "{text}"
    );
}
