//! Secrets, as steps see them.

use buildkit_client::{
    CancellationToken, SecretSource, SecretValue, Secrets, ServiceError, Solve, SolveError,
};
use buildkit_llb::{SecretEnv, SecretFile};

use crate::bed::Bed;
use crate::graph::{marshal, rootfs, shell};
use crate::tars::Received;

#[tokio::test]
async fn steps_get_secrets() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let file = bed.dir().join("token");
    std::fs::write(&file, "from a file\n").unwrap();
    let line = "cat /run/secrets/token > /out; echo $TOKEN >> /out; [ -e /run/secrets/none ] || echo none >> /out";
    let step = shell(line)
        .mount(SecretFile::new("/run/secrets/token").id("token"))
        .mount(SecretFile::new("/run/secrets/none").id("none").optional())
        .secret_env(SecretEnv::new("TOKEN").id("value"));
    let secrets = Secrets::default()
        .with("token", SecretSource::file(&file).unwrap())
        .with(
            "value",
            SecretSource::Value(SecretValue::try_new(b"from a value".to_vec()).unwrap()),
        );
    let received = Received::default();
    let solve = Solve::definition(marshal(&rootfs().run(step)))
        .with_local(crate::rootfs::write(bed.dir()))
        .with_secrets(secrets)
        .with_export(received.export());
    daemon
        .solve(solve, |_| {}, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(
        received.entries()["out"],
        "file 644 from a file\nfrom a value\nnone\n"
    );
}

#[tokio::test]
async fn a_secret_that_is_not_given_fails_the_step() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let step = shell("true").mount(SecretFile::new("/run/secrets/token").id("token"));
    let solve =
        Solve::definition(marshal(&rootfs().run(step))).with_local(crate::rootfs::write(bed.dir()));
    let result = daemon.solve(solve, |_| {}, &CancellationToken::new()).await;
    let Err(SolveError::Build(failure)) = result else {
        panic!("{result:?}")
    };
    assert!(
        failure.message.contains("secret token: not found"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_secret_that_went_away_is_named() {
    let Some(bed) = Bed::start() else { return };
    let daemon = bed.connect().await;
    let file = bed.dir().join("token");
    std::fs::write(&file, "x").unwrap();
    let secrets = Secrets::default().with("token", SecretSource::file(&file).unwrap());
    std::fs::remove_file(&file).unwrap();
    let step = shell("true").mount(SecretFile::new("/run/secrets/token").id("token"));
    let solve = Solve::definition(marshal(&rootfs().run(step)))
        .with_local(crate::rootfs::write(bed.dir()))
        .with_secrets(secrets);
    let result = daemon.solve(solve, |_| {}, &CancellationToken::new()).await;
    let Err(SolveError::Service(ServiceError::Secret { id, .. })) = result else {
        panic!("{result:?}")
    };
    assert_eq!(id, "token");
}
