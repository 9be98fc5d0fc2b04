use super::*;

#[test]
fn a_preview_runs_beside_with_empty_volumes_and_the_next_one_replaces_it() {
    let scene = scene_with(|config| config.workloads[0].user = Some("1234:1234".to_owned()), Arc::new(|_| Ok(())));
    let live = scene.world.live("volumes/notes/prod/deep/data");
    std::fs::write(live.join("precious"), "x").unwrap();
    let deployed = scene.run(preview("/bin/other --on {volume:data}")).unwrap();
    let scratch = scene.world.root.join("volumes/.previews/a/data");
    assert_eq!(deployed.name, "a-preview");
    let spec = deployed.spec.unwrap();
    assert_eq!(spec.command, ["/bin/other", "--on", "{volume:data}"]);
    assert_eq!(directories(&spec), [scratch.as_path()]);
    assert_eq!(mode_and_owner(&scratch), (0o755, 1234, 1234));
    assert_eq!(scene.runtime.taken_calls(), ["stop a-preview", "create a-preview", "await a-preview"]);
    std::fs::write(scratch.join("left"), "x").unwrap();
    scene.run(preview("/bin/third {volume:data}")).unwrap();
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "fresh");
    assert_eq!(scene.deployer.history().read("a").unwrap().preview.unwrap().command[0], "/bin/third");
    assert_eq!(scene.deployer.history().read("a").unwrap().current, None, "the workload itself was not deployed");
    *scene.runtime.unstoppable.lock().unwrap() = true;
    assert_eq!(scene.run(preview("/bin/fourth")).unwrap_err().code, Code::NotDown);
    assert!(scratch.exists(), "nothing is thrown away below a preview that is alive");
    *scene.runtime.unstoppable.lock().unwrap() = false;
    scene.run(stop()).unwrap();
    assert!(!scratch.exists() && live.join("precious").exists());
    assert_eq!(scene.deployer.history().read("a").unwrap().preview, None);
}

#[test]
fn a_stop_removes_nothing_that_was_not_made_for_a_preview() {
    // `a` in project `notes`, and previews in the root of all volumes; or where somebody keeps an `a` of their own.
    for preview_dir in ["volumes", "elsewhere"] {
        let scene = scene_with(
            |config| {
                config.workloads[0].project = "a".to_owned();
                config.host.preview_dir = config.path.with_file_name(preview_dir);
            },
            Arc::new(|_| Ok(())),
        );
        let precious = [scene.world.live("volumes/a/prod/deep/data"), scene.world.live("elsewhere/a")];
        precious.iter().for_each(|directory| std::fs::write(directory.join("precious"), "x").unwrap());
        scene.run(stop()).unwrap();
        assert_eq!(scene.run(preview("/bin/x")).unwrap_err().code, Code::VolumeRefused, "{preview_dir}");
        scene.run(stop()).unwrap();
        assert!(precious.iter().all(|directory| directory.join("precious").exists()), "{preview_dir}");
    }
}

#[test]
fn what_came_in_the_place_of_a_preview_s_directory_stays() {
    let scene = scene();
    scene.world.live("volumes/notes/prod/deep/data");
    let made = scene.world.root.join("volumes/.previews/a");
    scene.run(preview("/bin/x")).unwrap();
    std::fs::rename(&made, scene.world.root.join("aside")).unwrap();
    scene.world.live("volumes/.previews/a/data");
    assert_eq!(scene.run(preview("/bin/x")).unwrap_err().code, Code::VolumeRefused);
    scene.run(stop()).unwrap();
    assert!(made.join("data").exists() && scene.world.root.join("aside/data").exists());
}

#[test]
fn a_preview_s_directory_with_something_mounted_in_it_stays_until_that_is_gone() {
    let scene = scene();
    scene.world.live("volumes/notes/prod/deep/data");
    let made = scene.world.root.join("volumes/.previews/a");
    scene.run(preview("/bin/x")).unwrap();
    let mounted = reforge_testing::Mounted::tmpfs(&scene.world.live("volumes/.previews/a/data/inside"), "");
    let failure = scene.run(stop()).unwrap_err();
    assert_eq!(failure.code, Code::VolumeRefused);
    assert!(failure.message.contains("something mounted"), "{}", failure.message);
    drop(mounted);
    scene.run(stop()).unwrap();
    assert!(!made.exists());
}

#[test]
fn a_preview_of_a_version_that_kept_no_identities_is_thrown_away_and_nothing_beside_it() {
    for foreign in [None, Some("foreign")] {
        let scene = scene();
        scene.world.live("volumes/notes/prod/deep/data");
        let made = scene.world.root.join("volumes/.previews/a");
        scene.run(preview("/bin/x")).unwrap();
        let file = scene.world.state.deployments().join("a.json");
        let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        record.as_object_mut().unwrap().remove("preview_directory").unwrap();
        std::fs::write(&file, record.to_string()).unwrap();
        foreign.iter().for_each(|name| std::fs::write(made.join(name), "x").unwrap());
        scene.run(stop()).unwrap();
        assert_eq!(made.exists(), foreign.is_some());
    }
}

#[test]
fn a_preview_that_its_user_could_not_enter_is_refused() {
    let scene = scene_with(
        |config| {
            config.workloads[0].user = Some("1234:1234".to_owned());
            config.host.preview_dir = config.host.state_dir.join("previews");
        },
        Arc::new(|_| Ok(())),
    );
    let failure = scene.run(preview("/bin/x")).unwrap_err();
    assert!(failure.message.starts_with("user 1234 of `a` cannot enter `"), "{}", failure.message);
    assert!(failure.hint.contains("preview_dir"), "{}", failure.hint);
}
