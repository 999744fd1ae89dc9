//! `--progress rawjson`: BuildKit's own status messages, a JSON object a line, with the variant beside them.

use std::io::Write;

use buildkit_client::Progress;
use fleet::Event;
use serde::Serialize;

use super::Renderer;

pub(super) struct RawJson<W> {
    out: W,
}

/// A status message as `buildctl --progress=rawjson` prints it, and the variant that it belongs to.
#[derive(Serialize)]
struct Line<'a> {
    artifact: &'a str,
    platform: String,
    #[serde(flatten)]
    progress: &'a Progress,
}

impl<W: Write> RawJson<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Renderer for RawJson<W> {
    fn show(&mut self, event: &Event) {
        if let Event::Progress { variant, progress } = event {
            let line = Line {
                artifact: variant.artifact.as_str(),
                platform: variant.platform.to_string(),
                progress,
            };
            let line =
                serde_json::to_string(&line).expect("progress is made of text, numbers and lists");
            // Where stderr is gone there is nobody left to tell.
            let _ = writeln!(self.out, "{line}");
        }
    }

    fn end(&mut self) {}
}
