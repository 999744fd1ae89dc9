//! Blots known secrets out of what steps write, before anything shows or stores it.

use std::collections::BTreeMap;

use buildkit_client::{Progress, VertexDigest, VertexLog};

/// The replacement of a secret.
const BLOT: &[u8] = b"***";

/// The shortest line of a longer secret that is blotted out by itself; shorter ones (`}`, `EOF`) are everywhere.
const MIN_LINE: usize = 8;

/// The most ends that are held back at a time: more steps than any daemon runs. What comes beyond is shown as it is.
const MAX_HELD: usize = 10_000;

/// Blots secrets out of a stream of reports. Output comes in pieces that end anywhere, so the end of a piece that may
/// be the beginning of a secret is held back until the next piece, or the end of the step.
#[derive(Debug)]
pub(crate) struct Redactor {
    secrets: Vec<Blotted>,
    held: BTreeMap<(VertexDigest, i64), VertexLog>,
}

/// A secret value, which no Debug text shows.
#[derive(Clone)]
struct Blotted(Vec<u8>);

impl std::fmt::Debug for Blotted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Redactor {
    /// Knows `values`, and the longer lines in them.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut secrets: Vec<Vec<u8>> = Vec::new();
        for value in values {
            let whole = value.trim_ascii();
            let lines = whole
                .split(|byte| *byte == b'\n')
                .map(<[u8]>::trim_ascii)
                .filter(|line| line.len() >= MIN_LINE);
            secrets.extend(
                [whole]
                    .into_iter()
                    .chain(lines)
                    .filter(|text| !text.is_empty())
                    .map(<[u8]>::to_vec),
            );
        }
        // The longest first, so that no part of it is left when a shorter one is part of it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self {
            secrets: secrets.into_iter().map(Blotted).collect(),
            held: BTreeMap::new(),
        }
    }

    /// Blots the secrets out of a report.
    pub(crate) fn redact(&mut self, mut progress: Progress) -> Progress {
        if self.secrets.is_empty() {
            return progress;
        }
        let mut logs: Vec<VertexLog> = std::mem::take(&mut progress.logs)
            .into_iter()
            .map(|log| self.piece(log))
            .collect();
        for vertex in &mut progress.vertexes {
            vertex.error =
                String::from_utf8_lossy(&self.blot(vertex.error.as_bytes(), Ending::Final).0)
                    .into_owned();
            if vertex.completed.is_some() {
                logs.extend(self.release(&vertex.digest));
            }
        }
        progress.logs = logs
            .into_iter()
            .filter(|log| !log.data.is_empty())
            .collect();
        progress
    }

    fn piece(&mut self, mut log: VertexLog) -> VertexLog {
        let key = (log.vertex.clone(), log.stream);
        let mut data = self
            .held
            .remove(&key)
            .map(|held| held.data)
            .unwrap_or_default();
        data.append(&mut log.data);
        let ending = if self.held.len() < MAX_HELD {
            Ending::Open
        } else {
            Ending::Final
        };
        let (blotted, held) = self.blot(&data, ending);
        if !held.is_empty() {
            let data = held.to_vec();
            self.held.insert(
                key,
                VertexLog {
                    data,
                    ..log.clone()
                },
            );
        }
        VertexLog {
            data: blotted,
            ..log
        }
    }

    fn release(&mut self, vertex: &VertexDigest) -> Vec<VertexLog> {
        let keys: Vec<_> = self
            .held
            .keys()
            .filter(|(held, _)| held == vertex)
            .cloned()
            .collect();
        let held: Vec<VertexLog> = keys
            .iter()
            .filter_map(|key| self.held.remove(key))
            .collect();
        held.into_iter()
            .map(|log| VertexLog {
                data: self.blot(&log.data, Ending::Final).0,
                ..log
            })
            .collect()
    }

    /// Blots the secrets out of `data`. The end of an open piece that may be the beginning of a secret is returned as
    /// it is.
    fn blot<'a>(&self, data: &'a [u8], ending: Ending) -> (Vec<u8>, &'a [u8]) {
        let mut rest = data;
        let mut blotted = Vec::with_capacity(data.len());
        while let Some(first) = rest.first() {
            let begins =
                |secret: &Blotted| secret.0.len() > rest.len() && secret.0.starts_with(rest);
            if ending == Ending::Open && self.secrets.iter().any(begins) {
                break;
            }
            if let Some(secret) = self
                .secrets
                .iter()
                .find(|secret| rest.starts_with(&secret.0))
            {
                blotted.extend_from_slice(BLOT);
                rest = &rest[secret.0.len()..];
            } else {
                blotted.push(*first);
                rest = &rest[1..];
            }
        }
        (blotted, rest)
    }
}

/// Whether more may follow a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Open,
    Final,
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use buildkit_client::Vertex;

    use super::*;

    fn log(data: &str) -> VertexLog {
        let vertex = VertexDigest::from("sha256:1".to_owned());
        VertexLog {
            vertex,
            stream: 1,
            data: data.as_bytes().to_vec(),
            timestamp: SystemTime::UNIX_EPOCH,
        }
    }

    fn check(secrets: &[&str], pieces: &[&str], expected: &str) {
        let mut redactor = Redactor::new(secrets.iter().map(|secret| secret.as_bytes()));
        let mut shown = String::new();
        let mut show = |progress: Progress| {
            for log in progress.logs {
                shown.push_str(str::from_utf8(&log.data).unwrap());
            }
        };
        for piece in pieces {
            show(redactor.redact(Progress {
                logs: vec![log(piece)],
                ..Progress::default()
            }));
        }
        let completed = Some(SystemTime::UNIX_EPOCH);
        let end = Vertex {
            digest: log("").vertex,
            completed,
            ..Vertex::default()
        };
        show(redactor.redact(Progress {
            vertexes: vec![end],
            ..Progress::default()
        }));
        assert_eq!(shown, expected, "{secrets:?} {pieces:?}");
    }

    #[test]
    fn secrets_are_blotted_out_wherever_pieces_end() {
        check(&["hunter2\n"], &["a hunter2 b"], "a *** b");
        check(&["hunter2"], &["a hun", "ter2 b"], "a *** b");
        check(&["hunter2"], &["h", "u", "n", "t", "e", "r", "2"], "***");
        check(&["hunter2"], &["a hun"], "a hun");
        check(&["hunter2"], &["hun", "hunter2"], "hun***");
        check(&["abc", "abcdef"], &["abcd", "ef abc"], "*** ***");
        check(
            &["first-line\nsecond-line"],
            &["got second-line\n"],
            "got ***\n",
        );
        check(&[""], &["plain"], "plain");
        check(&[], &["plain"], "plain");
    }

    /// A daemon knows the secrets that it was handed, and may begin one in step after step.
    #[test]
    fn what_is_held_back_is_bounded() {
        let mut redactor = Redactor::new([b"hunter2".as_slice()]);
        for number in 0..MAX_HELD + 100 {
            let vertex = VertexDigest::from(format!("sha256:{number}"));
            redactor.redact(Progress {
                logs: vec![VertexLog {
                    vertex,
                    ..log("hunt")
                }],
                ..Progress::default()
            });
        }
        assert_eq!(redactor.held.len(), MAX_HELD);
    }
}
