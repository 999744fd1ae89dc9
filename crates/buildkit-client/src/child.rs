//! The output of another program, which is waited for only so long.

use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The output of a program that reads `input`; `None` if it did not end within `limit`.
///
/// It gets a process group of its own. When it is given up, or the future is dropped, it ends, and so do the programs
/// that it has started: one of those may be what hangs.
pub async fn output_within(
    command: &mut Command,
    input: &[u8],
    limit: Duration,
) -> io::Result<Option<Output>> {
    let child = command
        .stdin(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let id = child.id();
    let mut running = Box::pin(output(child, input));
    // Dropped before the child, whose number it has.
    let group = Group::of(id);
    let Ok(output) = timeout(limit, &mut running).await else {
        drop(group);
        return Ok(None);
    };
    group.leave();
    output.map(Some)
}

async fn output(mut child: Child, input: &[u8]) -> io::Result<Output> {
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input may have ended already; then its output counts.
        match stdin.write_all(input).await {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    child.wait_with_output().await
}

/// The process group of a child, ended when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn of(id: Option<u32>) -> Self {
        let id = id.and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// Leaves the group as it is: the child has ended, and what it left behind, such as an agent, is meant to stay.
    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Instant;

    use super::*;

    fn script(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text]).stdout(Stdio::piped());
        command
    }

    /// Waits until the process in the file has ended.
    async fn ends(file: &Path) -> bool {
        let pid = fs::read_to_string(file).unwrap();
        let is_there = || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
            // A zombie has ended.
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        for _ in 0..100 {
            if !is_there() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_program_that_hangs_ends_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let hangs = format!("sleep 300 & echo $! > '{}'; wait", file.display());
        let began = Instant::now();
        let output = output_within(&mut script(&hangs), b"", Duration::from_secs(2)).await;
        assert!(output.unwrap().is_none());
        assert!(began.elapsed() < Duration::from_secs(20));
        assert!(ends(&file).await, "its child goes on");

        let waits = "echo $$ > pid; exec sleep 300";
        let mut given_up = script(waits);
        given_up.current_dir(dir.path());
        let waiting = output_within(&mut given_up, b"", Duration::from_mins(5));
        assert!(timeout(Duration::from_secs(2), waiting).await.is_err());
        assert!(ends(&file).await, "it goes on");
    }

    #[tokio::test]
    async fn what_it_prints_is_its_output() {
        let limit = Duration::from_mins(1);
        let output = output_within(&mut script("cat; exit 3"), b"x", limit).await;
        let output = output.unwrap().unwrap();
        assert_eq!(
            (output.status.code(), &*output.stdout),
            (Some(3), &b"x"[..])
        );
        let deaf = vec![b'x'; 1 << 20];
        let output = output_within(&mut script("exit 0"), &deaf, limit).await;
        assert!(output.unwrap().unwrap().status.success());
    }
}
