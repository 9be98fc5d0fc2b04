//! A small tar writer that can also write what no archiver would. The plugin's own tests use it, too.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

/// One header, with every field open to abuse.
#[derive(Clone)]
pub(crate) struct Head {
    pub name: Vec<u8>,
    pub flag: u8,
    pub link: Vec<u8>,
    pub mode: Vec<u8>,
    pub uid: Vec<u8>,
    pub gid: Vec<u8>,
    pub size: Vec<u8>,
    pub mtime: Vec<u8>,
    pub magic: Vec<u8>,
    pub checksum: Option<Vec<u8>>,
    /// Bytes from offset 345 on, where POSIX headers keep the beginning of a long name.
    pub prefix: Vec<u8>,
    /// Bytes from offset 386 on, where old GNU headers keep their sparse map.
    pub gnu: Vec<u8>,
}

impl Head {
    pub(crate) fn new(name: impl AsRef<[u8]>, flag: u8, size: usize) -> Head {
        Head {
            name: name.as_ref().to_vec(),
            flag,
            link: Vec::new(),
            mode: b"0000644\0".to_vec(),
            uid: b"0001750\0".to_vec(),
            gid: b"0001750\0".to_vec(),
            size: format!("{size:011o}\0").into_bytes(),
            mtime: b"14000000000\0".to_vec(),
            magic: b"ustar\x0000".to_vec(),
            checksum: None,
            prefix: Vec::new(),
            gnu: Vec::new(),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut block = vec![0; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.name);
        put(100, &self.mode);
        put(108, &self.uid);
        put(116, &self.gid);
        put(124, &self.size);
        put(136, &self.mtime);
        put(148, b"        ");
        put(156, &[self.flag]);
        put(157, &self.link);
        put(257, &self.magic);
        put(345, &self.prefix);
        put(386, &self.gnu);
        let sum = block.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        let checksum = self.checksum.clone().unwrap_or_else(|| format!("{sum:06o}\0 ").into_bytes());
        block[148..148 + checksum.len()].copy_from_slice(&checksum);
        block
    }
}

/// PAX records with right lengths.
pub(crate) fn records(pairs: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in pairs {
        let body = key.len() + value.len() + 3;
        let mut length = body + 1;
        while body + length.to_string().len() != length {
            length = body + length.to_string().len();
        }
        out.extend_from_slice(format!("{length} {key}=").as_bytes());
        out.extend_from_slice(value);
        out.push(b'\n');
    }
    out
}

/// An archive while it is written, in gzip members that begin where parts do.
#[derive(Clone, Default)]
pub(crate) struct Tarball {
    done: Vec<u8>,
    member: Vec<u8>,
    pub entries: u64,
    pub volumes: usize,
    parts: Vec<serde_json::Value>,
}

impl Tarball {
    /// Begins with this manifest, which lists so many volumes.
    pub(crate) fn beginning_with(manifest: &[u8], volumes: usize) -> Tarball {
        Tarball { volumes, ..Tarball::empty() }.file("manifest.json", manifest)
    }

    /// Begins with nothing.
    pub(crate) fn empty() -> Tarball {
        Tarball { volumes: 1, parts: vec![json!({"offset": 0, "first_entry": 0})], ..Tarball::default() }
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Tarball {
        self.member.extend_from_slice(bytes);
        self
    }

    pub(crate) fn padded(self, bytes: &[u8]) -> Tarball {
        let padding = bytes.len().wrapping_neg() % 512;
        self.raw(bytes).raw(&vec![0; padding])
    }

    pub(crate) fn entry(mut self, head: &Head, content: &[u8]) -> Tarball {
        self.entries += 1;
        self.raw(&head.bytes()).padded(content)
    }

    pub(crate) fn pax(self, pairs: &[(&str, &[u8])]) -> Tarball {
        let records = records(pairs);
        self.raw(&Head::new("PaxHeaders/x", b'x', records.len()).bytes()).padded(&records)
    }

    pub(crate) fn file(self, name: impl AsRef<[u8]>, content: &[u8]) -> Tarball {
        self.entry(&Head::new(name, b'0', content.len()), content)
    }

    pub(crate) fn directory(self, name: impl AsRef<[u8]>) -> Tarball {
        self.entry(&Head::new(name, b'5', 0), b"")
    }

    pub(crate) fn link(self, name: &str, flag: u8, target: &str) -> Tarball {
        self.entry(&Head { link: target.into(), ..Head::new(name, flag, 0) }, b"")
    }

    /// Ends the gzip member.
    pub(crate) fn member(mut self) -> Tarball {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&self.member).unwrap();
        self.done.extend_from_slice(&gzip.finish().unwrap());
        self.member.clear();
        self
    }

    /// Begins a part, inside a file if one is named.
    pub(crate) fn part(self, inside: Option<(&str, u64, u64)>) -> Tarball {
        let mut this = self.member();
        let mut part = json!({"offset": this.done.len(), "first_entry": this.entries});
        if let Some((path, size, at)) = inside {
            part["inside"] = json!({"volume": 0, "path": path, "size": size, "at": at});
        }
        this.parts.push(part);
        this
    }

    /// What will be compressed as the next member.
    pub(crate) fn tar(&self) -> &[u8] {
        &self.member
    }

    /// The two blocks of the end.
    pub(crate) fn end(self) -> Tarball {
        self.raw(&[0; 1024])
    }

    /// The archive and its parts, as a descriptor lists them.
    pub(crate) fn finish(self) -> (Vec<u8>, Vec<serde_json::Value>) {
        let this = if self.member.is_empty() { self } else { self.member() };
        (this.done, this.parts)
    }
}
