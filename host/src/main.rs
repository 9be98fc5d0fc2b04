//! The command line.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [verb, directory] if verb == "supervise" => reforge_host::runtime::process::supervise(Path::new(directory)),
        _ => ExitCode::FAILURE,
    }
}
