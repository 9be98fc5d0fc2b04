//! A snapshot that is being made: its archive under a name that is no snapshot's, until it is published.
//!
//! Order on disk: archive synced; descriptor synced under its temporary name; archive and entry list renamed, directory synced;
//! descriptor renamed, directory synced. Before the last rename there is no snapshot, and what is there is swept by the
//! next capture; dropped before that, nothing is left.

use std::fs::File;
use std::io::Write as _;

use super::super::folder::Folder;
use super::super::format::Descriptor;
use super::names::{self, NEW, archive_name, descriptor_name, entries_name};
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// How often a new id is drawn. One second has 16 million.
const ID_ATTEMPTS_MAX: u32 = 16;

/// See the module.
pub struct Pending {
    folder: Folder,
    workload: String,
    id: String,
    archive: File,
    /// An entry list was begun, and is whole when this is published.
    has_list: bool,
    published: bool,
}

impl Pending {
    pub(super) fn new(
        folder: Folder,
        workload: &str,
        created: jiff::Timestamp,
        newest: Option<&names::Newest>,
    ) -> Result<Pending> {
        for _ in 0..ID_ATTEMPTS_MAX {
            let id = names::new_id(created, newest)?;
            if !folder.exists(&archive_name(&id))? && !folder.exists(&descriptor_name(&id))? {
                let archive = folder.create(&format!("{NEW}{}", archive_name(&id)))?;
                return Ok(Pending {
                    folder,
                    workload: workload.to_owned(),
                    id,
                    archive,
                    has_list: false,
                    published: false,
                });
            }
        }
        Err(Failure::new(Code::Io, message!("no-free-snapshot-id-was-found")))
    }

    /// The id that the snapshot will have.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The archive, for writing and reading back.
    pub fn archive(&self) -> &File {
        &self.archive
    }

    /// A file for the entry list.
    pub fn begin_list(&mut self) -> Result<File> {
        let file = self.folder.create(&self.new_list())?;
        self.has_list = true;
        Ok(file)
    }

    /// Makes the archive durable.
    pub fn sync_archive(&self) -> Result<()> {
        durable::sync_file(&self.archive)
    }

    /// Makes it a snapshot. The archive must have been synced, and the descriptor be of it.
    pub fn publish(mut self, descriptor: &Descriptor) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(descriptor)
            .map_err(|error| Failure::new(Code::Io, message!("cannot-write-the-descriptor", error)))?;
        text.push(b'\n');
        // What could not be read again must not be published.
        let read = super::check::descriptor(&text, &self.workload, &self.id)?;
        let size = self
            .archive
            .metadata()
            .map_err(|error| Failure::io("look at", &self.folder.path(&self.new_archive()), &error))?;
        super::check::archive_size(&read, size.len())?;
        self.write_descriptor(&text)?;
        self.folder.rename(&self.new_archive(), &archive_name(&self.id))?;
        if self.has_list {
            self.folder.rename(&self.new_list(), &entries_name(&self.id))?;
        }
        self.folder.sync()?;
        self.folder.rename(&self.new_descriptor(), &descriptor_name(&self.id))?;
        self.folder.sync()?;
        self.published = true;
        Ok(())
    }

    fn write_descriptor(&self, text: &[u8]) -> Result<()> {
        let name = self.new_descriptor();
        let mut file = self.folder.create(&name)?;
        effect("write-file", || file.write_all(text))
            .map_err(|error| Failure::io("write", &self.folder.path(&name), &error))?;
        durable::sync_file(&file)
    }

    fn new_archive(&self) -> String {
        format!("{NEW}{}", archive_name(&self.id))
    }

    fn new_list(&self) -> String {
        format!("{NEW}{}", entries_name(&self.id))
    }

    fn new_descriptor(&self) -> String {
        format!("{NEW}{}", descriptor_name(&self.id))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        // The descriptor goes first: at no instant is there half a snapshot. The failure that led here is the one to
        // tell; whatever cannot be removed now is swept by the next capture, or listed.
        let lists = [entries_name(&self.id), self.new_list()];
        let lists = lists.into_iter().filter(|_| self.has_list);
        let names = [descriptor_name(&self.id), archive_name(&self.id), self.new_archive(), self.new_descriptor()];
        let removed = names.into_iter().chain(lists).try_for_each(|name| self.folder.remove(&name));
        let _ = removed.and_then(|()| self.folder.sync());
    }
}
