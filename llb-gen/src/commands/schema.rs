//! `llbgen schema`: the JSON schema of llbgen.toml, for editors.

use crate::{failure::Failure, table};

pub(crate) fn run() -> Result<(), Failure> {
    table::print_json(&catalog::schema())?;
    Ok(())
}
