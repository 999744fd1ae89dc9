//! Starting the daemon and waiting until it serves.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use buildkit_client::ConnectError;
use tokio::net::UnixDatagram;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::launch::Launch;
use super::layout::Layout;
use super::processes;
use crate::file_limit::raise_file_limit;
use crate::probe;

/// How much of the log an error shows: the reason stands in the last lines.
const TAIL_LINES: usize = 10;

/// More than [`TAIL_LINES`] lines of usual length and a call stack.
const TAIL_BYTES: u64 = 16 << 10;

/// Why the daemon did not come up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file that it needs cannot be written.
    #[error("cannot write `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The program cannot be run.
    #[error("cannot run `{}`", program.display())]
    Spawn {
        /// buildkitd, or rootlesskit.
        program: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The process ended before it served.
    #[error("it ended at once ({status}); {log}")]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: LogTail,
    },
    /// It did not report that it serves.
    #[error("it was not ready within {} s; {log}", deadline.as_secs())]
    TooSlow {
        /// The time that it had.
        deadline: Duration,
        /// The end of its log.
        log: LogTail,
    },
    /// It reports that it serves, but does not answer.
    #[error("it started but does not answer; {log}")]
    Silent {
        /// The end of its log.
        log: LogTail,
        /// Why the request failed.
        #[source]
        source: Box<ConnectError>,
    },
    /// The readiness report cannot be received, or the process not be watched.
    #[error("cannot watch its start")]
    Watch(#[source] io::Error),
}

impl StartError {
    /// The end of the log, when the daemon ran.
    pub(super) fn log(&self) -> Option<&LogTail> {
        match self {
            Self::Exited { log, .. } | Self::TooSlow { log, .. } | Self::Silent { log, .. } => {
                Some(log)
            }
            Self::File { .. } | Self::Spawn { .. } | Self::Watch(_) => None,
        }
    }
}

/// The end of the daemon's log.
#[derive(Debug)]
pub struct LogTail {
    /// The log file.
    pub path: PathBuf,
    /// Its last lines, without the last line break; empty when there is no log.
    pub lines: String,
}

impl std::fmt::Display for LogTail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.lines.is_empty() {
            return write!(f, "its log `{}` is empty", self.path.display());
        }
        write!(f, "its log `{}` ends with:", self.path.display())?;
        self.lines
            .lines()
            .try_for_each(|line| write!(f, "\n    {line}"))
    }
}

impl LogTail {
    pub(super) fn read(path: &Path) -> Self {
        // The log explains another error; when it cannot be read, that error still stands.
        let lines = tail(path).unwrap_or_default();
        Self {
            path: path.to_owned(),
            lines,
        }
    }
}

/// Starts the daemon; it serves when this returns. On an error, or when the future is dropped, the caller ends the
/// processes that were started.
pub(super) async fn start(
    layout: &Layout,
    launch: &Launch,
    deadline: Duration,
) -> Result<(), StartError> {
    write_files(layout, launch)?;
    let notify = layout.notify_socket();
    let ready = UnixDatagram::bind(&notify).map_err(|source| StartError::File {
        path: notify,
        source,
    })?;
    let exited = spawn(layout, launch)?;

    let log = || LogTail::read(&layout.log());
    tokio::select! {
        status = exited => match status {
            Ok(Ok(status)) => return Err(StartError::Exited { status, log: log() }),
            Ok(Err(error)) => return Err(StartError::Watch(error)),
            Err(_) => return Err(StartError::Watch(io::ErrorKind::Interrupted.into())),
        },
        result = timeout(deadline, wait_ready(&ready)) => match result {
            Ok(result) => result.map_err(StartError::Watch)?,
            Err(_) => return Err(StartError::TooSlow { deadline, log: log() }),
        },
    }
    probe::answers(&layout.socket())
        .await
        .map_err(|source| StartError::Silent {
            log: log(),
            source: Box::new(source),
        })
}

/// Waits for systemd's readiness message (`sd_notify(3)`), which buildkitd sends when it listens.
async fn wait_ready(socket: &UnixDatagram) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if buffer[..length]
            .split(|byte| *byte == b'\n')
            .any(|line| line == b"READY=1")
        {
            return Ok(());
        }
    }
}

fn write_files(layout: &Layout, launch: &Launch) -> Result<(), StartError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StartError::File { path, source }
    };
    for old in layout.configs().map_err(failed(&layout.dir))? {
        fs::remove_file(&old).map_err(failed(&old))?;
    }
    fs::write(&launch.config_path, &launch.config_text).map_err(failed(&launch.config_path))?;
    for dir in [layout.root(), layout.temporary(), layout.runtime()] {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(failed(&dir))?;
    }
    Ok(())
}

/// Runs the program in a process group of its own, so that the terminal's ctrl-C does not reach it: it must outlive
/// the cancellation of the builds. The receiver gets its exit status.
fn spawn(
    layout: &Layout,
    launch: &Launch,
) -> Result<oneshot::Receiver<io::Result<ExitStatus>>, StartError> {
    raise_file_limit();
    let log_path = layout.log();
    let log = open_log(&log_path).map_err(|source| StartError::File {
        path: log_path.clone(),
        source,
    })?;
    let errors = log.try_clone().map_err(|source| StartError::File {
        path: log_path,
        source,
    })?;
    let [program, arguments @ ..] = launch.argv.as_slice() else {
        return Err(StartError::Spawn {
            program: PathBuf::new(),
            source: io::ErrorKind::InvalidInput.into(),
        });
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env("PATH", &launch.tools.path)
        .env(processes::MARK, layout.root())
        .env("TMPDIR", layout.temporary())
        .env("XDG_RUNTIME_DIR", layout.runtime())
        .env("NOTIFY_SOCKET", layout.notify_socket())
        // The variables of a caller that systemd started are not for the daemon.
        .env_remove("LISTEN_FDS")
        .env_remove("LISTEN_PID")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(|source| StartError::Spawn {
            program: program.into(),
            source,
        })?;
    let (send, receive) = oneshot::channel();
    thread::spawn(move || {
        // No receiver is left once the daemon serves; the wait still matters, or the process would stay as a zombie.
        drop(send.send(child.wait()));
    });
    Ok(receive)
}

/// Opens the log for appending, because the daemon's children write to it too.
fn open_log(path: &Path) -> io::Result<File> {
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    log.set_len(0)?;
    Ok(log)
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = without_stack_traces(&text);
    Ok(lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n"))
}

/// The lines without Go's call stack, with which buildkitd ends an error: two lines for each call, the function, and
/// behind a tab the place.
fn without_stack_traces(text: &str) -> Vec<&str> {
    let mut kept = Vec::new();
    for line in text.trim_end().lines() {
        if line.starts_with('\t') {
            kept.pop();
        } else {
            kept.push(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_kept_and_the_call_stack_is_not() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(without_stack_traces(text), expected, "{text:?}");
        };
        check("", &[]);
        check("\tcut off\na\n", &["a"]);
        check(
            "level=info\nbuildkitd: reason\nmain.main\n\tmain.go:1\nruntime.goexit\n\tasm.s:2\nchild exited\n",
            &["level=info", "buildkitd: reason", "child exited"],
        );
    }
}
