//! A forger: snapshots that were changed by somebody who can change both files and knows the format.

use std::io::{Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::world::read_json;

/// One member of a tar archive: its name, its header as stored, its content.
#[derive(Clone)]
pub(crate) struct Member {
    pub name: Vec<u8>,
    pub header: tar::Header,
    pub content: Vec<u8>,
}

impl Member {
    pub(crate) fn file(name: &str, content: &[u8]) -> Member {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::Regular);
        Member { name: name.as_bytes().to_vec(), header, content: content.to_vec() }
    }

    /// Of another type, leading to `target`.
    pub(crate) fn link(name: &str, entry_type: tar::EntryType, target: &str) -> Member {
        let mut member = Member::file(name, b"");
        member.header.set_entry_type(entry_type);
        member.header.as_mut_bytes()[157..257].fill(0);
        member.header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
        member
    }
}

/// Changes the members of an archive in place.
pub(crate) fn rewrite(archive: &Path, change: impl FnOnce(&mut Vec<Member>)) {
    let mut raw = Vec::new();
    MultiGzDecoder::new(std::fs::File::open(archive).unwrap()).read_to_end(&mut raw).unwrap();
    let mut members = Vec::new();
    for entry in tar::Archive::new(&raw[..]).entries().unwrap().raw(true) {
        let mut entry = entry.unwrap();
        let (name, header) = (entry.path_bytes().into_owned(), entry.header().clone());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        members.push(Member { name, header, content });
    }
    change(&mut members);
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    for mut member in members {
        let name = &mut member.header.as_mut_bytes()[..100];
        name.fill(0);
        name[..member.name.len()].copy_from_slice(&member.name);
        member.header.set_size(member.content.len() as u64);
        member.header.set_cksum();
        out.write_all(member.header.as_bytes()).unwrap();
        out.write_all(&member.content).unwrap();
        out.write_all(&vec![0; member.content.len().next_multiple_of(512) - member.content.len()]).unwrap();
    }
    out.write_all(&[0; 1024]).unwrap();
    std::fs::write(archive, out.finish().unwrap()).unwrap();
}

/// Makes the descriptor fit the archive again as far as a forger can: size, digest, one part. The tree digests stay.
pub(crate) fn fix_descriptor(archive: &Path, descriptor: &Path) {
    edit_descriptor(descriptor, |descriptor| {
        let bytes = std::fs::read(archive).unwrap();
        descriptor["archive"] = json!({ "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(&bytes)) });
        descriptor["parts"] = json!([{ "offset": 0, "first_entry": 0 }]);
    });
}

/// Changes a descriptor in place.
pub(crate) fn edit_descriptor(descriptor: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = read_json(descriptor);
    change(&mut value);
    std::fs::write(descriptor, serde_json::to_vec_pretty(&value).unwrap()).unwrap();
}

/// Changes the manifest in the archive and its copy in the descriptor alike.
pub(crate) fn forge_manifest(
    (archive, descriptor): &(std::path::PathBuf, std::path::PathBuf),
    change: impl Fn(&mut Value),
) {
    rewrite(archive, |members| {
        let manifest = members.iter_mut().find(|member| member.name == b"manifest.json").expect("there is a manifest");
        let mut value: Value = serde_json::from_slice(&manifest.content).unwrap();
        change(&mut value);
        manifest.content = serde_json::to_vec(&value).unwrap();
    });
    fix_descriptor(archive, descriptor);
    edit_descriptor(descriptor, |descriptor| change(&mut descriptor["manifest"]));
}
