//! Each test starts a real process that holds a real directory in one way. The mount tests need root.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use super::*;

mod outlets;
mod passes;

const DEADLINE: Duration = Duration::from_secs(20);

/// A process that is killed at the end of the test.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Process {
        Process(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("starts"))
    }

    fn shell(script: &str, arguments: &[&Path]) -> Process {
        Self::start(Command::new("sh").arg("-ec").arg(script).arg("sh").args(arguments))
    }

    fn pid(&self) -> i32 {
        self.0.id() as i32
    }

    /// Waits until the process has become `sleep`, so that everything before is done.
    fn ready(self) -> Process {
        let start = Instant::now();
        loop {
            let stat = ProcStat::read(self.pid()).expect("readable").expect("still there");
            assert!(stat.is_alive(), "the process ended instead of holding something");
            if [&b"sleep"[..], b"held", b"ld.so"].contains(&stat.name.as_slice()) {
                return self;
            }
            assert!(start.elapsed() < DEADLINE, "still {:?}", String::from_utf8_lossy(&stat.name));
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("reaped");
    }
}

struct Fixture {
    root: tempfile::TempDir,
    live: PathBuf,
}

impl Fixture {
    fn new() -> Fixture {
        let root = tempfile::tempdir().expect("temporary directory");
        let live = root.path().join("live");
        std::fs::create_dir_all(live.join("inner")).expect("made");
        std::fs::write(live.join("file"), b"content").expect("written");
        Fixture { root, live }
    }

    fn beside(&self, name: &str) -> PathBuf {
        let path = self.root.path().join(name);
        std::fs::create_dir(&path).expect("made");
        path
    }

    fn found(&self) -> Vec<Holder> {
        let found = holders(&[LiveDirectory::open(&self.live).expect("found")]).expect("one pass");
        let own = std::process::id() as i32;
        let is_child = |pid: i32| ProcStat::read(pid).is_ok_and(|stat| stat.is_some_and(|stat| stat.parent == own));
        // A test beside this one has a child of another user, which nobody can follow.
        let is_ours = |pid: i32| std::fs::metadata(format!("/proc/{pid}")).is_ok_and(|process| process.uid() == 0);
        let unread = |process: &Unreadable| is_child(process.pid) && is_ours(process.pid);
        assert!(!found.unreadable.iter().any(unread), "{:?}", found.unreadable);
        found.held
    }

    /// How a process holds live, in the order in which it was found.
    fn ways(&self, process: &Process) -> Vec<How> {
        let own = self.found().into_iter().filter(|holder| holder.pid == process.pid());
        own.map(|holder| holder.how).collect()
    }

    /// Waits for what the dynamic loader does after the process got its name.
    fn becomes(&self, process: &Process, how: How) {
        let start = Instant::now();
        while !self.ways(process).contains(&how) {
            assert!(start.elapsed() < DEADLINE, "not held as {how:?}, but {:?}", self.ways(process));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn own() -> super::Process {
    super::Process { pid: std::process::id() as i32, directory: 0 }
}

#[test]
fn nobody_holds_a_directory_that_nobody_uses() {
    assert_eq!(Fixture::new().found(), []);
}

#[test]
fn a_process_that_stands_in_live_or_below_is_a_holder() {
    let fixture = Fixture::new();
    let there = Process::start(Command::new("sleep").arg("60").current_dir(&fixture.live)).ready();
    let below = Process::start(Command::new("sleep").arg("60").current_dir(fixture.live.join("inner"))).ready();
    assert_eq!(fixture.ways(&there), [How::Cwd]);
    assert_eq!(fixture.ways(&below), [How::Cwd]);
    let found = fixture.found();
    let holder = found.iter().find(|holder| holder.pid == below.pid()).expect("found");
    assert_eq!((holder.name.as_str(), holder.live), ("sleep", 0));
    assert!(holder.detail.ends_with("/live/inner"), "{}", holder.detail);
}

#[test]
fn an_open_file_is_a_holder() {
    let fixture = Fixture::new();
    let process = Process::shell("exec 9<\"$1/file\"; exec sleep 60", &[&fixture.live]).ready();
    assert_eq!(fixture.ways(&process), [How::Open]);
}

#[test]
fn an_open_file_that_was_deleted_is_a_holder() {
    let fixture = Fixture::new();
    let script = "exec 9>\"$1/inner/gone\"; rm -r \"$1/inner\"; exec sleep 60";
    let process = Process::shell(script, &[&fixture.live]).ready();
    assert_eq!(fixture.ways(&process), [How::Open]);
}

#[test]
fn a_file_that_is_only_mapped_is_a_holder() {
    let fixture = Fixture::new();
    let library = fixture.live.join("library.so");
    let maps = std::fs::read_to_string("/proc/self/maps").expect("readable");
    let shared = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| path.contains("libc.so"));
    std::fs::copy(shared.expect("the tests are linked dynamically"), &library).expect("copied");
    let process = Process::start(Command::new("sleep").arg("60").env("LD_PRELOAD", &library)).ready();
    fixture.becomes(&process, How::Mapped);
}

#[test]
fn a_program_that_runs_from_live_is_a_holder() {
    let fixture = Fixture::new();
    let program = fixture.live.join("held");
    std::fs::copy(which("sleep"), &program).expect("copied");
    // Through a shell: a program that was just written cannot be run while another thread's fork holds it open.
    let process = Process::shell("until \"$1\" 0; do :; done; exec \"$1\" 60", &[&program]).ready();
    assert_eq!(fixture.ways(&process), [How::Mapped]);
}

#[test]
fn a_process_whose_root_is_live_is_a_holder() {
    let fixture = Fixture::new();
    let process = in_chroot(&fixture.live);
    fixture.becomes(&process, How::Root);
    assert!(fixture.ways(&process).contains(&How::Mapped));
}

#[test]
fn a_process_whose_root_is_another_directory_is_not() {
    let fixture = Fixture::new();
    let jail = fixture.beside("jail");
    std::fs::create_dir_all(jail.join("live")).expect("made");
    let process = in_chroot(&jail);
    assert_eq!(fixture.ways(&process), []);
}

/// Runs `sleep` with its root in `root`, through the dynamic loader.
fn in_chroot(root: &Path) -> Process {
    let listed = Command::new("ldd").arg(which("sleep")).output().expect("ldd runs");
    let listed = String::from_utf8(listed.stdout).expect("text");
    for path in listed.split_whitespace().filter(|word| word.starts_with('/')) {
        let name = Path::new(path).file_name().expect("a file").to_str().expect("text");
        let name = if name.starts_with("ld-") { "ld.so" } else { name };
        std::fs::copy(path, root.join(name)).expect("copied");
    }
    std::fs::copy(which("sleep"), root.join("sleep")).expect("copied");
    Process::shell("exec chroot \"$1\" /ld.so --library-path / /sleep 60", &[root]).ready()
}

#[test]
fn a_bind_mount_in_another_namespace_is_a_holder_even_if_nothing_is_open() {
    let fixture = Fixture::new();
    let elsewhere = fixture.beside("elsewhere");
    for (part, options, ways) in [("", "rw", vec![How::Mount]), ("inner", "rw", vec![How::Mount]), ("", "ro", vec![])] {
        let source = fixture.live.join(part);
        let script = format!("mount --bind \"$1\" \"$2\"; mount -o remount,bind,{options} \"$2\"; exec sleep 60");
        let process = unshared(&script, &[&source, &elsewhere]);
        assert_eq!(fixture.ways(&process), ways, "{part} {options}");
    }
}

#[test]
fn a_bind_mount_of_a_directory_around_live_in_another_namespace_is_a_holder() {
    let fixture = Fixture::new();
    let elsewhere = tempfile::tempdir().expect("temporary directory");
    let process = unshared("mount --bind \"$1\" \"$2\"; exec sleep 60", &[fixture.root.path(), elsewhere.path()]);
    assert_eq!(fixture.ways(&process), [How::Mount]);
}

#[test]
fn a_namespace_that_inherited_the_mounts_of_the_host_is_not_a_holder() {
    let fixture = Fixture::new();
    let process = unshared("exec sleep 60", &[]);
    assert_eq!(fixture.ways(&process), []);
}

#[test]
fn standing_in_a_mount_of_another_namespace_is_told_apart_by_what_is_mounted() {
    let fixture = Fixture::new();
    let (elsewhere, other) = (fixture.beside("elsewhere"), fixture.beside("other"));
    let script = "mount --bind \"$1\" \"$2\"; cd \"$2\"; exec sleep 60";
    let inside = unshared(script, &[&fixture.live, &elsewhere]);
    assert_eq!(fixture.ways(&inside), [How::Cwd, How::Mount]);
    // The path reads like live, and is another directory.
    let outside = unshared(script, &[&other, &fixture.live]);
    assert_eq!(fixture.ways(&outside), []);
}

/// Runs a script in a mount namespace of its own.
fn unshared(script: &str, arguments: &[&Path]) -> Process {
    let mut command = Command::new("unshare");
    Process::start(command.args(["-m", "sh", "-ec", script, "sh"]).args(arguments)).ready()
}

#[test]
fn a_directory_reached_through_a_bind_mount_elsewhere_is_held() {
    let fixture = Fixture::new();
    let elsewhere = fixture.beside("elsewhere");
    let mount = |arguments: &[&std::ffi::OsStr]| {
        assert!(Command::new("mount").args(arguments).status().expect("mount runs").success());
    };
    mount(&["--bind".as_ref(), fixture.live.as_os_str(), elsewhere.as_os_str()]);
    let process = Process::start(Command::new("sleep").arg("60").current_dir(elsewhere.join("inner"))).ready();
    let ways = fixture.ways(&process);
    // Its mount vanishes from every table, and the process stays.
    assert!(Command::new("umount").arg("-l").arg(&elsewhere).status().expect("umount runs").success());
    assert_eq!(ways, [How::Cwd]);
    assert_eq!(fixture.ways(&process), [How::Cwd]);
}

#[test]
fn a_sibling_whose_name_begins_alike_is_not_held() {
    let fixture = Fixture::new();
    let sibling = fixture.beside("live2");
    std::fs::write(sibling.join("file"), b"content").expect("written");
    let process = Process::shell("cd \"$1\"; exec 9<\"$1/file\"; exec sleep 60", &[&sibling]).ready();
    assert_eq!(fixture.ways(&process), []);
}

#[test]
fn a_tree_that_was_exchanged_away_takes_its_holders_with_it() {
    let fixture = Fixture::new();
    let sibling = fixture.beside(".reforge-1-0");
    let process = Process::start(Command::new("sleep").arg("60").current_dir(&fixture.live)).ready();
    let cwd = rustix::fs::CWD;
    rustix::fs::renameat_with(cwd, &fixture.live, cwd, &sibling, rustix::fs::RenameFlags::EXCHANGE).expect("exchanged");
    assert_eq!(fixture.ways(&process), []);
    let both = [&fixture.live, &sibling].map(|path| LiveDirectory::open(path).expect("found"));
    let held = holders(&both).expect("one pass").held;
    assert_eq!(held.iter().map(|holder| (holder.pid, holder.live)).collect::<Vec<_>>(), [(process.pid(), 1)]);
}

#[test]
fn another_file_system_with_the_same_path_inside_is_not_held() {
    let fixture = Fixture::new();
    let mirror = PathBuf::from("/dev/shm").join(format!("reforge-holders-{}", std::process::id()));
    let inner = mirror.join(fixture.live.strip_prefix("/").expect("absolute"));
    std::fs::create_dir_all(&inner).expect("made");
    let process = Process::start(Command::new("sleep").arg("60").current_dir(&inner)).ready();
    let ways = fixture.ways(&process);
    drop(process);
    std::fs::remove_dir_all(&mirror).expect("removed");
    assert_eq!(ways, []);
}

#[test]
fn a_thread_with_a_working_directory_of_its_own_is_looked_at() {
    let fixture = Fixture::new();
    let live = [LiveDirectory::open(&fixture.live).expect("found")];
    let (stands, standing) = std::sync::mpsc::channel();
    let (go, end) = std::sync::mpsc::channel::<()>();
    let inner = fixture.live.join("inner");
    let thread = std::thread::spawn(move || {
        // SAFETY: only this thread's view of the working directory is parted from the others'.
        unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::FS) }.expect("parted");
        rustix::process::chdir(&inner).expect("stands there");
        stands.send(()).expect("heard");
        let _ended = end.recv();
    });
    standing.recv().expect("stands there");
    let pass = Pass::new(&live, Wanted::Holders);
    let own = own();
    pass.mounts.learn(&own).expect("learned");
    assert!(pass.scan(&own).expect("one pass"));
    drop(go);
    thread.join().expect("ended");
    let found: Vec<How> = pass.found().holders.held.iter().map(|holder| holder.how).collect();
    assert_eq!(found, [How::Cwd]);
}

#[test]
fn a_file_whose_path_is_longer_than_a_link_can_say_cannot_be_told_from_one_below_live() {
    // On a file system of its own: it would be taken for a holder by every test beside this one.
    let disk = reforge_testing::Disk::tmpfs();
    let script = r#"cd "$1"; n=0; name=$(printf '%0200d' 0)
        while [ $n -lt 25 ]; do mkdir $name; cd -P $name; n=$((n + 1)); done
        exec 9>file; cd /; exec sleep 60"#;
    let process = Process::shell(script, &[disk.path()]).ready();
    let held = holders(&[LiveDirectory::open(disk.path()).expect("opened")]).expect("one pass").held;
    let held: Vec<_> = held.iter().filter(|holder| holder.pid == process.pid()).collect();
    assert_eq!(held.iter().map(|holder| (holder.how, holder.certain)).collect::<Vec<_>>(), [(How::Open, false)]);
}

fn which(program: &str) -> PathBuf {
    let device_paths = ["/usr/bin", "/bin"].into_iter().map(|directory| Path::new(directory).join(program));
    device_paths.into_iter().find(|path| path.exists()).expect("installed")
}

/// Starts a program through a mount of its own file that nobody shows, as container engines' helpers do.
fn through_a_mount_of_its_own(program: &Path, aside: &Path) -> Process {
    std::fs::write(aside, b"").expect("written");
    let script = r#"mount --bind "$1" "$2"; exec 3<"$2"; umount -l "$2"; exec /proc/self/fd/3 1000"#;
    let process = Process::shell(script, &[program, aside]);
    let start = Instant::now();
    while !std::fs::read(format!("/proc/{}/cmdline", process.pid())).expect("readable").starts_with(b"/proc/self/fd/3")
    {
        assert!(start.elapsed() < DEADLINE, "it does not start");
        std::thread::sleep(Duration::from_millis(2));
    }
    process
}

#[test]
fn a_program_of_the_host_that_runs_through_a_mount_nobody_shows_is_where_it_lies() {
    let fixture = Fixture::new();
    let process = through_a_mount_of_its_own(Path::new("/usr/bin/sleep"), &fixture.root.path().join("aside"));
    let held_by_it = |live: &Path| {
        let live = [LiveDirectory::open(live).expect("opened")];
        let held = holders(&live).expect("one pass").held;
        held.into_iter().filter(|holder| holder.pid == process.pid()).map(|holder| holder.certain).collect::<Vec<_>>()
    };
    assert_eq!(held_by_it(&fixture.live), [] as [bool; 0], "it is not below live");
    assert_eq!(held_by_it(Path::new("/usr/bin")), [true, true], "its program and its descriptor are");
}

/// Another host keeps such descriptors while it restores: of what an engine had open that ended meanwhile, for example.
#[test]
fn a_descriptor_without_rights_of_a_file_that_is_in_no_directory_holds_nothing() {
    let disk = reforge_testing::Disk::tmpfs();
    let (live, shown) = (disk.path().join("live"), disk.path().join("shown"));
    std::fs::create_dir(&live).expect("made");
    std::fs::create_dir(&shown).expect("made");
    let open = |flags: OFlags| {
        let mount = reforge_testing::Mounted::bind(disk.path(), &shown);
        let file = shown.join("file");
        std::fs::write(&file, b"").expect("written");
        let descriptor = rustix::fs::open(&file, flags | OFlags::CLOEXEC, Mode::empty()).expect("opened");
        std::fs::remove_file(&file).expect("removed");
        // It stays busy with the descriptor, and goes from every list.
        drop(mount);
        Process(Command::new("sleep").arg("60").stdin(descriptor).spawn().expect("starts"))
    };
    let (stands_for_it, reads_it) = (open(OFlags::PATH), open(OFlags::RDONLY));
    let held = holders(&[LiveDirectory::open(&live).expect("opened")]).expect("one pass").held;
    let is_held_by = |process: &Process| held.iter().any(|holder| holder.pid == process.pid());
    assert!(is_held_by(&reads_it) && !is_held_by(&stands_for_it), "{held:?}");
}

#[test]
fn any_other_file_behind_a_mount_nobody_shows_cannot_be_told_from_one_below_live() {
    // On a file system of its own: it would be taken for a holder by every test beside this one.
    let disk = reforge_testing::Disk::tmpfs();
    let (live, program) = (disk.path().join("live"), disk.path().join("live/program"));
    std::fs::create_dir(&live).expect("made");
    std::fs::copy("/usr/bin/sleep", &program).expect("copied");
    let process = through_a_mount_of_its_own(&program, &disk.path().join("aside"));
    let held = holders(&[LiveDirectory::open(&live).expect("opened")]).expect("one pass").held;
    let held: Vec<_> = held.iter().filter(|holder| holder.pid == process.pid()).collect();
    assert!(!held.is_empty() && held.iter().all(|holder| !holder.certain), "{held:?}");
}

/// A file system that answers nobody but one user, not even root: what such a process stands in cannot be followed.
struct Private(PathBuf);

impl Private {
    fn mount(at: PathBuf, user: u32) -> Private {
        use std::io::{Read as _, Write as _};
        use std::os::fd::AsRawFd as _;
        let mut device = std::fs::File::options().read(true).write(true).open("/dev/fuse").expect("opened");
        let options = format!("fd={},rootmode=40000,user_id={user},group_id={user}", device.as_raw_fd());
        let options = std::ffi::CString::new(options).unwrap();
        let flags = rustix::mount::MountFlags::empty();
        rustix::mount::mount("private", &at, "fuse", flags, Some(options.as_c_str())).expect("mounted");
        // Says that it speaks FUSE 7.31, and to everything else that it cannot do that. Ends with the mount.
        std::thread::spawn(move || {
            let mut request = vec![0; 256 << 10];
            while device.read(&mut request).is_ok() {
                let begins = u32::from_ne_bytes(request[4..8].try_into().unwrap()) == 26;
                let (body, error) = match begins {
                    true => ([7_u32, 31].map(u32::to_ne_bytes).concat(), 0_i32),
                    false => (Vec::new(), -libc::ENOSYS),
                };
                let mut answer = [0_u32.to_ne_bytes(), error.to_ne_bytes()].concat();
                answer.extend_from_slice(&request[8..16]);
                answer.extend(body);
                if begins {
                    answer.resize(16 + 64, 0);
                }
                let length = answer.len() as u32;
                answer[..4].copy_from_slice(&length.to_ne_bytes());
                let _ = device.write_all(&answer);
            }
        });
        Private(at)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(&self.0, rustix::mount::UnmountFlags::DETACH);
    }
}

#[test]
fn whoever_stands_where_nobody_can_follow_is_looked_at_all_the_same() {
    use std::os::unix::process::CommandExt as _;
    let fixture = Fixture::new();
    let open = std::process::Command::new("chmod").args(["a+x"]).arg(fixture.root.path()).status().unwrap();
    assert!(open.success());
    let user = 65_534;
    let private = Private::mount(fixture.beside("private"), user);
    let mut command = Command::new("sleep");
    command.arg("60").uid(user).gid(user).current_dir(&private.0);
    command.stdin(std::fs::File::open(fixture.live.join("file")).unwrap()).stdout(Stdio::null());
    let process = Process(command.spawn().expect("starts"));
    let found = holders(&[LiveDirectory::open(&fixture.live).expect("found")]).expect("looked");
    assert!(found.unreadable.iter().any(|one| one.pid == process.pid()), "its directory cannot be followed: {found:?}");
    let held: Vec<_> = found.held.iter().filter(|holder| holder.pid == process.pid()).map(|one| one.how).collect();
    assert_eq!(held, [How::Open]);
}
