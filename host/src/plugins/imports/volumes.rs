//! `volumes`: the workload's volumes by name; no host path crosses here.

use wasmtime::component::Resource;

use super::handles::{LiveTree, Volume};
use crate::failure::Failure;
use crate::plugins::bindings::reforge::restore::volumes;
use crate::plugins::limits;
use crate::plugins::sandbox::Sandbox;
use crate::volumes::live_tree::LiveKind;

impl volumes::Host for Sandbox {
    fn resolve(&mut self, reference: volumes::VolumeReference) -> Result<Resource<Volume>, Failure> {
        self.monitor.resolve(&reference.name, &reference.scope)?;
        Ok(self.table.push(Volume(reference.name))?)
    }
}

impl volumes::HostVolume for Sandbox {
    fn facts(&mut self, volume: Resource<Volume>) -> wasmtime::Result<volumes::VolumeFacts> {
        let name = &self.table.get(&volume)?.0;
        let facts = self.monitor.volume_facts(name)?;
        Ok(volumes::VolumeFacts {
            name: facts.name,
            scope: facts.scope,
            exists: facts.exists,
            entries: facts.entries,
            bytes: facts.bytes,
        })
    }

    fn live(&mut self, volume: Resource<Volume>) -> Result<Resource<LiveTree>, Failure> {
        let name = &self.table.get(&volume)?.0;
        let tree = self.monitor.live_tree(name)?;
        Ok(self.table.push(LiveTree(tree))?)
    }

    fn drop(&mut self, volume: Resource<Volume>) -> wasmtime::Result<()> {
        self.table.delete(volume)?;
        Ok(())
    }
}

impl volumes::HostLiveTree for Sandbox {
    fn next(&mut self, tree: Resource<LiveTree>, max: u32) -> Result<Vec<volumes::LiveEntry>, Failure> {
        let tree = &mut self.table.get_mut(&tree)?.0;
        let mut entries = Vec::new();
        for entry in tree.take(max.min(limits::LIVE_ENTRIES_MAX) as usize) {
            let entry = entry?;
            entries.push(volumes::LiveEntry {
                path: entry.path,
                kind: match entry.kind {
                    LiveKind::File => volumes::LiveKind::File,
                    LiveKind::Directory => volumes::LiveKind::Directory,
                    LiveKind::Symlink => volumes::LiveKind::Symlink,
                    LiveKind::Other => volumes::LiveKind::Other,
                },
                size: entry.size,
                mtime: entry.mtime.into(),
            });
        }
        Ok(entries)
    }

    fn drop(&mut self, tree: Resource<LiveTree>) -> wasmtime::Result<()> {
        self.table.delete(tree)?;
        Ok(())
    }
}
