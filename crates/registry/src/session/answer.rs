//! Answers of registries and of their token servers: limits on reading them, and the meaning of refusals.

use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::{
    answering::Answering,
    problem::RemoteProblem,
    retry::{Again, Failed},
    trouble::Trouble,
};

/// The most bytes that are read of a refusal.
const MAX_REFUSAL: usize = 64 << 10;

/// The most characters that are quoted from a registry.
const MAX_QUOTE: usize = 200;

/// An answer that is no refusal.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The answer, unless it is a refusal, or larger than `most`.
pub(super) async fn taken(response: Answering, most: usize) -> Result<Answer, Failed> {
    taken_without("", response, most).await
}

/// The same for a question with `secret` in it, which a server may repeat in a refusal.
pub(super) async fn taken_without(
    secret: &str,
    mut response: Answering,
    most: usize,
) -> Result<Answer, Failed> {
    let status = response.status().as_u16();
    if status >= 400 {
        let (body, _is_whole) = first(&mut response, MAX_REFUSAL).await?;
        let body = String::from_utf8_lossy(&body);
        let problem = match secret {
            "" => refused(status, &body),
            secret => refused(status, &body.replace(secret, "…")),
        };
        let again = Again::of(status, response.headers());
        return Err(Failed { problem, again });
    }
    let headers = response.headers().clone();
    match first(&mut response, most).await? {
        (body, true) => Ok(Answer { headers, body }),
        (_, false) => Err(RemoteProblem::nonsense(format!(
            "it has more than {most} bytes, the most that is read"
        ))
        .into()),
    }
}

/// The first bytes of a body, and whether that is all of it.
async fn first(response: &mut Answering, most: usize) -> Result<(Vec<u8>, bool), RemoteProblem> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let chunk = chunk.as_ref();
        if body.len() + chunk.len() > most {
            body.extend_from_slice(&chunk[..most - body.len()]);
            return Ok((body, false));
        }
        body.extend_from_slice(chunk);
    }
    Ok((body, true))
}

/// A refusal in the registry's own words.
pub(super) fn refused(status: u16, body: &str) -> RemoteProblem {
    let (codes, said) = said(body);
    let said = match quoted(&said) {
        said if said.is_empty() => said,
        said => format!(": {said}"),
    };
    RemoteProblem::Server {
        trouble: trouble(status, &codes),
        message: format!("the registry answered {status}{said}"),
    }
}

/// The trouble of a refusal: from its codes, which say more than its status, or else from its status.
fn trouble(status: u16, codes: &[String]) -> Option<Trouble> {
    let known = codes.iter().find_map(|code| Trouble::of_code(code));
    let by_status = Trouble::of_status(status);
    match by_status {
        Some(Trouble::Transient) => by_status,
        _ => known.or(by_status),
    }
}

/// The codes and messages in a body, as the distribution specification has them, or else its text.
fn said(body: &str) -> (Vec<String>, String) {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Error>,
    }
    #[derive(Deserialize)]
    struct Error {
        code: String,
        #[serde(default)]
        message: String,
    }
    let Ok(Errors { errors }) = serde_json::from_str(body) else {
        return (Vec::new(), body.trim().to_owned());
    };
    let texts: Vec<String> = errors
        .iter()
        .map(|error| format!("{}: {}", error.code, error.message))
        .collect();
    let codes = errors.into_iter().map(|error| error.code).collect();
    (codes, texts.join("; "))
}

/// The part of a text that is quoted.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
