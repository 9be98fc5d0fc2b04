//! `volumes`: the workload's volumes by name; no host path crosses here.

use wasmtime::component::Resource;

use super::handles::{LiveTree, Volume};
use crate::bindings::reforge::restore::volumes;
use crate::limits;
use crate::sandbox::Sandbox;
use reforge_base::failure::Failure;
use reforge_volumes::live_tree::LiveKind;

impl volumes::Host for Sandbox {
    fn resolve(&mut self, reference: volumes::VolumeReference) -> Result<Resource<Volume>, Failure> {
        self.calls.resolve(&reference.name, &reference.scope)?;
        self.handles.push(Volume(reference.name))
    }
}

impl volumes::HostVolume for Sandbox {
    fn facts(&mut self, volume: Resource<Volume>) -> wasmtime::Result<volumes::VolumeFacts> {
        let name = &self.handles.get(&volume)?.0;
        let facts = self.calls.volume_facts(name)?;
        Ok(volumes::VolumeFacts {
            name: facts.name,
            scope: facts.scope,
            exists: facts.exists,
            entries: facts.entries,
            bytes: facts.bytes,
        })
    }

    fn live(&mut self, volume: Resource<Volume>) -> Result<Resource<LiveTree>, Failure> {
        let name = &self.handles.get(&volume)?.0;
        let held = self.calls.descriptors().reserve(1)?;
        let tree = self.calls.live_tree(name)?;
        self.handles.push(LiveTree { tree, held })
    }

    fn drop(&mut self, volume: Resource<Volume>) -> wasmtime::Result<()> {
        self.handles.delete(volume)?;
        Ok(())
    }
}

impl volumes::HostLiveTree for Sandbox {
    fn next(&mut self, tree: Resource<LiveTree>, max: u32) -> Result<Vec<volumes::LiveEntry>, Failure> {
        let LiveTree { tree, held } = self.handles.get_mut(&tree)?;
        let mut entries = Vec::new();
        while entries.len() < max.min(limits::LIVE_ENTRIES_MAX) as usize {
            let Some(entry) = tree.next() else { break };
            let entry = entry?;
            held.now(tree.levels())?;
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
        self.handles.delete(tree)?;
        Ok(())
    }
}
