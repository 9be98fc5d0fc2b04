//! The command line: hands its arguments over and ends with the exit code of what became of them.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
