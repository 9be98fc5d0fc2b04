//! `transactions`: begin, stage, seal, swap, and what follows the commit.

use wasmtime::component::Resource;

use super::handles::{LargeFile, Lease, Safety, Sealed, Staging, Stopped, Swapped, Transaction, Volume};
use crate::bindings::reforge::restore::transactions::{self, Health, Metadata, Path};
use crate::sandbox::Sandbox;
use reforge_base::failure::Failure;
use reforge_base::spec;

impl transactions::Host for Sandbox {
    fn begin(
        &mut self,
        lease: Resource<Lease>,
        plan_digest: String,
        volumes: Vec<Resource<Volume>>,
    ) -> Result<Resource<Transaction>, Failure> {
        let lease = self.handles.get(&lease)?.0;
        let names = volumes.iter().map(|volume| Ok(self.handles.get(volume)?.0.clone()));
        let names = names.collect::<Result<Vec<_>, Failure>>()?;
        let token = self.calls.begin(lease, &plan_digest, &names)?;
        self.handles.push(Transaction(token))
    }

    fn seal(&mut self, staging: Resource<Staging>) -> Result<Resource<Sealed>, Failure> {
        let volume = self.handles.get(&staging)?.volume;
        let token = self.calls.seal(volume)?;
        self.handles.push(Sealed(token))
    }

    fn swap(
        &mut self,
        transaction: Resource<Transaction>,
        sealed: Vec<Resource<Sealed>>,
        stopped: Resource<Stopped>,
        safety: Resource<Safety>,
    ) -> Result<Resource<Swapped>, Failure> {
        let transaction = self.handles.get(&transaction)?.0;
        let sealed =
            sealed.iter().map(|sealed| Ok(self.handles.get(sealed)?.0)).collect::<Result<Vec<_>, Failure>>()?;
        let stopped = self.handles.get(&stopped)?.0;
        let safety = self.handles.get(&safety)?.0;
        let token = self.calls.swap(transaction, &sealed, stopped, safety)?;
        self.handles.push(Swapped(token))
    }
}

impl transactions::HostTransaction for Sandbox {
    fn stage(&mut self, transaction: Resource<Transaction>, volume: String) -> Result<Resource<Staging>, Failure> {
        let transaction = self.handles.get(&transaction)?.0;
        let (volume, tree) = self.calls.stage(transaction, &volume)?;
        self.handles.push(Staging { volume, tree })
    }

    fn drop(&mut self, transaction: Resource<Transaction>) -> wasmtime::Result<()> {
        self.handles.delete(transaction)?;
        Ok(())
    }
}

impl transactions::HostStaging for Sandbox {
    fn directory(&mut self, staging: Resource<Staging>, path: Path, metadata: Metadata) -> Result<(), Failure> {
        self.handles.get(&staging)?.tree.directory(&path, &metadata.into())?;
        self.calls.staged(1, 0);
        Ok(())
    }

    fn file(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        metadata: Metadata,
        content: Vec<u8>,
    ) -> Result<(), Failure> {
        self.handles.get(&staging)?.tree.file(&path, &metadata.into(), &content)?;
        self.calls.staged(1, content.len());
        Ok(())
    }

    fn large_file(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        metadata: Metadata,
        size: u64,
    ) -> Result<Resource<LargeFile>, Failure> {
        let _held = self.calls.descriptors().reserve(1)?;
        let file = self.handles.get(&staging)?.tree.large_file(&path, &metadata.into(), size)?;
        self.calls.staged(1, 0);
        self.handles.push(LargeFile { file, _held })
    }

    fn large_file_part(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        size: u64,
    ) -> Result<Resource<LargeFile>, Failure> {
        let _held = self.calls.descriptors().reserve(1)?;
        let file = self.handles.get(&staging)?.tree.large_file_part(&path, size)?;
        self.handles.push(LargeFile { file, _held })
    }

    fn symlink(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        metadata: Metadata,
        target: Vec<u8>,
    ) -> Result<(), Failure> {
        self.handles.get(&staging)?.tree.symlink(&path, &metadata.into(), &target)?;
        self.calls.staged(1, 0);
        Ok(())
    }

    fn hard_link(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        metadata: Metadata,
        leader: Path,
    ) -> Result<(), Failure> {
        self.handles.get(&staging)?.tree.hard_link(&path, &metadata.into(), &leader)?;
        self.calls.staged(1, 0);
        Ok(())
    }

    fn drop(&mut self, staging: Resource<Staging>) -> wasmtime::Result<()> {
        self.handles.delete(staging)?;
        Ok(())
    }
}

impl transactions::HostLargeFile for Sandbox {
    fn write(&mut self, file: Resource<LargeFile>, offset: u64, content: Vec<u8>) -> Result<(), Failure> {
        self.handles.get_mut(&file)?.file.write(offset, &content)?;
        self.calls.staged(0, content.len());
        Ok(())
    }

    fn finish(&mut self, file: Resource<LargeFile>) -> Result<(), Failure> {
        self.handles.get_mut(&file)?.file.finish()
    }

    fn drop(&mut self, file: Resource<LargeFile>) -> wasmtime::Result<()> {
        self.handles.delete(file)?;
        Ok(())
    }
}

impl transactions::HostSealed for Sandbox {
    fn drop(&mut self, sealed: Resource<Sealed>) -> wasmtime::Result<()> {
        self.handles.delete(sealed)?;
        Ok(())
    }
}

impl transactions::HostSwapped for Sandbox {
    fn redeploy(&mut self, swapped: Resource<Swapped>) -> Result<(), Failure> {
        self.calls.redeploy(self.handles.get(&swapped)?.0)
    }

    fn await_healthy(&mut self, swapped: Resource<Swapped>) -> Result<Health, Failure> {
        Ok(match self.calls.await_healthy(self.handles.get(&swapped)?.0)? {
            spec::Health::Healthy => Health::Healthy,
            spec::Health::Unknown => Health::Unknown,
            spec::Health::ConfirmedBad => Health::ConfirmedBad,
        })
    }

    fn revert(&mut self, swapped: Resource<Swapped>) -> Result<(), Failure> {
        self.calls.revert(self.handles.get(&swapped)?.0)
    }

    fn drop(&mut self, swapped: Resource<Swapped>) -> wasmtime::Result<()> {
        self.handles.delete(swapped)?;
        Ok(())
    }
}
