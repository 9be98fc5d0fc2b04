use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::fixture::World;

fn locks() -> (World, Locks) {
    let world = World::new();
    let locks = Locks::new(&world.state);
    (world, locks)
}

/// Another process that holds the lock of `a`. It says so by a line, and lets go when it dies.
struct Other(Child);

impl Other {
    fn holding(world: &World) -> Other {
        let path = world.state.locks().join("a.lock");
        // With `--no-fork` the shell itself holds the lock, so that killing it is killing the holder.
        let mut child = Command::new("flock")
            .args(["--no-fork", "--exclusive"])
            .arg(path)
            .args(["sh", "-c", "echo held; exec sleep 1000"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "held\n");
        Other(child)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn message(result: Result<Lease>) -> String {
    let Err(failure) = result else { panic!("the lease was given") };
    assert_eq!(failure.code, Code::Busy);
    failure.message.into()
}

#[test]
fn a_second_caller_is_refused_at_once_and_told_who_holds_the_workload() {
    let (_world, locks) = locks();
    let lease = locks.try_lease("a", "a deploy").unwrap();
    let said = message(locks.try_lease("a", "x"));
    let start = format!("`a` is held by a deploy (process {}, since 20", std::process::id());
    assert!(said.starts_with(&start), "{said}");
    lease.hold("restore 20260102T030405Z");
    assert!(message(locks.try_lease("a", "x")).contains("held by restore 20260102T030405Z (process "));
    lease.hold("undo");
    assert!(message(locks.try_lease("a", "x")).contains("held by undo (process "), "shorter than the last");
    assert!(locks.try_lease("b", "another workload").is_ok());
    drop(lease);
    assert!(locks.try_lease("a", "x").is_ok());
}

#[test]
fn a_second_set_of_locks_of_the_same_directory_is_kept_out_by_the_file() {
    let (world, locks) = locks();
    let _lease = locks.try_lease("a", "a deploy").unwrap();
    assert!(message(Locks::new(&world.state).try_lease("a", "x")).contains("held by a deploy"));
}

#[test]
fn another_process_keeps_us_out_until_it_dies() {
    let (world, locks) = locks();
    let other = Other::holding(&world);
    assert_eq!(message(locks.try_lease("a", "x")), "`a` is held by another process");
    assert!(locks.try_lease("b", "x").is_ok());
    drop(other);
    assert!(locks.try_lease("a", "x").is_ok(), "the kernel released it");
}

#[test]
fn a_lease_keeps_another_process_out_and_no_child_inherits_it() {
    let (world, locks) = locks();
    let path = world.state.locks().join("a.lock");
    let taken = || Command::new("flock").args(["--nonblock"]).arg(&path).arg("true").status().unwrap().success();
    let lease = locks.try_lease("a", "a deploy").unwrap();
    assert!(!taken());
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    drop(lease);
    assert!(taken(), "a child that outlives the lease does not hold it");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(path.exists(), "the file is never deleted");
}

#[test]
fn who_waits_for_another_process_gets_the_lease_when_it_is_gone() {
    let (world, locks) = locks();
    let other = Other::holding(&world);
    let asked = AtomicU32::new(0);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            locks.wait_lease("a", "x", &|| {
                asked.fetch_add(1, Ordering::SeqCst);
                false
            })
        });
        until(|| asked.load(Ordering::SeqCst) > 1);
        drop(other);
        assert_eq!(waiter.join().unwrap().unwrap().workload(), "a");
    });
}

#[test]
fn who_waits_can_be_cancelled() {
    let (world, locks) = locks();
    let other = Other::holding(&world);
    let failure = locks.wait_lease("a", "x", &|| true).err().unwrap();
    assert_eq!((failure.code, failure.message.as_str()), (Code::Cancelled, "cancelled while waiting for `a`"));
    drop(other);
    let _held = locks.try_lease("a", "a deploy").unwrap();
    let failure = locks.wait_lease("a", "x", &|| true).err().unwrap();
    assert!(failure.hint.contains("held by a deploy"), "{}", failure.hint);
}

#[test]
fn many_threads_hold_one_workload_one_after_the_other() {
    let (world, locks) = locks();
    let (inside, overlapped) = (AtomicU32::new(0), AtomicBool::new(false));
    // Half of them through locks of their own, as other processes would.
    let others = Locks::new(&world.state);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let locks = if number % 2 == 0 { &locks } else { &others };
            let (inside, overlapped) = (&inside, &overlapped);
            scope.spawn(move || {
                for _ in 0..5 {
                    let _lease = locks.wait_lease("a", "x", &|| false).unwrap();
                    if inside.fetch_add(1, Ordering::SeqCst) > 0 {
                        overlapped.store(true, Ordering::SeqCst);
                    }
                    std::thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert!(!overlapped.load(Ordering::SeqCst));
}

#[test]
fn a_name_that_is_no_file_name_gets_no_lock() {
    let (_world, locks) = locks();
    for name in ["", ".", "..", "../x", "a/b"] {
        assert_eq!(locks.try_lease(name, "x").err().unwrap().code, Code::Usage, "{name}");
    }
}

fn until(condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < end, "waited too long");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A lock that somebody else has while the flag is up, and how often it is held.
#[derive(Default)]
struct Outer {
    busy: AtomicBool,
    held: Arc<AtomicU32>,
}

struct Held(Arc<AtomicU32>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl OuterLock for Outer {
    fn try_lock(&self, workload: &str, what: &str) -> Result<Box<dyn Send + Sync>> {
        if self.busy.load(Ordering::SeqCst) {
            return Err(Failure::new(Code::Busy, format!("the panel has `{workload}`: no {what}")));
        }
        self.held.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Held(self.held.clone())))
    }
}

#[test]
fn a_lock_of_whoever_embeds_the_host_is_taken_first_and_given_back_last() {
    let (_world, locks) = locks();
    let outer = Arc::new(Outer::default());
    let locks = locks.within(outer.clone());
    let lease = locks.try_lease("a", "x").unwrap();
    assert_eq!(outer.held.load(Ordering::SeqCst), 1);
    // The host's own is there all the same, and what it refuses holds nothing.
    assert!(message(locks.try_lease("a", "y")).contains("held by x"));
    assert_eq!(outer.held.load(Ordering::SeqCst), 1);
    drop(lease);
    assert_eq!(outer.held.load(Ordering::SeqCst), 0);

    outer.busy.store(true, Ordering::SeqCst);
    assert_eq!(message(locks.try_lease("a", "a deploy")), "the panel has `a`: no a deploy");
    assert!(locks.held("a").unwrap().is_none(), "the host's own was not touched");
    let failure = locks.wait_lease("a", "x", &|| true).err().unwrap();
    assert_eq!((failure.code, failure.hint.as_str()), (Code::Cancelled, "the panel has `a`: no x"));
    let asked = AtomicU32::new(0);
    let free_at_the_third = || {
        if asked.fetch_add(1, Ordering::SeqCst) == 2 {
            outer.busy.store(false, Ordering::SeqCst);
        }
        false
    };
    drop(locks.wait_lease("a", "x", &free_at_the_third).unwrap());
    assert_eq!(outer.held.load(Ordering::SeqCst), 0);
}
