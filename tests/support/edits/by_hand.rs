//! What a person does past reforge: with directories, mounts, the app, and the state directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::player::Player;

/// Below a volume: what is bound elsewhere, and where something else is mounted.
const UPLOADS: &str = "uploads";

impl Player {
    pub(super) fn put_copy_in_place(&mut self, workload: usize, volume: usize) {
        if let Some((aside, live)) = self.put_aside(workload, volume) {
            self.run("cp", &["-a".as_ref(), aside.as_ref(), live.as_ref()]);
        }
    }

    pub(super) fn put_aside(&mut self, workload: usize, volume: usize) -> Option<(PathBuf, PathBuf)> {
        let live = self.places(workload)[volume].1.clone();
        let aside = self.world.path("aside").join(self.fresh("aside"));
        if !live.is_dir() || !self.rename(&live, &aside) {
            return None;
        }
        self.asides.push((aside.clone(), live.clone()));
        Some((aside, live))
    }

    pub(super) fn move_back(&mut self) {
        if let Some((aside, live)) = self.asides.pop()
            && !live.exists()
            && live.parent().unwrap().is_dir()
        {
            self.rename(&aside, &live);
        }
    }

    pub(super) fn mount_over(&mut self, workload: usize, volume: usize) {
        let (live, other) = (self.places(workload)[volume].1.clone(), self.elsewhere());
        if live.is_dir() {
            self.bind(&other, &live);
        }
    }

    pub(super) fn mount_below(&mut self, workload: usize, volume: usize) {
        let (uploads, other) = (self.uploads(workload, volume), self.elsewhere());
        if let Some(uploads) = uploads {
            self.bind(&other, &uploads);
        }
    }

    pub(super) fn bind_out(&mut self, workload: usize, volume: usize) {
        let (uploads, other) = (self.uploads(workload, volume), self.elsewhere());
        if let Some(uploads) = uploads
            && self.bind(&uploads, &other)
        {
            self.outside.push(other);
        }
    }

    pub(super) fn write_through_bind(&mut self) {
        if let Some(other) = self.outside.last().cloned() {
            self.append(&other, "outside");
        }
    }

    /// The newest mount.
    pub(super) fn unmount(&mut self) {
        if let Some(point) = self.mount_points().pop() {
            if !self.run("umount", &[point.as_ref()]) {
                self.run("umount", &["-l".as_ref(), point.as_ref()]);
            }
            self.outside.retain(|other| *other != point);
        }
    }

    fn uploads(&mut self, workload: usize, volume: usize) -> Option<PathBuf> {
        let live = self.places(workload)[volume].1.clone();
        let uploads = live.join(UPLOADS);
        (live.is_dir() && (uploads.is_dir() || self.run("mkdir", &[uploads.as_ref()]))).then_some(uploads)
    }

    fn elsewhere(&mut self) -> PathBuf {
        let other = self.world.path("elsewhere").join(self.fresh("mount"));
        std::fs::create_dir(&other).unwrap();
        other
    }

    fn bind(&mut self, from: &Path, to: &Path) -> bool {
        self.run("mount", &["--bind".as_ref(), from.as_ref(), to.as_ref()])
    }

    pub(super) fn write(&mut self, workload: usize) {
        let generation = self.next_generation();
        if self.apps[workload].write(generation) {
            self.tell(format!("# the app of {} writes generation {generation}", self.world.workloads[workload].id));
        } else {
            for (place, role) in self.data(workload) {
                if place.is_dir() {
                    self.append(&place, &role);
                }
            }
        }
        self.touch(workload);
    }

    /// The app's directories: those that are configured, and those that its last restore is about.
    fn data(&self, workload: usize) -> BTreeMap<PathBuf, String> {
        let of_last = self.attempts.iter().rev().find(|attempt| attempt.number == workload);
        let of_last = of_last.into_iter().flat_map(|attempt| &attempt.volumes).filter_map(|volume| {
            let says = [&volume.new, &volume.old].into_iter().flatten().find_map(|tree| tree.says.as_ref())?;
            Some((volume.live.clone(), says.role.clone()))
        });
        let configured = self.world.workloads[workload].volumes.iter();
        let configured =
            configured.map(|volume| (self.place(workload, volume), self.roles[workload][&volume.name].clone()));
        of_last.chain(configured).collect()
    }

    /// A person writes the next generation into one directory.
    fn append(&mut self, directory: &Path, role: &str) {
        let generation = self.generation;
        let line = format!("{generation} {role}\n");
        let log = directory.join("log");
        let mut text = std::fs::read_to_string(&log).unwrap_or_default();
        text.push_str(&line);
        if std::fs::write(directory.join("generation"), &line).and_then(|()| std::fs::write(&log, text)).is_ok() {
            let directory = directory.display();
            self.tell(format!("echo {generation} {role} | tee {directory}/generation >> {directory}/log"));
        }
    }

    pub(super) fn start_by_hand(&mut self, workload: usize) {
        let app = &self.apps[workload];
        if !app.running().is_empty() {
            return;
        }
        let Some(arguments) = self.started_with[workload].clone() else { return };
        let mut command = Command::new(&app.program);
        command.args(&arguments).current_dir("/").process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.hands.push(command.spawn().unwrap());
        self.tell(format!("{} {} &", app.program, arguments.join(" ")));
        // It runs once it answers.
        let number = self.next_generation();
        self.apps[workload].look(number);
    }

    pub(super) fn stop_by_hand(&mut self, workload: usize) {
        let running = self.apps[workload].running();
        self.hands.retain_mut(|hand| {
            let stops = running.contains(&(hand.id() as i32));
            if stops {
                hand.kill().unwrap();
                hand.wait().unwrap();
            }
            !stops
        });
        self.tell(format!("# whoever was started by hand for {} is ended", self.world.workloads[workload].id));
    }

    pub(super) fn crash(&mut self) {
        self.world.kill_processes();
        self.hands.drain(..).for_each(|mut hand| {
            hand.wait().unwrap();
        });
        self.tell("# the machine stops: everything that runs is killed".into());
    }

    pub(super) fn copy_state(&mut self) {
        let (state, copy) = (self.world.state_dir(), self.world.path("state-copy"));
        self.run("rm", &["-rf".as_ref(), copy.as_ref()]);
        self.run("cp", &["-a".as_ref(), state.as_ref(), copy.as_ref()]);
    }

    pub(super) fn put_state_back(&mut self) {
        let (state, copy) = (self.world.state_dir(), self.world.path("state-copy"));
        if copy.is_dir() {
            self.crash();
            self.run("rm", &["-rf".as_ref(), state.as_ref()]);
            self.run("cp", &["-a".as_ref(), copy.as_ref(), state.as_ref()]);
            self.attempts.iter_mut().for_each(|attempt| attempt.touched = true);
        }
    }

    /// Not across a mount, which nobody moves by accident.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> bool {
        let done = std::fs::rename(from, to).is_ok();
        let failed = if done { "" } else { "    # fails" };
        self.tell(format!("mv {} {}{failed}", from.display(), to.display()));
        done
    }

    /// What a person types; whether it worked.
    pub(super) fn run(&mut self, program: &str, arguments: &[&OsStr]) -> bool {
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
        let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
        let failed = if output.status.success() { "" } else { "    # fails" };
        self.tell(format!("{program} {}{failed}", words.join(" ")));
        output.status.success()
    }
}
