//! Entries out of a run of members: header, extended headers and sparse map put together, each one seen.
//!
//! Every header's checksum is verified, every form of a name must agree with the others, and what does not fit refuses
//! the archive. The archive's end must be two zero blocks and zeros; a part before the last has no end of its own.

use tar::Header;

use super::codec::Codec;
use super::harmless::Class;
use super::headers::{self, Kind};
use super::known;
use super::limits::{
    END_BYTES_MAX, EXTENDED_BYTES_MAX, FOREIGN_BYTES_MAX, GLOBAL_HEADERS_MAX, MANIFEST_BYTES_MAX, TAR_BLOCK_BYTES,
};
use super::pax::{self, Records};
use super::sparse::{self, Extent};
use super::stream::{Checksums, Stream, Watch};
use super::{entry_path, part, policy, two_sources};
use crate::host::{ArchiveBytes, Metadata};
use crate::{Failure, Result, escape};

/// What to do about an archive in which names come twice.
pub(crate) const APPENDED_HINT: &str = "unpack it with `tar -xif FILE` into an empty directory, where the last of each name counts, and \
                                        import the directory";

/// One entry. Kept between entries for its memory.
#[derive(Debug)]
pub struct Entry {
    pub path: Vec<u8>,
    /// Target of a symlink, name of a hard link's leader.
    pub link: Vec<u8>,
    pub kind: Kind,
    pub metadata: Metadata,
    /// The file's size, holes counted; 0 for all else.
    pub size: u64,
    /// Bytes of it that follow in the archive.
    pub stored: u64,
    pub is_sparse: bool,
    /// Where the stored bytes of a sparse file go.
    pub extents: Vec<Extent>,
    /// Owner and group by name, for whoever goes by it.
    pub named: Named,
    /// What of it was left out, by a reader that goes on without what harms nothing.
    pub left: Vec<Class>,
}

/// What an archive calls an owner and a group, and whether it says no number of them.
#[derive(Debug, Default)]
pub struct Named {
    pub user: Vec<u8>,
    pub group: Vec<u8>,
    pub lacks_uid: bool,
    pub lacks_gid: bool,
}

impl Default for Entry {
    fn default() -> Self {
        Entry {
            path: Vec::new(),
            link: Vec::new(),
            kind: Kind::File,
            metadata: Metadata::default(),
            size: 0,
            stored: 0,
            is_sparse: false,
            extents: Vec::new(),
            named: Named::default(),
            left: Vec::new(),
        }
    }
}

/// Extended headers seen before the header they belong to.
#[derive(Default)]
struct Extended {
    has_records: bool,
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

/// Reads entries one after the other.
pub struct Reader<'a, A: ArchiveBytes + ?Sized> {
    stream: Stream<'a, A>,
    /// Whether the archive's end belongs to this run.
    is_last: bool,
    records: Records,
    global_headers: u32,
    /// Stored bytes of the current entry that were not taken yet, and the zeros behind them.
    left: u64,
    padding: u64,
}

impl<'a, A: ArchiveBytes + ?Sized> Reader<'a, A> {
    /// Reads `length` bytes of the archive from `offset`.
    pub fn open(archive: &'a A, offset: u64, length: u64, watch: Watch<'a>) -> Result<Self> {
        Self::open_comparing(archive, offset, length, Checksums::Compared, watch)
    }

    /// The same, with the checksums of the gzip stream or without.
    pub fn open_comparing(
        archive: &'a A,
        offset: u64,
        length: u64,
        checksums: Checksums,
        watch: Watch<'a>,
    ) -> Result<Self> {
        let stream = Stream::open(archive, offset, length, checksums, watch)?;
        let is_last = offset + length == archive.size();
        Ok(Reader { stream, is_last, records: Records::default(), global_headers: 0, left: 0, padding: 0 })
    }

    /// Reads a whole foreign file, however it is packed, and goes on without what harms nothing.
    pub fn open_foreign(archive: &'a A, ratio_max: u64, watch: Watch<'a>) -> Result<Self> {
        let mut stream = Stream::open_foreign(archive, watch)?;
        if stream.codec() != Codec::Plain {
            stream.limit_ratio(ratio_max);
        }
        let records = Records::lenient();
        Ok(Reader { stream, is_last: true, records, global_headers: 0, left: 0, padding: 0 })
    }

    /// How the file is packed.
    pub fn codec(&self) -> Codec {
        self.stream.codec()
    }

    /// The first bytes that were unpacked.
    pub fn head(&mut self) -> Result<&[u8]> {
        self.stream.peek(TAR_BLOCK_BYTES)
    }

    /// Reads on as from an archive that nothing vouches for.
    pub fn believe_nothing(&mut self, ratio_max: u64) {
        self.stream.limit_ratio(ratio_max);
    }

    /// Refuses what is known and no tar, in words of its own.
    pub fn refuse_no_tar(&mut self) -> Result<()> {
        known::refuse_known_no_tar(self.stream.peek(TAR_BLOCK_BYTES)?)
    }

    /// Says that the run begins with `left` bytes of a file.
    pub fn begin_inside(&mut self, left: u64) {
        self.set_content(left);
    }

    /// The first entry of an archive, which must be its manifest.
    pub fn manifest(&mut self) -> Result<Vec<u8>> {
        let mut entry = Entry::default();
        let found = self.next(&mut entry)?;
        let name = entry.path.strip_prefix(b"./").unwrap_or(&entry.path);
        if !found || name != entry_path::MANIFEST || entry.kind != Kind::File || entry.is_sparse {
            let message = format!("the archive begins with `{}` and not with its manifest", escape::bytes(name));
            return Err(Failure::archive(message).hint("`manifest.json` must be the first entry"));
        }
        if entry.size > MANIFEST_BYTES_MAX {
            return Err(Failure::archive(format!("the manifest is larger than {MANIFEST_BYTES_MAX} bytes")));
        }
        Ok(self.content(entry.size as usize)?.to_vec())
    }

    /// The next entry; what was left of the last one's content is passed over. False at the end.
    pub fn next(&mut self, entry: &mut Entry) -> Result<bool> {
        self.stream.skip(self.left + self.padding)?;
        self.set_content(0);
        self.records.clear();
        let mut extended = Extended::default();
        loop {
            let block = self.stream.peek(TAR_BLOCK_BYTES)?;
            let is_end = block.iter().all(|byte| *byte == 0);
            if is_end && (extended.has_records || extended.name.is_some() || extended.link.is_some()) {
                return Err(Failure::archive("the archive ends after an extended header without its entry"));
            }
            if is_end {
                return self.end().map(|()| false);
            }
            let header = headers::checked(block)?.clone();
            self.stream.take(TAR_BLOCK_BYTES)?;
            match header.as_old().linkflag[0] {
                b'x' => self.read_records(&header, &mut extended)?,
                // Readers differ in which of the headers that follow one they apply its records to.
                b'g' | b'L' | b'K' if extended.has_records => {
                    return Err(Failure::archive("another header stands between an extended header and its entry"));
                }
                b'g' => self.read_global(&header)?,
                b'L' => self.read_long(&header, &mut extended.name)?,
                b'K' => self.read_long(&header, &mut extended.link)?,
                flag => {
                    entry.kind = Kind::of(flag);
                    self.assemble(&header, &extended, entry)?;
                    return Ok(true);
                }
            }
        }
    }

    /// Up to `wanted` further bytes of the current entry's content, at most 1 MiB at a time.
    pub fn content(&mut self, wanted: usize) -> Result<&[u8]> {
        let wanted = (wanted as u64).min(self.left);
        self.left -= wanted;
        self.stream.take(wanted as usize)
    }

    /// Checks that the run ends here, in the middle of a file that the next part goes on with.
    pub fn expect_cut(&mut self) -> Result<()> {
        if self.stream.is_at_end()? {
            return Ok(());
        }
        Err(Failure::damaged("a part of the archive goes on after the next one begins"))
    }

    fn set_content(&mut self, stored: u64) {
        self.left = stored;
        self.padding = stored.wrapping_neg() % TAR_BLOCK_BYTES as u64;
    }

    /// The archive's end, read to the last byte, or the boundary to the next part.
    fn end(&mut self) -> Result<()> {
        let at_boundary = self.stream.is_at_end()?;
        if !self.is_last {
            return match at_boundary {
                true => Ok(()),
                false => Err(Failure::damaged("the archive ends before its last part")),
            };
        }
        if self.stream.peek(2 * TAR_BLOCK_BYTES)?.len() < 2 * TAR_BLOCK_BYTES {
            return Err(Failure::damaged("the archive has no end: it was cut off"));
        }
        let mut zeros = 0;
        loop {
            let rest = self.stream.peek(TAR_BLOCK_BYTES)?;
            if rest.is_empty() {
                return Ok(());
            }
            if headers::checked(rest).is_ok() {
                return Err(Failure::archive(
                    "another archive stands behind the end of the archive: it was appended to",
                )
                .hint(APPENDED_HINT));
            }
            if rest.iter().any(|byte| *byte != 0) {
                return Err(Failure::archive("something stands behind the end of the archive"));
            }
            let length = rest.len();
            zeros += length as u64;
            if zeros > END_BYTES_MAX {
                return Err(Failure::archive("more zeros stand behind the end of the archive than any tape needs"));
            }
            self.stream.take(length)?;
        }
    }

    fn extended_bytes(&mut self, header: &Header) -> Result<&[u8]> {
        let size = headers::size(header)?;
        if size > EXTENDED_BYTES_MAX {
            let message = format!("an extended header is larger than {EXTENDED_BYTES_MAX} bytes");
            return Err(Failure::archive(message));
        }
        let padded = size.next_multiple_of(TAR_BLOCK_BYTES as u64);
        Ok(&self.stream.take(padded as usize)?[..size as usize])
    }

    fn read_records(&mut self, header: &Header, extended: &mut Extended) -> Result<()> {
        if std::mem::replace(&mut extended.has_records, true) {
            return Err(Failure::archive("an entry has two extended headers"));
        }
        // Taken out, since the bytes it reads belong to the stream beside it.
        let mut records = std::mem::take(&mut self.records);
        let parsed = self.extended_bytes(header).and_then(|bytes| records.parse(bytes));
        self.records = records;
        parsed
    }

    fn read_global(&mut self, header: &Header) -> Result<()> {
        self.global_headers += 1;
        if self.global_headers > GLOBAL_HEADERS_MAX {
            return Err(Failure::archive(format!("the archive has more than {GLOBAL_HEADERS_MAX} global headers")));
        }
        pax::check_global(self.extended_bytes(header)?)
    }

    fn read_long(&mut self, header: &Header, into: &mut Option<Vec<u8>>) -> Result<()> {
        let bytes = self.extended_bytes(header)?;
        let name = bytes.strip_suffix(b"\0").unwrap_or(bytes).to_vec();
        match into.replace(name) {
            Some(_) => Err(Failure::archive("an entry has two long names")),
            None => Ok(()),
        }
    }

    fn assemble(&mut self, header: &Header, extended: &Extended, entry: &mut Entry) -> Result<()> {
        two_sources::names(header, extended.name.as_deref(), extended.link.as_deref(), &self.records, entry)?;
        self.fill(header, entry).map_err(|failure| match &*failure.code {
            "archive-refused" => policy::about(entry, failure.context("is refused")),
            _ => failure,
        })
    }

    fn fill(&mut self, header: &Header, entry: &mut Entry) -> Result<()> {
        let records = &self.records;
        two_sources::metadata(header, entry.kind, records, &mut entry.metadata)?;
        entry.stored = two_sources::stored_size(header, records)?;
        entry.size = entry.stored;
        entry.is_sparse = false;
        self.set_content(entry.stored);
        entry.left.clear();
        entry.left.extend_from_slice(&self.records.left);
        if self.records.lenient {
            two_sources::owners(header, &self.records, &mut entry.named);
            self.fill_of_gnu(entry)?;
        }
        if entry.kind != Kind::File {
            if !self.records.sparse.is_empty() {
                return Err(Failure::archive("it is sparse and no file"));
            }
            return match entry.stored {
                0 => Ok(()),
                // Passed over like a file's by whoever goes on after the refusal.
                _ if matches!(entry.kind, Kind::Special(_)) => Ok(()),
                _ => Err(Failure::archive("it has content and is no file")),
            };
        }
        self.fill_sparse(header, entry)
    }

    /// What GNU tar adds: a directory with a list of what is in it, and the rest of a file of another volume.
    fn fill_of_gnu(&mut self, entry: &mut Entry) -> Result<()> {
        match entry.kind {
            Kind::Special(b'M') => Err(part::of_several(b"")),
            Kind::Special(b'D') => {
                if entry.stored > EXTENDED_BYTES_MAX {
                    return Err(Failure::archive(format!(
                        "its list of names is larger than {EXTENDED_BYTES_MAX} bytes"
                    )));
                }
                let padded = self.left + self.padding;
                part::refuse_increment(&self.stream.take(padded as usize)?[..entry.stored as usize])?;
                self.set_content(0);
                (entry.kind, entry.size, entry.stored) = (Kind::Directory, 0, 0);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Finds out whether the file is sparse and where its bytes go.
    fn fill_sparse(&mut self, header: &Header, entry: &mut Entry) -> Result<()> {
        let records = &mut self.records;
        let version = (records.sparse.major, records.sparse.minor);
        let mut map_bytes = 0;
        if header.as_old().linkflag[0] == b'S' {
            let gnu = header.as_gnu().ok_or_else(|| Failure::archive("it is sparse and no GNU entry"))?;
            if !records.sparse.is_empty() {
                return Err(Failure::archive("it is sparse in two ways"));
            }
            entry.size = sparse::old_gnu(gnu, &mut entry.extents)?;
            if gnu.is_extended() {
                sparse::old_gnu_extensions(&mut self.stream, &mut entry.extents)?;
            }
        } else if version == (Some(1), Some(0)) {
            if records.sparse.has_map() {
                return Err(Failure::archive("it is sparse in two ways"));
            }
            entry.size = real_size(records)?;
            map_bytes = sparse::map_before_data(&mut self.stream, entry.stored, &mut entry.extents)?;
        } else if records.sparse.has_map() && matches!(version, (None, None) | (Some(0), Some(0 | 1))) {
            entry.size = real_size(records)?;
            std::mem::swap(&mut entry.extents, &mut records.sparse.extents);
        } else if records.sparse.is_empty() {
            return check_size(entry.size);
        } else {
            return Err(Failure::archive("it is sparse in a form that is not known"));
        }
        entry.is_sparse = true;
        self.set_content(entry.stored);
        self.left -= map_bytes;
        entry.stored -= map_bytes;
        check_size(entry.size)?;
        sparse::check(&entry.extents, entry.size, entry.stored)
    }
}

fn real_size(records: &Records) -> Result<u64> {
    records.sparse.real_size.ok_or_else(|| Failure::archive("it is sparse and has no real size"))
}

fn check_size(size: u64) -> Result<()> {
    if size > FOREIGN_BYTES_MAX {
        return Err(Failure::archive(format!("it is larger than {FOREIGN_BYTES_MAX} bytes")));
    }
    Ok(())
}
