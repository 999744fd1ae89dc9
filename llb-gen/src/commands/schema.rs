//! `llbgen schema`: the JSON schema of llbgen.toml, for editors.

use crate::{failure::Failure, stdout};

pub(crate) fn run() -> Result<(), Failure> {
    stdout::json(&catalog::schema())?;
    Ok(())
}
