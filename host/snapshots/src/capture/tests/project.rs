//! The files of a Compose project beside the volumes: what they are in the archive, and what a plugin is shown of it.

use std::os::unix::fs::{FileExt as _, symlink};
use std::process::{Command, Stdio};

use super::super::*;
use super::fixture::{World, run};
use crate::Unwatched;
use crate::format::Image;
use crate::project_files;
use crate::store::OpenSnapshot;
use reforge_base::consistency::Consistency;
use reforge_base::project::{FileKind, NotKept, ProjectFile, ProjectFiles};
use reforge_volumes::ambient;

fn captured(world: &World, files: Vec<ProjectFile>) -> Descriptor {
    let live = ambient::follow(&world.live()).unwrap();
    let working_dir = world.dir.path().join("shop").display().to_string();
    let project = Project { working_dir, files, project_files: ProjectFiles::All, ..Project::default() };
    let (name, scope, source) = ("data".into(), "project".into(), "data".into());
    let request = CaptureRequest {
        workload: "notes".into(),
        reason: "manual".into(),
        image: Image { reference: "compose:shop".into(), digest: "sha256:1".into() },
        skipped: Vec::new(),
        not_captured: Vec::new(),
        environment: BTreeMap::new(),
        project: Some(project),
        volumes: vec![CaptureVolume { name, scope, source, target: "/data".into(), seen_at: Vec::new(), live: &live }],
        storage: Storage::Compressed,
        taken_in: None,
        app_is_down: false,
        terms: Terms::default(),
        conclude: &|| Ok(Taken::new(Consistency::Live, true)),
    };
    capture(&world.store, &request, &Unwatched).unwrap()
}

fn shop(world: &World) -> Vec<ProjectFile> {
    let directory = world.dir.path().join("shop");
    std::fs::create_dir_all(directory.join("conf")).unwrap();
    std::fs::write(directory.join("compose.yaml"), "services: {}\n").unwrap();
    std::fs::write(directory.join("conf/app"), "x").unwrap();
    std::fs::write(directory.join(".env"), "A=1\n").unwrap();
    symlink("conf", directory.join("link")).unwrap();
    let outside = world.dir.path().join("base.yaml");
    std::fs::write(&outside, "base\n").unwrap();
    let file = |name: &str, kind| ProjectFile::new(directory.join(name).display().to_string(), kind);
    vec![
        file("compose.yaml", FileKind::Compose),
        ProjectFile::new(outside.display().to_string(), FileKind::Compose),
        file("conf/app", FileKind::Config),
        file("link/app", FileKind::Config),
        file("conf", FileKind::Config),
        file("gone", FileKind::Secret),
    ]
}

/// What a plugin reads of it, in small pieces.
fn shown(snapshot: &OpenSnapshot) -> Vec<u8> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < snapshot.shown_bytes() {
        bytes.extend(snapshot.read_shown(bytes.len() as u64, 97).unwrap());
    }
    assert!(snapshot.read_shown(bytes.len() as u64, 97).unwrap().is_empty());
    bytes
}

fn listed(world: &World, archive: &[u8]) -> Vec<String> {
    let file = world.dir.path().join("listed.tar.gz");
    std::fs::write(&file, archive).unwrap();
    let text = String::from_utf8(run(Command::new("tar").arg("-tzf").arg(file).stderr(Stdio::inherit()))).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_plugin_is_shown_an_archive_that_is_whole_without_the_projects_files() {
    let world = World::made_by("echo 1 > one; head -c 20000000 /dev/urandom > large");
    let descriptor = captured(&world, shop(&world));
    let snapshot = world.store.open("notes", &descriptor.id).unwrap();
    let all = listed(&world, &std::fs::read(world.archive(&descriptor)).unwrap());
    let seen = listed(&world, &shown(&snapshot));
    assert_eq!(seen, ["manifest.json", "volumes/0/", "volumes/0/large", "volumes/0/one"]);
    let outside = format!("project-outside{}/base.yaml", world.dir.path().display());
    let beside = ["project/compose.yaml", &outside, "project/conf/app", "project/.env", "project.json"];
    assert_eq!(all, [&seen.iter().map(String::as_str).collect::<Vec<_>>()[..], &beside].concat());
    let for_plugins = descriptor.for_plugins().unwrap();
    assert_eq!((for_plugins.archive.bytes, for_plugins.project), (snapshot.shown_bytes(), None));
    world.store.verify("notes", &descriptor.id, &Unwatched).unwrap();
}

#[test]
fn what_is_not_kept_says_why_and_fails_nothing() {
    let world = World::made_by("echo 1 > one");
    let descriptor = captured(&world, shop(&world));
    let files = descriptor.project.unwrap().files;
    let why: Vec<_> = files.iter().map(|file| file.why).collect();
    let not = [Some(NotKept::Link), Some(NotKept::NotAFile), Some(NotKept::Missing)];
    assert_eq!(why, [&[None; 3][..], &not, &[None]].concat());
}

#[test]
fn the_files_come_out_as_they_were_or_not_at_all() {
    let world = World::made_by("echo 1 > one");
    let descriptor = captured(&world, shop(&world));
    let snapshot = world.store.open("notes", &descriptor.id).unwrap();
    let (_, contents) = project_files::read(&snapshot).unwrap();
    let out = world.dir.path().join("out");
    project_files::write(&out, &contents).unwrap();
    assert_eq!(std::fs::read_to_string(out.join("conf/app")).unwrap(), "x");
    assert_eq!(std::fs::read_to_string(out.join(".env")).unwrap(), "A=1\n");
    assert_eq!(project_files::write(&out, &contents).unwrap_err().code, Code::Usage);
    let entries = descriptor.project_entries().unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(world.archive(&descriptor)).unwrap();
    file.write_all_at(&[0xff; 20], entries.offset + entries.bytes / 2).unwrap();
    assert_eq!(project_files::read(&snapshot).unwrap_err().code, Code::SnapshotDamaged);
}
