use std::os::unix::fs::{chown, symlink};
use std::process::Command;

use super::*;
use reforge_testing::world::{WithVolume as _, World, chmod, workload};
use reforge_testing::{Disk, Mounted, run};

/// A host with the workload `a` of `notes` in `prod`, and what its volumes resolve to.
fn resolved(world: &World) -> Resolution {
    resolve(&world.config, &world.config.workloads[0])
}

fn app() -> Workload {
    workload("a", "notes", "prod")
}

/// The clauses of all refusals: each must be about `data` of `a` and have a hint.
fn clauses(world: &World) -> Vec<String> {
    let resolution = resolved(world);
    let clause = |failure: &Failure| {
        assert_eq!(failure.code, Code::VolumeRefused);
        assert!(!failure.hint.is_empty(), "no hint: {failure}");
        let message = failure.message.strip_prefix("volume `data` of `a` at `").expect("names volume and workload");
        let (path, clause) = message.split_once("` ").expect("names the path");
        assert!(path.starts_with(world.root.to_str().unwrap()), "{path}");
        clause.replace(world.root.to_str().unwrap(), "")
    };
    resolution.refusals.iter().map(clause).collect()
}

fn with_data(scope: Scope, source: &str) -> World {
    let world = World::new();
    let source = if scope == Scope::Absolute { world.root.join(source) } else { source.into() };
    world.with([app().volume("data", scope, source)])
}

#[test]
fn every_supported_scope_leads_to_its_directory_and_others_are_skipped() {
    let world = World::new();
    let absolute = world.live("allowed/deep/abs");
    let (project, stage) = (world.live("volumes/notes/shared"), world.live("volumes/notes/prod/a/own"));
    let app = app()
        .volume("one", Scope::Absolute, &absolute)
        .volume("two", Scope::Project, "shared")
        .volume("three", Scope::Stage, "a/own")
        .volume("four", Scope::ProjectNamed, "x")
        .volume("five", Scope::Stage, "absent");
    let world = world.with([app]);
    let resolution = resolved(&world);
    assert_eq!(resolution.refusals, []);
    let found: Vec<_> = resolution.volumes.iter().map(|volume| (volume.path.clone(), volume.exists)).collect();
    let absent = world.root.join("volumes/notes/prod/absent");
    assert_eq!(found, [(absolute, true), (project, true), (stage.clone(), true), (absent, false)]);
    assert_eq!(resolution.skipped, [SkippedVolume { name: "four".into(), scope: "project_named".into() }]);
    let third = &resolution.volumes[2];
    assert_eq!((third.parent.join(&third.live), third.target.clone()), (stage.clone(), stage));
}

#[test]
fn a_link_on_the_way_that_stays_inside_is_resolved() {
    let world = with_data(Scope::Project, "link/data");
    let real = world.live("volumes/notes/real/data");
    symlink("real", world.root.join("volumes/notes/link")).unwrap();
    let resolution = resolved(&world);
    assert_eq!((resolution.refusals.as_slice(), &resolution.volumes[0].path), (&[][..], &real));
}

#[test]
fn links_that_lead_outside_are_refused() {
    let outside = "leads outside `/volumes/notes`: its parent is really ";
    for (link, target, source, expected) in [
        ("volumes/notes", "elsewhere", "data", format!("{outside}`/elsewhere`")),
        ("volumes/notes", "volumes/other", "data", format!("{outside}`/volumes/other`")),
        ("volumes/notes/link", "elsewhere", "link/data", format!("{outside}`/elsewhere`")),
        ("volumes/notes/link", "volumes", "link/data", format!("{outside}`/volumes`")),
        ("volumes/notes/data", "elsewhere", "data", "is a symbolic link".to_owned()),
        ("volumes/notes/data", "nowhere", "data", "is a symbolic link".to_owned()),
    ] {
        let world = with_data(Scope::Project, source);
        world.live("volumes/other");
        world.live("elsewhere/data");
        let link = world.root.join(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(world.root.join(target), &link).unwrap();
        assert_eq!(clauses(&world), [expected], "{} -> {target}", link.display());
    }
}

#[test]
fn an_absolute_source_lies_below_an_allowed_root_with_its_links_resolved() {
    let world = with_data(Scope::Absolute, "elsewhere/data");
    world.live("elsewhere/data");
    let expected = "does not lie below an allowed root: its parent is really `/elsewhere`";
    assert_eq!(clauses(&world), [expected]);

    let world = with_data(Scope::Absolute, "allowed/link/data");
    world.live("elsewhere/data");
    symlink(world.root.join("elsewhere"), world.root.join("allowed/link")).unwrap();
    assert_eq!(clauses(&world), [expected]);

    let world = with_data(Scope::Absolute, "allowedfoo/data");
    world.live("allowedfoo/data");
    assert_eq!(clauses(&world), ["does not lie below an allowed root: its parent is really `/allowedfoo`"]);

    let mut world = with_data(Scope::Absolute, "link/data");
    world.live("allowed/data");
    symlink(world.root.join("allowed"), world.root.join("link")).unwrap();
    assert_eq!(clauses(&world), [] as [&str; 0], "a link to an allowed root");
    world.config.host.allowed_roots = vec![world.root.join("not-mounted")];
    assert_eq!(clauses(&world).len(), 1);
}

#[test]
fn an_allowed_root_allows_itself_and_nothing_beside() {
    let mut world = with_data(Scope::Absolute, "elsewhere/data");
    world.live("elsewhere/data");
    world.config.host.allowed_roots = vec![world.root.join("elsewhere/data")];
    assert_eq!(clauses(&world), [] as [&str; 0]);
    world.config.host.allowed_roots = vec![world.root.join("elsewhere/dat"), world.root.join("elsewhere/data/below")];
    assert_eq!(clauses(&world), ["does not lie below an allowed root: its parent is really `/elsewhere`"]);
    // Another way to the same directory is the same directory.
    symlink(world.root.join("elsewhere"), world.root.join("link")).unwrap();
    world.config.host.allowed_roots = vec![world.root.join("link/data")];
    assert_eq!(clauses(&world), [] as [&str; 0]);
    std::fs::remove_dir_all(world.root.join("elsewhere/data")).unwrap();
    assert_eq!(clauses(&world), [] as [&str; 0], "what is gone can be restored");
}

#[test]
fn what_is_missing_above_a_volume_is_named() {
    let world = with_data(Scope::Stage, "data");
    assert_eq!(clauses(&world), ["has no parent directory: `/volumes/notes/prod` does not exist"]);
    assert_eq!(resolved(&world).parents_to_make, 1);
    std::fs::remove_dir(world.root.join("volumes")).unwrap();
    let expected = "has no volume root: cannot look at `/volumes`: no such file or directory";
    assert_eq!(clauses(&world), [expected]);
    assert_eq!(resolved(&world).parents_to_make, 0, "a disk that is not mounted is not made up");
    let world = with_data(Scope::Absolute, "allowed/x/data");
    assert_eq!(clauses(&world), ["has no parent directory: `/allowed/x` does not exist"]);
    assert_eq!(resolved(&world).parents_to_make, 0);
    std::fs::write(world.root.join("allowed/x"), "").unwrap();
    assert_eq!(clauses(&world).len(), 1);
}

#[test]
fn each_thing_that_is_wrong_with_live_or_its_parent_is_said() {
    type Spoil = fn(&Path, &Path);
    let rows: [(&str, Spoil); 6] = [
        ("is not a directory", |_, live| {
            std::fs::remove_dir(live).unwrap();
            std::fs::write(live, "").unwrap();
        }),
        ("has a parent that others can write in (mode 775)", |parent, _| chmod(parent, 0o775)),
        ("has a parent that others can write in (mode 1777)", |parent, _| chmod(parent, 0o1777)),
        ("has a parent that belongs to user 1234, who could put something else there", |parent, _| {
            chown(parent, Some(1234), None).unwrap();
        }),
        ("is immutable", |_, live| run("chattr", &["+i", live.to_str().unwrap()])),
        ("is append-only", |_, live| run("chattr", &["+a", live.to_str().unwrap()])),
    ];
    for (expected, spoil) in rows {
        let world = with_data(Scope::Project, "data");
        let live = world.live("volumes/notes/data");
        spoil(live.parent().unwrap(), &live);
        let found = clauses(&world);
        run("chattr", &["-f", "-R", "-ia", world.root.join("volumes").to_str().unwrap()]);
        assert_eq!(found, [expected]);
    }
}

#[test]
fn an_immutable_parent_is_refused() {
    let world = with_data(Scope::Project, "data");
    world.live("volumes/notes/data");
    let parent = world.root.join("volumes/notes");
    run("chattr", &["+i", parent.to_str().unwrap()]);
    let found = clauses(&world);
    run("chattr", &["-i", parent.to_str().unwrap()]);
    assert_eq!(found, ["has a parent that is immutable or append-only, so nothing in it can be renamed"]);
}

#[test]
fn all_problems_of_all_volumes_are_told_at_once() {
    let world = World::new();
    let app = app().volume("data", Scope::Project, "data").volume("file", Scope::Project, "file").volume(
        "out",
        Scope::Absolute,
        "/etc/x",
    );
    let world = world.with([app]);
    let live = world.live("volumes/notes/data");
    std::fs::write(world.root.join("volumes/notes/file"), "").unwrap();
    chmod(live.parent().unwrap(), 0o777);
    let resolution = resolved(&world);
    assert_eq!(resolution.volumes, []);
    assert_eq!(resolution.refusals.len(), 4, "the parent twice, the file, the root: {:?}", resolution.refusals);
    let failure = resolution.accept().unwrap_err();
    assert_eq!(failure.code, Code::VolumeRefused);
    assert_eq!(failure.message.matches("; volume `").count(), 3, "{}", failure.message);
}

#[test]
fn a_mount_point_and_a_mount_inside_are_refused() {
    let world = with_data(Scope::Project, "data");
    let live = world.live("volumes/notes/data");
    let mount = Mounted::tmpfs(&live, "");
    assert_eq!(clauses(&world), ["is a mount point, which cannot be exchanged"]);
    drop(mount);
    let inside = world.live("volumes/notes/data/with space/x");
    let other = world.live("elsewhere");
    let mount = Mounted::bind(&other, &inside);
    assert_eq!(clauses(&world), ["has something mounted in it, at `/volumes/notes/data/with space/x`"]);
    drop(mount);
    let beside = world.live("volumes/notes/data2");
    let _beside = Mounted::tmpfs(&beside, "");
    assert_eq!(clauses(&world), [] as [&str; 0], "a neighbour whose name starts the same");
    let bound = Mounted::bind(&live, &live);
    assert_eq!(clauses(&world), ["is a mount point, which cannot be exchanged"], "the same device");
    drop(bound);
    assert_eq!(clauses(&world), [] as [&str; 0]);
}

#[test]
fn a_mount_that_was_made_at_another_path_of_the_same_directory_is_found() {
    let world = with_data(Scope::Absolute, "allowed/data");
    world.live("real/data/x");
    let (real, allowed) = (world.root.join("real"), world.root.join("allowed"));
    let _bound = Mounted::bind(&real, &allowed);
    run("mount", &["--make-private", allowed.to_str().unwrap()]);
    let _inside = Mounted::tmpfs(&real.join("data/x"), "");
    assert!(!allowed.join("data/x").join("y").exists());
    assert_eq!(clauses(&world), ["has something mounted in it, at `/real/data/x`"]);
}

#[test]
fn a_subvolume_is_refused_and_a_directory_in_it_is_not() {
    let mut world = with_data(Scope::Absolute, "allowed/data");
    let disk = Disk::btrfs();
    let _mounted = Mounted::bind(disk.path(), &world.root.join("allowed"));
    run("btrfs", &["-q", "subvolume", "create", world.root.join("allowed/data").to_str().unwrap()]);
    let expected = "is a subvolume or file system of its own, which cannot be told apart from a mount";
    assert_eq!(clauses(&world), [expected]);
    world.live("allowed/data/inner");
    let inner = world.root.join("allowed/data/inner");
    world.config.workloads[0].volumes[0].source = Some(inner.to_str().unwrap().to_owned());
    assert_eq!(clauses(&world), [] as [&str; 0]);
}

/// Runs on a thread of its own as the user `nobody`: the kernel keeps users per thread.
fn as_nobody<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    const NOBODY: u32 = 65_534;
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let user = rustix::fs::Uid::from_raw(NOBODY);
            rustix::thread::set_thread_res_uid(user, user, user).unwrap();
            run()
        });
        thread.join().unwrap()
    })
}

#[test]
fn without_root_a_volume_of_another_user_and_one_that_cannot_be_read_are_refused() {
    let world = with_data(Scope::Project, "data");
    let live = world.live("volumes/notes/data");
    run("chown", &["-R", "65534", world.state.root().to_str().unwrap()]);
    assert_eq!(as_nobody(|| clauses(&world)), ["belongs to user 0, and the host does not run as root"]);
    chown(&live, Some(65_534), None).unwrap();
    assert_eq!(as_nobody(|| clauses(&world)), [] as [&str; 0]);
    chmod(live.parent().unwrap(), 0o711);
    assert_eq!(as_nobody(|| clauses(&world)), [] as [&str; 0], "nothing lists a parent here");
    for unreadable in [0o300, 0o600] {
        chmod(&live, unreadable);
        let expected = "cannot be read: permission denied";
        assert_eq!(as_nobody(|| clauses(&world)), [expected], "{unreadable:o}");
    }
}

#[test]
fn resolving_changes_nothing() {
    let world = with_data(Scope::Stage, "a/b/data");
    let list = || Command::new("find").arg(&world.root).args(["-printf", "%p %T@ %C@\n"]).output().unwrap().stdout;
    let before = list();
    assert_eq!(resolved(&world).refusals.len(), 1);
    assert_eq!(before, list());
}

#[test]
fn what_a_container_engine_keeps_for_itself_is_no_volume_but_its_volumes_directories_are() {
    let world = World::new();
    let root = world.live("allowed/engine");
    ["containers", "network", "volumes/shop/_data", "volumes/nfs/_data", "volumes/device/_data"]
        .iter()
        .for_each(|name| drop(world.live(&format!("allowed/engine/{name}"))));
    let options = |name: &str, text: &str| std::fs::write(root.join("volumes").join(name).join("opts.json"), text);
    options("nfs", r#"{"MountType":"nfs","MountOpts":"addr=nas","MountDevice":":/x","Quota":{}}"#).unwrap();
    options("device", r#"{"MountType":"none","MountOpts":"bind","MountDevice":"/srv/x","Quota":{}}"#).unwrap();
    options("shop", r#"{"MountType":"","MountOpts":"","MountDevice":"","Quota":{"Size":1}}"#).unwrap();
    let at = |below: &str| {
        let mut app = app().volume("data", Scope::Absolute, root.join(below));
        app.volumes[0].engine_volume = Some("shop".to_owned());
        let mut config = world.config.clone();
        config.workloads = vec![app];
        let resolution = resolve(&config, &config.workloads[0]);
        assert_eq!(resolution.volumes.len() + resolution.refusals.len(), 1);
        resolution.refusals.first().map(|failure| format!("{failure}")).unwrap_or_default()
    };
    assert_eq!(at("volumes/shop/_data"), "");
    for (below, says) in [
        ("", "keeps everything in"),
        ("containers", "keeps everything in"),
        ("volumes", "keeps everything in"),
        ("volumes/shop", "the engine's own directory of a volume"),
        ("volumes/nfs/_data", "the engine mounts `:/x` (nfs)"),
        ("volumes/device/_data", "the engine mounts `/srv/x` (none)"),
    ] {
        let said = at(below);
        assert!(said.contains(says), "{below}: {said}");
    }
    world.live("allowed/podman/volumes/shop/_data");
    assert!(at("../podman/volumes/shop").contains("own directory of a volume"));
}

#[test]
fn what_is_only_mounted_may_be_anything_anywhere_and_be_had_by_many() {
    let world = World::new();
    let (media, data) = (world.live("elsewhere/media"), world.live("volumes/notes/data"));
    let _mount = Mounted::tmpfs(&media, "");
    let with_media = |id: &str, source: &Path| {
        let mut app = workload(id, "notes", "prod").volume("media", Scope::Absolute, source);
        app.volumes[0].capture = false;
        app
    };
    let of = |app: Workload, other: Option<Workload>| {
        let mut config = world.config.clone();
        config.workloads = std::iter::once(app).chain(other).collect();
        let resolution = resolve(&config, &config.workloads[0]);
        let said = resolution.refusals.iter().map(|failure| format!("{failure}")).collect::<Vec<_>>().join(" ");
        (resolution.volumes.len(), resolution.uncaptured.len(), said)
    };
    let both = with_media("a", &media).volume("data", Scope::Project, "data");
    assert_eq!(of(both.clone(), Some(with_media("b", &media))), (1, 1, String::new()));
    assert_eq!(of(both.clone(), None).2, "");
    // What is restored is nothing that anybody else only mounts.
    let (_, _, said) = of(both, Some(with_media("b", &data.join("inside"))));
    assert!(said.contains("contains volume `media` of `b`"), "{said}");
    for own in ["/dev/dri", "/proc", "/var/run/docker.sock"] {
        let (_, _, said) = of(with_media("a", Path::new(own)), None);
        assert!(said.contains("is the machine's own"), "{own}: {said}");
    }
}
