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

#[test]
fn what_is_new_in_a_project_is_said_and_added_to_its_workload() {
    let services = |more: &str, volumes: &str| {
        format!(
            "services:\n  app: {{ image: \"BUSYBOX\", command: [\"sh\", \"-c\", \"STAYS\"], volumes: [\"one:/one\"] }}\n\
             {more}volumes: {{ one: {{}}{volumes} }}\n"
        )
    };
    let project = Project::up(engine(), &services("", ""));
    project.adopt();
    let file = project.world.path("reforge.toml");
    let by_hand = std::fs::read_to_string(&file).unwrap() + "# by hand, and it stays\n";
    std::fs::write(&file, &by_hand).unwrap();
    let more = "  more: { image: \"BUSYBOX\", command: [\"sh\", \"-c\", \"STAYS\"], volumes: [\"two:/two\", \"./three:/three\"] }\n";
    project.write(&services(more, ", two: {}"));
    project.compose(&["up", "-d"]);
    let again = project.world.ok(&["workload", "adopt", "--compose", &project.name]);
    again.expect_said("new: service `more`").expect_said("new: volume `two`").expect_said("new: volume `three`");
    let after = std::fs::read_to_string(&file).unwrap();
    let mut rest = by_hand.chars().peekable();
    for letter in after.chars() {
        rest.next_if_eq(&letter);
    }
    assert_eq!(rest.next(), None, "something of the old text is gone:\n{by_hand}\n\n{after}");
    let snapshot = project.world.snapshot(&project.name);
    let lives = [project.volume("one"), project.volume("two"), project.bound("three")];
    lives.iter().for_each(|live| std::fs::write(live.join("since"), "").unwrap());
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    assert!(lives.iter().all(|live| !live.join("since").exists()), "all of them are restored");
    // Nothing is new any more.
    project.world.ok(&["workload", "adopt", "--compose", &project.name]).expect_unsaid("new:");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
}

#[test]
fn a_project_is_not_adopted_again_beside_its_restore() {
    let project = Project::up(engine(), PROJECT_OF_ONE);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    let state = || std::fs::read(project.world.state_dir().join(format!("compose/{}.json", project.name))).unwrap();
    for effect in ["exchange#2", "docker-start"] {
        let mut restore = project.world.start_pausing(effect, &["restore", "run", &project.name, &snapshot, "--yes"]);
        assert!(restore.reaches_its_pause(), "{}", restore.complaints());
        let before = state();
        project.world.reforge(&["workload", "adopt", "--compose", &project.name]).expect(6);
        assert_eq!(state(), before, "what is written down of the hold stays");
        restore.go_on();
        restore.wait().expect(0);
    }
    project.adopt();
}

const PROJECT_OF_ONE: &str = r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["data:/data"], restart: always }
volumes: { data: {} }
"#;
