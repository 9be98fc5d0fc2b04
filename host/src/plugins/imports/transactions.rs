//! `transactions`: begin, stage, seal, swap, and what follows the commit.

use wasmtime::component::Resource;

use super::handles::{LargeFile, Lease, Safety, Sealed, Staging, Stopped, Swapped, Transaction, Volume};
use crate::failure::Failure;
use crate::plugins::bindings::reforge::restore::transactions::{self, Health, Metadata, Path};
use crate::plugins::sandbox::Sandbox;
use crate::runtime;

impl transactions::Host for Sandbox {
    fn begin(
        &mut self,
        lease: Resource<Lease>,
        plan_digest: String,
        volumes: Vec<Resource<Volume>>,
    ) -> Result<Resource<Transaction>, Failure> {
        let lease = self.table.get(&lease)?.0;
        let names = volumes.iter().map(|volume| Ok(self.table.get(volume)?.0.clone()));
        let names = names.collect::<Result<Vec<_>, Failure>>()?;
        let proof = self.monitor.begin(lease, &plan_digest, &names)?;
        Ok(self.table.push(Transaction(proof))?)
    }

    fn seal(&mut self, staging: Resource<Staging>) -> Result<Resource<Sealed>, Failure> {
        let volume = self.table.get(&staging)?.volume;
        let proof = self.monitor.seal(volume)?;
        Ok(self.table.push(Sealed(proof))?)
    }

    fn swap(
        &mut self,
        transaction: Resource<Transaction>,
        sealed: Vec<Resource<Sealed>>,
        stopped: Resource<Stopped>,
        safety: Resource<Safety>,
    ) -> Result<Resource<Swapped>, Failure> {
        let transaction = self.table.get(&transaction)?.0;
        let sealed = sealed.iter().map(|sealed| Ok(self.table.get(sealed)?.0)).collect::<Result<Vec<_>, Failure>>()?;
        let stopped = self.table.get(&stopped)?.0;
        let safety = self.table.get(&safety)?.0;
        let proof = self.monitor.swap(transaction, &sealed, stopped, safety)?;
        Ok(self.table.push(Swapped(proof))?)
    }
}

impl transactions::HostTransaction for Sandbox {
    fn stage(&mut self, transaction: Resource<Transaction>, volume: String) -> Result<Resource<Staging>, Failure> {
        let transaction = self.table.get(&transaction)?.0;
        let (volume, tree) = self.monitor.stage(transaction, &volume)?;
        Ok(self.table.push(Staging { volume, tree })?)
    }

    fn drop(&mut self, transaction: Resource<Transaction>) -> wasmtime::Result<()> {
        self.table.delete(transaction)?;
        Ok(())
    }
}

impl transactions::HostStaging for Sandbox {
    fn directory(&mut self, staging: Resource<Staging>, path: Path, metadata: Metadata) -> Result<(), Failure> {
        self.table.get(&staging)?.tree.directory(&path, &metadata.into())?;
        self.monitor.staged(1, 0);
        Ok(())
    }

    fn file(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        metadata: Metadata,
        content: Vec<u8>,
    ) -> Result<(), Failure> {
        self.table.get(&staging)?.tree.file(&path, &metadata.into(), &content)?;
        self.monitor.staged(1, content.len());
        Ok(())
    }

    fn large_file(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        metadata: Metadata,
        size: u64,
    ) -> Result<Resource<LargeFile>, Failure> {
        let file = self.table.get(&staging)?.tree.large_file(&path, &metadata.into(), size)?;
        self.monitor.staged(1, 0);
        Ok(self.table.push(LargeFile(file))?)
    }

    fn large_file_part(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        size: u64,
    ) -> Result<Resource<LargeFile>, Failure> {
        let file = self.table.get(&staging)?.tree.large_file_part(&path, size)?;
        Ok(self.table.push(LargeFile(file))?)
    }

    fn symlink(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        metadata: Metadata,
        target: Vec<u8>,
    ) -> Result<(), Failure> {
        self.table.get(&staging)?.tree.symlink(&path, &metadata.into(), &target)?;
        self.monitor.staged(1, 0);
        Ok(())
    }

    fn hard_link(
        &mut self,
        staging: Resource<Staging>,
        path: Path,
        metadata: Metadata,
        leader: Path,
    ) -> Result<(), Failure> {
        self.table.get(&staging)?.tree.hard_link(&path, &metadata.into(), &leader)?;
        self.monitor.staged(1, 0);
        Ok(())
    }

    fn drop(&mut self, staging: Resource<Staging>) -> wasmtime::Result<()> {
        self.table.delete(staging)?;
        Ok(())
    }
}

impl transactions::HostLargeFile for Sandbox {
    fn write(&mut self, file: Resource<LargeFile>, offset: u64, content: Vec<u8>) -> Result<(), Failure> {
        self.table.get_mut(&file)?.0.write(offset, &content)?;
        self.monitor.staged(0, content.len());
        Ok(())
    }

    fn finish(&mut self, file: Resource<LargeFile>) -> Result<(), Failure> {
        self.table.get_mut(&file)?.0.finish()
    }

    fn drop(&mut self, file: Resource<LargeFile>) -> wasmtime::Result<()> {
        self.table.delete(file)?;
        Ok(())
    }
}

impl transactions::HostSealed for Sandbox {
    fn drop(&mut self, sealed: Resource<Sealed>) -> wasmtime::Result<()> {
        self.table.delete(sealed)?;
        Ok(())
    }
}

impl transactions::HostSwapped for Sandbox {
    fn redeploy(&mut self, swapped: Resource<Swapped>) -> Result<(), Failure> {
        self.monitor.redeploy(self.table.get(&swapped)?.0)
    }

    fn await_healthy(&mut self, swapped: Resource<Swapped>) -> Result<Health, Failure> {
        Ok(match self.monitor.await_healthy(self.table.get(&swapped)?.0)? {
            runtime::Health::Healthy => Health::Healthy,
            runtime::Health::Unknown => Health::Unknown,
            runtime::Health::ConfirmedBad => Health::ConfirmedBad,
        })
    }

    fn revert(&mut self, swapped: Resource<Swapped>) -> Result<(), Failure> {
        self.monitor.revert(self.table.get(&swapped)?.0)
    }

    fn drop(&mut self, swapped: Resource<Swapped>) -> wasmtime::Result<()> {
        self.table.delete(swapped)?;
        Ok(())
    }
}
