//! A shell that stays, as a person's does: variables, jobs and the directory go from block to block.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) struct Shell {
    bash: Child,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
    scripts: PathBuf,
    count: usize,
}

impl Shell {
    /// Starts one that keeps its scripts, and what they print, in a directory.
    pub(crate) fn start(scripts: &Path, environment: &[(&str, String)]) -> Shell {
        let mut bash = Command::new("bash")
            .args(["--noprofile", "--norc", "-euxo", "pipefail"])
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .env_remove("REFORGE_CONFIG")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            .current_dir(scripts)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (orders, reports) = (bash.stdin.take().unwrap(), BufReader::new(bash.stdout.take().unwrap()));
        Shell { bash, orders, reports, scripts: scripts.to_owned(), count: 0 }
    }

    /// Runs a script to its end; what it printed. One that fails ends the shell.
    pub(crate) fn run(&mut self, script: &str) -> Result<String, String> {
        self.count += 1;
        let file = |kind: &str| self.scripts.join(format!("{}.{kind}", self.count));
        let (text, out, err) = (file("sh"), file("out"), file("err"));
        std::fs::write(&text, script).unwrap();
        let [text, out_name, err_name] = [&text, &out, &err].map(|path| path.display());
        let order = format!("source '{text}' </dev/null >'{out_name}' 2>'{err_name}'\necho done\n");
        let sent = self.orders.write_all(order.as_bytes());
        let ended = sent.is_err() || self.reports.read_line(&mut String::new()).unwrap() == 0;
        let read = |file: &Path| String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned();
        match ended {
            false => Ok(read(&out)),
            true => Err(format!("the block failed\nprinted:\n{}\nsaid:\n{}", read(&out), read(&err))),
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.bash.kill();
        let _ = self.bash.wait();
    }
}
