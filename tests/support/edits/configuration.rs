//! Edits of the configuration file, and of the directories with it as far as the person thinks of them.

use std::path::{Path, PathBuf};

use super::edit::Data;
use super::player::Player;
use crate::support::Volume;

/// Volumes of one workload.
const VOLUMES_MAX: usize = 4;

impl Player {
    /// Where the configuration has a volume.
    pub(crate) fn place(&self, workload: usize, volume: &Volume) -> PathBuf {
        let workload = &self.world.workloads[workload];
        let project = self.world.path("volumes").join(&workload.project);
        match volume.scope.as_str() {
            "project" => project.join(&volume.source),
            "stage" => project.join(&workload.stage).join(&volume.source),
            _ => PathBuf::from(&volume.source),
        }
    }

    /// All of a workload's, by name.
    pub(crate) fn places(&self, workload: usize) -> Vec<(String, PathBuf)> {
        let volumes = &self.world.workloads[workload].volumes;
        volumes.iter().map(|volume| (volume.name.clone(), self.place(workload, volume))).collect()
    }

    pub(super) fn rename_volume(&mut self, workload: usize, volume: usize) {
        let name = self.fresh("v");
        let old = std::mem::replace(&mut self.world.workloads[workload].volumes[volume].name, name.clone());
        let role = self.roles[workload].remove(&old).unwrap();
        self.roles[workload].insert(name, role);
        self.configure(workload);
    }

    pub(super) fn move_source(&mut self, workload: usize, volume: usize, data: Data) {
        let name = self.fresh("d");
        self.relocate(workload, data, |player| {
            let world = &mut player.world;
            let data = world.path("data");
            let volume = &mut world.workloads[workload].volumes[volume];
            volume.source = if volume.scope == "absolute" { data.join(name).to_str().unwrap().into() } else { name };
        });
    }

    pub(super) fn swap_sources(&mut self, workload: usize) {
        if let [first, second, ..] = self.world.workloads[workload].volumes.as_mut_slice() {
            std::mem::swap(&mut first.source, &mut second.source);
            std::mem::swap(&mut first.scope, &mut second.scope);
        }
        self.configure(workload);
    }

    pub(super) fn drop_volume(&mut self, workload: usize, volume: usize) {
        if self.world.workloads[workload].volumes.len() > 1 {
            let dropped = self.world.workloads[workload].volumes.remove(volume);
            self.roles[workload].remove(&dropped.name);
        }
        self.configure(workload);
    }

    pub(super) fn add_volume(&mut self, workload: usize) {
        if self.world.workloads[workload].volumes.len() < VOLUMES_MAX {
            let (name, role) = (self.fresh("n"), self.fresh("R"));
            self.roles[workload].insert(name.clone(), role);
            self.world.workloads[workload].volumes.push(Volume::project(&name));
        }
        self.configure(workload);
    }

    /// Without data to be taken along it is the same directory, which then has to be named as a whole.
    pub(super) fn change_scope(&mut self, workload: usize, volume: usize, data: Option<Data>) {
        let place = self.place(workload, &self.world.workloads[workload].volumes[volume]);
        let Some(data) = data else {
            let volume = &mut self.world.workloads[workload].volumes[volume];
            (volume.scope, volume.source) = ("absolute".into(), place.to_str().unwrap().into());
            return self.configure(workload);
        };
        let source = self.fresh("s");
        self.relocate(workload, data, |player| {
            let volume = &mut player.world.workloads[workload].volumes[volume];
            volume.scope = if volume.scope == "stage" { "project".into() } else { "stage".into() };
            volume.source = source;
        });
    }

    pub(super) fn change_project(&mut self, workload: usize, data: Data) {
        let project = self.fresh("p");
        self.relocate(workload, data, |player| player.world.workloads[workload].project = project);
    }

    pub(super) fn change_stage(&mut self, workload: usize, data: Data) {
        let stage = self.fresh("g");
        self.relocate(workload, data, |player| player.world.workloads[workload].stage = stage);
    }

    pub(super) fn change_command(&mut self, workload: usize) {
        self.holds[workload] = !self.holds[workload];
        self.configure(workload);
    }

    pub(super) fn rename_workload(&mut self, workload: usize) {
        self.world.workloads[workload].id = self.fresh("x");
        self.configure(workload);
    }

    pub(super) fn sicken(&mut self, workload: usize) {
        let sick = self.apps[workload].run.join("sick");
        if std::fs::remove_file(&sick).is_err() {
            std::fs::write(&sick, "").unwrap();
        }
        self.tell(format!("# the app of {} becomes sick, or well again", self.world.workloads[workload].id));
    }

    /// Changes places, and takes the data along or not.
    fn relocate(&mut self, workload: usize, data: Data, change: impl FnOnce(&mut Player)) {
        let before = self.places(workload);
        change(self);
        self.configure(workload);
        let after = self.places(workload);
        for ((_, from), (_, to)) in before.into_iter().zip(after).filter(|(from, to)| from != to) {
            self.take_along(&from, &to, data);
        }
    }

    fn take_along(&mut self, from: &Path, to: &Path, data: Data) {
        if data == Data::Forgotten || !from.is_dir() || to.exists() {
            return;
        }
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        if data == Data::Copied {
            self.run("cp", &["-a".as_ref(), from.as_ref(), to.as_ref()]);
        } else {
            self.rename(from, to);
        }
    }

    /// Writes the configuration, with the command that fits it.
    pub(super) fn configure(&mut self, workload: usize) {
        let app = &self.apps[workload];
        let how = if self.holds[workload] { "held" } else { "path" };
        let mut command = vec![app.program.clone(), app.run.to_str().unwrap().to_owned(), how.to_owned()];
        for volume in &self.world.workloads[workload].volumes {
            let role = &self.roles[workload][&volume.name];
            command.push(format!("{}:{role}={{volume:{}}}", volume.name, volume.name));
        }
        self.world.workloads[workload].command = command;
        self.world.write_config();
        let configured = &self.world.workloads[workload];
        let volumes: Vec<String> = configured
            .volumes
            .iter()
            .map(|volume| format!("{}={} of {}", volume.name, volume.source, volume.scope))
            .collect();
        let text = format!(
            "# reforge.toml: {} in {}/{}: {}, {how}",
            configured.id,
            configured.project,
            configured.stage,
            volumes.join(", ")
        );
        self.tell(text);
    }
}
