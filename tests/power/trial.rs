//! One recorded machine whose power is cut again and again, anywhere in what its disks were told.

use super::chance::Chance;
use super::deployment::{Count, Deployment};
use super::file_system::FileSystem;
use super::recorder::{Entry, Log, Recorder};
use super::replay::{Replay, Unflushed};

/// Everything that the disks were told during a restore, its undo, and the end of both windows.
pub(super) struct Trial {
    deployment: Deployment,
    bases: Vec<(&'static FileSystem, tempfile::NamedTempFile)>,
    log: Vec<Entry>,
    // Their mount points are there for as long as there are cuts.
    _recorders: Vec<Recorder>,
}

impl Trial {
    /// State and one volume on one disk, the other volume on the same or on one of its own. `faults` are for the restore.
    pub(super) fn new(file_system: &'static FileSystem, disks: usize, faults: &str) -> Trial {
        let log = Log::default();
        let mut recorders: Vec<Recorder> = (0..disks).map(|disk| Recorder::new(file_system, disk, &log)).collect();
        let deployment = Deployment::new(recorders.iter().map(|recorder| (file_system, recorder.path())).collect());
        log.take();
        let bases = recorders.iter().map(|recorder| (file_system, recorder.base())).collect();
        let world = &deployment.world;
        let restored = match faults {
            "" => world.reforge(&deployment.restore()),
            faults => world.faulty(faults, &deployment.restore()),
        };
        if restored.code == Some(0) {
            log.say("restored");
            let restore = world.receipt()["id"].as_str().unwrap().to_owned();
            world.undo(&restore).expect(0);
            log.say("undone");
            let undo = world.receipt()["id"].as_str().unwrap().to_owned();
            world.ok(&["restore", "finish", &undo, "--yes"]);
            log.say("finished");
        }
        deployment.turn_off();
        recorders.iter_mut().for_each(Recorder::turn_off);
        Trial { deployment, bases, log: log.take(), _recorders: recorders }
    }

    /// Cuts the power at so many points, spread over the whole run by chance.
    pub(super) fn cut(self, cuts: usize, seed: u64) -> Count {
        let mut chance = Chance::new(seed);
        let entries = self.log.len();
        let mut points: Vec<usize> = (0..cuts).map(|_| chance.below(entries as u64 + 1) as usize).collect();
        points.sort_unstable();
        let mut replay = Replay::new(&self.log, self.bases);
        let mut count = Count::default();
        for (number, point) in points.into_iter().enumerate() {
            replay.go_to(point);
            let unflushed = match number % 8 {
                0 => Unflushed::AllMissing,
                1 => Unflushed::AllThere,
                _ => Unflushed::Chance,
            };
            let images = replay.cut(unflushed, &mut chance);
            let in_doubt = replay.in_doubt();
            let at = format!("cut {number} at entry {point} of {entries}, {in_doubt} writes in doubt, {unflushed:?}");
            let images: Vec<_> = images.iter().map(tempfile::NamedTempFile::path).collect();
            self.deployment.judge_cut(&images, &at, &replay.said(), &mut count);
        }
        count
    }
}
