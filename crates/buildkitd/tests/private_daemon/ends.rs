//! Every way in which a user of the daemon can end, but SIGKILL.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use buildkitd::private::acquire;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::bed::{Home, ready};
use crate::step::{Step, wait_until_running};

#[test]
fn signals_stop_it() {
    if !ready() {
        return;
    }
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let home = Home::new();
        let mut user = home.user();
        assert_eq!(home.daemons().len(), 1);
        assert_eq!(user.signal(signal).code(), Some(code), "{signal:?}");
        home.assert_clean();
    }
}

/// A terminal sends ctrl-C to everything that it started. The daemon must not be among it: it is needed until the
/// builds are cancelled.
#[test]
fn ctrl_c_in_a_terminal_reaches_the_user_alone() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let (mut first, second) = (home.user(), home.user());
    let daemon = home.daemon();
    kill_process_group(Pid::from_raw(first.process.pid).unwrap(), Signal::INT).unwrap();
    assert_eq!(first.wait().code(), Some(130));
    assert!(daemon.is_running());
    second.end();
    home.assert_clean();
}

#[test]
fn an_error_stops_it() {
    if !ready() {
        return;
    }
    let home = Home::new();
    assert_eq!(home.spawn("exit 3").wait().code(), Some(3));
    home.assert_clean();
}

#[test]
fn a_panic_stops_it() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let result = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let _daemon = acquire(&home.settings()).await.unwrap();
            assert_eq!(home.daemons().len(), 1);
            panic!("on purpose");
        });
    }));
    let message = result.unwrap_err().downcast::<&str>().unwrap();
    assert_eq!(*message, "on purpose");
    home.assert_clean();
}

#[test]
fn a_running_step_ends_with_it() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let step = Step::new(home.dir());
    let mut user = home.spawn(&step.script());
    let running = step.running(&mut user);
    let daemon = home.daemon();
    user.process.signal(Signal::INT);
    assert!(running.ended_within(10), "the step goes on");
    assert_eq!(user.wait().code(), Some(130));
    assert!(!daemon.is_running());
    home.assert_clean();
}

/// The daemon's own environment is not the step's: steps are the same wherever they run.
#[test]
fn a_step_sees_nothing_of_it() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let mut user = home.spawn(&Step::new(home.dir()).script());
    let output = wait_until_running(&mut user);
    assert!(
        output.iter().any(|line| line.contains("env PATH=")),
        "{output:?}"
    );
    for name in ["NOTIFY_SOCKET", "TMPDIR", "XDG_RUNTIME_DIR"] {
        assert!(!output.iter().any(|line| line.contains(name)), "{output:?}");
    }
    assert_eq!(user.signal(Signal::TERM).code(), Some(143));
    home.assert_clean();
}

/// What one daemon has built, the next one knows.
#[test]
fn the_cache_outlives_it() {
    if !ready() {
        return;
    }
    let home = Home::new();
    let context = home.path("small");
    fs::create_dir(&context).unwrap();
    fs::write(
        context.join("Dockerfile"),
        "FROM scratch\nCOPY Dockerfile /\n",
    )
    .unwrap();
    let context = context.display();
    let script = format!(
        "buildctl build --progress plain --frontend dockerfile.v0 \
         --local context={context} --local dockerfile={context} 2>&1"
    );
    for cached in [false, true] {
        let mut user = home.spawn(&script);
        let output = user.output();
        assert!(user.wait().success(), "{output}");
        assert!(output.contains("COPY Dockerfile /"), "{output}");
        assert_eq!(output.contains("CACHED"), cached, "{output}");
        home.assert_clean();
    }
}
