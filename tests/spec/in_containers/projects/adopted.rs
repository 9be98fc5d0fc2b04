//! What adoption writes, and what it leaves alone.

use super::engine;
use crate::support::projects::Project;

const PROJECT: &str = r#"services:
  web:
    image: BUSYBOX
    command: ["sh", "-c", "STAYS"]
    environment: { SECRET: hunter2 }
    volumes: ["./data:/srv/first/data", "./other:/srv/second/data", "named:/named", "./file:/file", "/anonymous"]
    tmpfs: ["/scratch"]
  reader:
    image: BUSYBOX
    command: ["sh", "-c", "STAYS"]
    volumes: ["./data:/seen:ro", "./read-only:/read-only:ro"]
volumes: { named: {} }
"#;

#[test]
fn ten_projects_make_additions_to_a_configuration_and_nothing_else() {
    let projects: Vec<Project<'_>> = (0..10).map(|_| Project::of(engine(), PROJECT)).collect();
    let host = &projects[0].world;
    let file = host.path("reforge.toml");
    let by_hand = std::fs::read_to_string(&file).unwrap()
        + "\n# by hand, and it stays\n[[workload]]\nid = \"hand\"\nproject = \"p\"\nstage = \"prod\"\nruntime = \"process\"\n\
           command = [\"/bin/true\"] # this too\nenvironment = { A = \"1\" }\n";
    std::fs::write(&file, &by_hand).unwrap();
    for project in &projects {
        std::fs::write(project.bound("file"), "").unwrap();
        project.compose(&["up", "--no-start"]);
        let before = std::fs::read_to_string(&file).unwrap();
        host.ok(&["workload", "adopt", "--compose", &project.name]).expect_unsaid("hunter2");
        let after = std::fs::read_to_string(&file).unwrap();
        // Taken away what was added, the text is what it was.
        let mut rest = before.chars().peekable();
        for letter in after.chars() {
            rest.next_if_eq(&letter);
        }
        assert_eq!(rest.next(), None, "something of the old text is gone:\n{before}\n\n{after}");
        assert!(!after.contains("hunter2"), "no value of the environment");
    }
    let listed = host.ok(&["workload", "list", "--json"]).json();
    assert_eq!(listed["workloads"].as_array().unwrap().len(), 11);
    // Again: it says so, and nothing changes.
    let before = std::fs::read(&file).unwrap();
    host.ok(&["workload", "adopt", "--compose", &projects[3].name]).expect_said("already");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn what_cannot_be_captured_is_listed_with_its_place_and_reason() {
    let project = Project::of(engine(), PROJECT);
    std::fs::write(project.bound("file"), "").unwrap();
    for directory in ["data", "other", "read-only"] {
        std::fs::create_dir(project.bound(directory)).unwrap();
    }
    project.compose(&["up", "--no-start"]);
    let adopted = project.world.ok(&["workload", "adopt", "--compose", &project.name]);
    for (place, why) in [
        ("web:/file", "is a single file"),
        ("web:/anonymous", "the anonymous volume"),
        ("web:/scratch", "is in memory"),
        ("reader:/read-only", "can only read"),
        ("reader:/seen", "can only read"),
    ] {
        let said = format!("not captured: `{place}`");
        let line = adopted.stdout.lines().find(|line| line.contains(&said));
        assert!(line.is_some_and(|line| line.contains(why)), "{place}: {}", adopted.stdout);
    }
    // Two that end alike are two volumes, told apart by where they are seen.
    let shown = project.world.ok(&["workload", "show", &project.name]);
    for (name, directory) in [("data", "data"), ("web-data", "other"), ("named", "_data")] {
        let is_it = |line: &&str| line.starts_with(&format!("{name} ")) && line.ends_with(&format!("/{directory}"));
        assert!(shown.stdout.lines().any(|line| is_it(&line)), "{name}: {}", shown.stdout);
    }
}
