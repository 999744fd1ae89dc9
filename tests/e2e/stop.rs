//! Interrupting a build: the step's process ends, and nothing is left.

use std::{fs, time::Duration};

use llbgen_tests::{
    bed::Bed,
    command::{Running, fixture},
    fixtures::HANGING_COMMAND,
    process::{ends_within, with_command_line},
};
use rustix::process::Signal;

#[test]
fn an_interrupt_ends_the_running_step() {
    let Some(bed) = Bed::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    for (signal, name, code) in [
        (Signal::INT, "SIGINT", 130),
        (Signal::TERM, "SIGTERM", 143),
        (Signal::HUP, "SIGHUP", 129),
    ] {
        let build = Running::start(fixture("steps", home.path()).args([
            "--addr",
            &bed.address(),
            "--progress",
            "plain",
            "build",
            &name.to_lowercase(),
        ]));
        let said = build.until_it_says(&format!("it waits for {name}"));
        let steps: Vec<_> = with_command_line(HANGING_COMMAND);
        assert!(!steps.is_empty(), "the step is not on the host:\n{said}");
        build.signal(signal);
        build.wait_for(Duration::from_secs(10)).fails(code, &[]);
        for step in steps {
            assert!(
                ends_within(step, Duration::from_secs(10)),
                "the step goes on after {signal:?}"
            );
        }
        assert_eq!(
            fs::read_dir(home.path().join("out"))
                .into_iter()
                .flatten()
                .count(),
            0
        );
    }
}
