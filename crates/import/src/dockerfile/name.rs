//! The names of instructions.

const NAMES: [&str; 18] = [
    "FROM",
    "ARG",
    "ENV",
    "LABEL",
    "RUN",
    "CMD",
    "ENTRYPOINT",
    "SHELL",
    "HEALTHCHECK",
    "COPY",
    "ADD",
    "WORKDIR",
    "USER",
    "EXPOSE",
    "VOLUME",
    "STOPSIGNAL",
    "MAINTAINER",
    "ONBUILD",
];

/// The instruction that a word names.
pub(super) fn name(word: &str) -> Result<&'static str, String> {
    let upper = word.to_uppercase();
    if let Some(name) = NAMES.into_iter().find(|name| *name == upper) {
        return Ok(name);
    }
    let distance = |name: &&str| strsim::damerau_levenshtein(name, &upper);
    let nearest = NAMES.into_iter().min_by_key(distance);
    Err(match nearest.filter(|name| distance(name) <= 2) {
        Some(near) => format!("`{word}` is no instruction; did you mean `{near}`?"),
        None => format!("`{word}` is no instruction"),
    })
}
