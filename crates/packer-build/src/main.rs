//! Builds the packer for a target: `llbgen-build-packer TARGET DIRECTORY`. Prints its path.

use std::{env, io::Write as _, path::Path, process::ExitCode};

fn main() -> ExitCode {
    if let Some(code) = packer_build::wrap() {
        return code;
    }
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [target, directory] = arguments.as_slice() else {
        return fail("usage: llbgen-build-packer TARGET DIRECTORY", 2);
    };
    let built = std::path::absolute(Path::new(directory))
        .map_err(|error| format!("{directory}: {error}"))
        .and_then(|directory| packer_build::build(target, &directory));
    match built {
        Ok(program) => {
            // A closed stdout has nobody to tell.
            let _ = writeln!(std::io::stdout(), "{}", program.display());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format!("error: {error}"), 1),
    }
}

fn fail(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(code)
}
