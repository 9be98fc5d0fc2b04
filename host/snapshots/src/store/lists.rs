//! Entry lists beside their snapshots. One that is of no use is as if it were not there.

use std::io::{Read as _, Seek as _, Write as _};

use super::names::{NEW, descriptor_name, entries_name};
use super::{Store, check};
use crate::entries::EntryList;
use crate::format::Descriptor;
use reforge_base::demands::Demands;
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::PIECE_BYTES_MAX;

impl Store {
    /// The entry list of a snapshot, if there is a whole one of this archive.
    pub fn entry_list(&self, workload: &str, descriptor: &Descriptor) -> Result<Option<EntryList>> {
        let folder = self.folder(workload)?;
        let Some(file) = folder.map(|folder| folder.read(&entries_name(&descriptor.id))).transpose()?.flatten() else {
            return Ok(None);
        };
        match EntryList::open(file).and_then(EntryList::whole) {
            Ok(list) => Ok(Some(list).filter(|list| list.is_of(&descriptor.archive.sha256))),
            Err(failure) if failure.code == Code::SnapshotDamaged => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What the volumes of a snapshot ask of file systems: as its descriptor says, else its entry list. Nothing if neither
    /// does: the archive is not read for it.
    pub fn demands(&self, workload: &str, descriptor: &Descriptor) -> Result<Vec<Demands>> {
        match &descriptor.demands {
            Some(demands) => Ok(demands.clone()),
            None => self.entry_list(workload, descriptor)?.map_or_else(|| Ok(Vec::new()), |list| list.demands()),
        }
    }

    /// Keeps a list that was made since, in the place of any other. The caller holds the workload's lock.
    pub fn keep_entry_list(&self, workload: &str, descriptor: &Descriptor, list: &EntryList) -> Result<()> {
        let folder = self.folder(workload)?.ok_or_else(|| check::gone(&descriptor.id))?;
        if !folder.exists(&descriptor_name(&descriptor.id))? {
            return Err(check::gone(&descriptor.id));
        }
        let (name, new) = (entries_name(&descriptor.id), format!("{NEW}{}", entries_name(&descriptor.id)));
        folder.remove(&new)?;
        let mut file = folder.create(&new)?;
        let failed = |error: std::io::Error| Failure::io("write", &folder.path(&new), &error);
        let mut from = list.file();
        from.rewind().map_err(failed)?;
        let mut piece = vec![0; PIECE_BYTES_MAX];
        loop {
            let read = from.read(&mut piece).map_err(failed)?;
            if read == 0 {
                break;
            }
            effect("write-file", || file.write_all(&piece[..read])).map_err(failed)?;
        }
        durable::sync_file(&file)?;
        folder.rename(&new, &name)?;
        folder.sync()
    }
}
