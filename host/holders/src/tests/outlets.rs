//! What holds live without being a process. Each is really mounted.

use super::*;
use reforge_testing::{Disk, Mounted, run};

/// What is said of volume `data`.
fn messages(fixture: &Fixture) -> Vec<String> {
    let live = LiveDirectory::open(&fixture.live).expect("found");
    let refused = refusals(&[("data".to_owned(), live)]).expect("one pass");
    refused.into_iter().map(|failure| failure.message.into()).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a name in UTF-8")
}

#[test]
fn a_mount_out_of_live_is_named_also_read_only_and_of_a_single_file() {
    for (source, point, options) in [("inner", "www", "rw"), ("", "www", "ro"), ("file", "one", "rw")] {
        let fixture = Fixture::new();
        fixture.beside("www");
        std::fs::write(fixture.root.path().join("one"), b"").expect("written");
        assert_eq!(messages(&fixture), [] as [&str; 0]);
        let point = fixture.root.path().join(point);
        let mounted = Mounted::bind(&fixture.live.join(source), &point);
        mounted.remount(&format!("bind,{options}"));
        let wanted = format!("volume `data` is in use: `{}` is a mount of something in it", text(&point));
        assert_eq!(messages(&fixture), [wanted]);
    }
}

#[test]
fn a_mount_of_a_directory_around_live_or_beside_it_is_none() {
    let fixture = Fixture::new();
    let (beside, elsewhere) = (fixture.beside("live2"), tempfile::tempdir().expect("made"));
    let _around = Mounted::bind(fixture.root.path(), elsewhere.path());
    let _beside = Mounted::bind(&beside, &fixture.beside("www"));
    assert_eq!(messages(&fixture), [] as [&str; 0]);
}

#[test]
fn an_overlay_with_a_layer_in_live_is_named() {
    let fixture = Fixture::new();
    let point = fixture.beside("www");
    let others = [fixture.beside("lower"), fixture.beside("up:per,x"), fixture.beside("work")];
    std::fs::create_dir(fixture.live.join("in:ner")).expect("made");
    std::fs::create_dir(fixture.live.join("work")).expect("made");
    let escaped = |path: &Path| text(path).replace(':', "\\:").replace(',', "\\,");
    for (lower, upper, work) in [
        (&others[0], &fixture.live.join("inner"), &fixture.live.join("work")),
        (&fixture.live.join("in:ner"), &others[1], &others[2]),
    ] {
        let options = format!("lowerdir={},upperdir={},workdir={}", escaped(lower), escaped(upper), escaped(work));
        run("mount", &["-i", "-t", "overlay", "-o", &options, "overlay", text(&point)]);
        let _mounted = Mounted::already(point.clone());
        let wanted = format!("volume `data` is in use: `{}` is mounted with a layer in it", text(&point));
        assert_eq!(messages(&fixture), [wanted], "{options}");
    }
}

#[test]
fn an_overlay_of_another_namespace_is_named_whatever_it_calls_its_layers() {
    let fixture = Fixture::new();
    let point = fixture.beside("www");
    // Called like nothing in the fixtures of other tests: where it was mounted from nobody knows.
    std::fs::create_dir_all(fixture.live.join("upper-of-another")).expect("made");
    std::fs::create_dir(fixture.live.join("work-of-another")).expect("made");
    let options = "lowerdir=/var/empty,upperdir=live/upper-of-another,workdir=live/work-of-another";
    let script = format!("cd \"$1\"; mount -i -t overlay -o {options} x \"$2\"; exec sleep 60");
    let script = script.replace("/var/empty", text(&fixture.beside("lower")));
    let _process = unshared(&script, &[fixture.root.path(), &point]);
    let wanted = format!("volume `data` is in use: `{}` is mounted with a layer in it", text(&point));
    assert_eq!(messages(&fixture), [wanted]);
}

#[test]
fn a_loop_device_is_named_also_when_its_file_was_moved_or_has_another_name() {
    let disk = Disk::ext4(16);
    let live = disk.path().join("live");
    std::fs::create_dir(&live).expect("made");
    let fixture = Fixture { root: tempfile::tempdir().expect("made"), live };
    let (inside, outside) = (fixture.live.join("disk.img"), disk.path().join("disk.img"));
    std::fs::File::create(&outside).and_then(|file| file.set_len(1 << 20)).expect("made");
    let node = Command::new("losetup").args(["-f", "--show"]).arg(&outside).output().expect("attached").stdout;
    let node = String::from_utf8(node).expect("a name").trim().to_owned();
    let attached = Attached(node.clone());
    let wanted = format!("volume `data` is in use: `{node}` has its backing file in it");
    assert_eq!(messages(&fixture), [] as [&str; 0]);
    std::fs::hard_link(&outside, &inside).expect("linked");
    assert_eq!(messages(&fixture), [wanted.as_str()]);
    std::fs::remove_file(&outside).expect("removed");
    assert_eq!(messages(&fixture), [wanted.as_str()]);
    drop(attached);
    assert_eq!(messages(&fixture), [] as [&str; 0]);
}

#[test]
fn a_swap_file_is_named() {
    let disk = Disk::ext4(16);
    let live = disk.path().join("live");
    std::fs::create_dir(&live).expect("made");
    let fixture = Fixture { root: tempfile::tempdir().expect("made"), live };
    let file = fixture.live.join("a swap");
    std::fs::write(&file, vec![0; 1 << 20]).expect("written");
    run("chmod", &["600", text(&file)]);
    run("mkswap", &["-q", text(&file)]);
    run("swapon", &[text(&file)]);
    let found = messages(&fixture);
    run("swapoff", &[text(&file)]);
    assert_eq!(found, [format!("volume `data` is in use: `{}` is a swap file in it", text(&file))]);
}

/// A loop device, until this is dropped.
struct Attached(String);

impl Drop for Attached {
    fn drop(&mut self) {
        run("losetup", &["-d", &self.0]);
    }
}
