use super::*;
use crate::{DOCKER, PROCESS};

/// The app's volumes by name and target, and of which the second is only mounted where its name ends with `!`.
fn workload(runtime: &str, volumes: &[(&str, &str)]) -> Workload {
    volumes.iter().fold(Workload::new("app", "app", "prod", runtime), |workload, (name, target)| {
        let volume = Volume::new(name.trim_end_matches('!'), Scope::Absolute, &format!("/srv/{name}"));
        let volume = if target.is_empty() { volume } else { volume.with_target(*target) };
        workload.with_volume(if name.ends_with('!') { volume.uncaptured() } else { volume })
    })
}

/// What goes where, what stays, and what is refused.
fn matched(
    workload: &Workload,
    taken: &[(&'static str, &'static str)],
    map: &[(&str, &str)],
    leave: &[&str],
) -> String {
    let volume = |(index, (name, target)): (u32, &(&'static str, &'static str))| Taken {
        index,
        name,
        scope: "absolute",
        target,
    };
    let map = map.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    let leave: Vec<String> = leave.iter().map(|name| (*name).to_owned()).collect();
    let taken: Vec<Taken<'_>> = (0u32..).zip(taken).map(volume).collect();
    let matched = match_volumes(workload, &taken, Asked { leave: &leave, map: &map });
    let pairs = matched.pairs.iter().map(|pair| format!("{}>{}", pair.called.name, pair.volume));
    let left = matched.left.iter().map(|name| format!("={name}"));
    let refusals = matched.refusals.iter().map(|refusal| format!("!{} / {}", refusal.message, refusal.hint));
    pairs.chain(left).chain(refusals).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_volume_of_another_target_is_refused_with_both_names_until_it_is_mapped() {
    // On another machine the two came to be called the other way round.
    let taken = [("data", "/db"), ("data-2", "/files")];
    let here = workload(DOCKER, &[("data", "/files"), ("data-2", "/db/")]);
    let refused = matched(&here, &taken, &[], &[]);
    assert_eq!(refused.matches("was at `/db` in the app, where volume `data-2` is now").count(), 1, "{refused}");
    assert_eq!(refused.matches("was at `/files` in the app, where volume `data` is now").count(), 1, "{refused}");
    assert!(refused.contains("`--map data=data-2`") && !refused.contains('>'), "{refused}");
    let crossed = [("data", "data-2"), ("data-2", "data")];
    assert_eq!(matched(&here, &taken, &crossed, &[]), "data>data-2 data-2>data");
    assert_eq!(matched(&here, &taken, &[("data", "data"), ("data-2", "data-2")], &[]), "data>data data-2>data-2");
    let half = matched(&here, &taken, &[("data", "data-2")], &[]);
    assert!(half.contains("two volumes of the snapshot go onto volume `data-2`"), "{half}");
    let moved = matched(&workload(DOCKER, &[("data", "/new")]), &[("data", "/old")], &[], &[]);
    assert!(moved.contains("where no volume is now; volume `data` is at `/new`"), "{moved}");
}

#[test]
fn a_process_and_a_snapshot_without_targets_go_by_name() {
    for (runtime, target, now) in [(PROCESS, "/srv/old/data", ""), (PROCESS, "/a", "/b"), (DOCKER, "", "/data")] {
        let here = workload(runtime, &[("data", now)]);
        assert_eq!(matched(&here, &[("data", target)], &[], &[]), "data>data", "{runtime} {target}");
    }
    assert_eq!(matched(&workload("mine", &[("data", "/d")]), &[("data", "/d/")], &[], &[]), "data>data");
}

#[test]
fn names_that_differ_are_mapped_and_what_there_is_not_is_said() {
    let taken = [("data", "/db"), ("logs", "/logs")];
    let here = workload(DOCKER, &[("database", "/db")]);
    let refused = matched(&here, &taken, &[], &["logs"]);
    assert!(refused.contains("`--map data=database` says that it is the volume `database`"), "{refused}");
    assert_eq!(matched(&here, &taken, &[("data", "database")], &["logs"]), "data>database =logs");
    // The name that a volume of the snapshot had is another's here.
    let here_too = [("data", "/db"), ("database", "/old")];
    assert_eq!(matched(&here, &here_too, &[("data", "database")], &["database"]), "data>database =database");
    let nothing = matched(&here, &taken, &[("data", "database"), ("oops", "database")], &["logs"]);
    assert!(nothing.contains("the snapshot has no volume `oops` that could be mapped"), "{nothing}");
    let nowhere = matched(&here, &taken, &[("data", "oops")], &["logs", "database"]);
    assert!(nowhere.contains("has no volume `oops`"), "{nowhere}");
}

#[test]
fn what_is_only_mounted_stays_whatever_the_snapshot_has_of_it() {
    let here = workload(DOCKER, &[("data", "/data"), ("media!", "/media")]);
    assert_eq!(matched(&here, &[("data", "/data")], &[], &[]), "data>data =media");
    let before = [("data", "/data"), ("media", "/media")];
    assert_eq!(matched(&here, &before, &[], &[]), "data>data =media");
    let onto = matched(&here, &[("data", "/data")], &[("data", "media")], &["data"]);
    assert!(onto.contains("volume `media` is only mounted, and no restore touches it"), "{onto}");
}
