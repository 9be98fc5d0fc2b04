//! The project of `docs/examples` comes up on a real engine, with this machine's Compose, and does what its page says.

use std::path::Path;
use std::process::Command;

use crate::support::engine::Engine;
use crate::support::process::eventually;

struct Project<'a> {
    engine: &'a Engine,
    directory: tempfile::TempDir,
}

impl Project<'_> {
    /// A program beside the engine, as a person would run it in the project's directory.
    fn run(&self, words: &[&str]) -> (bool, String) {
        let mut command = self.engine.command_beside(words);
        command.current_dir(self.directory.path());
        command.env("DOCKER_HOST", format!("unix://{}", self.engine.socket().display()));
        command.env("DOCKER_CONFIG", self.directory.path().join(".docker"));
        let output = command.output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    }

    #[track_caller]
    fn ok(&self, words: &[&str]) -> String {
        let (done, said) = self.run(words);
        assert!(done, "{words:?}: {said}");
        said
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        self.run(&["docker-compose", "down", "-v", "-t", "2"]);
    }
}

#[test]
fn the_shop_takes_orders_and_keeps_each_in_both_of_its_places() {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|path| path.join("docs/examples").exists()).unwrap();
    let engine = Engine::apart();
    let directory = tempfile::Builder::new().prefix("shop").tempdir().unwrap();
    let copied =
        Command::new("cp").arg("-r").arg(root.join("docs/examples/shop/.")).arg(directory.path()).status().unwrap();
    assert!(copied.success());
    let project = Project { engine: &engine, directory };
    project.ok(&["./build-images.sh"]);
    project.ok(&["docker-compose", "up", "-d"]);
    let orders = "http://127.0.0.1/cgi-bin/orders";
    let ask = |more: &[&str]| {
        project.run(&[&["docker-compose", "exec", "-T", "web", "wget", "-qO-"][..], more, &[orders]].concat())
    };
    eventually("the page answers", || ask(&[]).0);
    assert_eq!(ask(&["--post-data", "a coffee"]), (true, "1 a coffee\n".to_owned()));
    assert_eq!(ask(&["--post-data", "a 'cake'"]), (true, "1 a coffee\n2 a 'cake'\n".to_owned()));
    let receipt = std::fs::read_to_string(project.directory.path().join("receipts/2")).unwrap();
    assert_eq!(receipt, "a 'cake'\n");
}
