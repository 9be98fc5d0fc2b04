//! The cheap form of a power cut: the file below a disk is copied when a restore has just been killed. What the file system
//! has not given to its disk by then is lost.

use std::path::Path;

use super::deployment::{Count, Deployment};
use super::file_system::FileSystem;
use super::replay::copy_sparse;

/// A machine of one disk, as it was before the restore.
pub(super) struct Machine {
    file_system: &'static FileSystem,
    base: tempfile::NamedTempFile,
    mount_point: tempfile::TempDir,
    deployment: Deployment,
}

impl Machine {
    pub(super) fn new(file_system: &'static FileSystem) -> Machine {
        let (base, mount_point) = (file_system.make(), tempfile::tempdir().unwrap());
        let at = mount_point.path().canonicalize().unwrap();
        file_system.mount_image(base.path(), &at).unwrap();
        let deployment = Deployment::new(vec![(file_system, at)]);
        deployment.turn_off();
        Machine { file_system, base, mount_point, deployment }
    }

    /// Runs something on a copy of the machine, with the app up, and answers what the disk holds right afterwards.
    fn run<T>(&self, what: impl FnOnce(&Deployment) -> T) -> (T, tempfile::NamedTempFile) {
        let disk = copy(self.base.path());
        self.file_system.mount_image(disk.path(), &self.mount_point.path().canonicalize().unwrap()).unwrap();
        self.deployment.world.ok(&["deploy", "app"]);
        let answer = what(&self.deployment);
        let cut = copy(disk.path());
        self.deployment.turn_off();
        (answer, cut)
    }

    /// Cuts the power right after each effect that a crash could not have lost: a record, an exchange, a sync.
    pub(super) fn cut_after_each_effect(&self) -> Count {
        let (effects, _) = self.run(|it| it.world.effects_of(&it.restore()));
        let first = effects.iter().position(|name| name.starts_with("sync-file")).unwrap();
        let mut count = Count::default();
        for (index, name) in effects.iter().enumerate().skip(first) {
            // What stands before a sync and is not synced is lost as if it had never been.
            if !name.contains("sync") && name != "exchange" {
                continue;
            }
            let at = format!("{}, power cut after effect {} ({name})", self.file_system.name, index + 1);
            let (killed, cut) = self.run(|it| it.world.faulty(&format!("{}:after", index + 1), &it.restore()));
            assert_eq!(killed.code, None, "{at}: it was to be killed: {killed:?}");
            self.deployment.judge_cut(&[cut.path()], &at, &[], &mut count);
        }
        count
    }
}

fn copy(image: &Path) -> tempfile::NamedTempFile {
    let copy = tempfile::NamedTempFile::new().unwrap();
    copy_sparse(&std::fs::File::open(image).unwrap(), copy.as_file());
    copy
}
