//! The descriptor: what passes the host's check and the plugin's describes every byte of the archive once.

use reforge_plugin::Failure;
use reforge_plugin::host::ArchiveBytes;
use reforge_plugin::manifest::Descriptor;
use reforge_snapshots::store;

struct Described<'a> {
    text: &'a str,
    bytes: u64,
}

impl ArchiveBytes for Described<'_> {
    fn descriptor(&self) -> String {
        self.text.to_owned()
    }

    fn size(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, _: u64, _: u32) -> Result<Vec<u8>, Failure> {
        panic!("a descriptor is read without the archive");
    }
}

pub fn run(input: &[u8]) {
    let host = store::checked_descriptor(input, "w", "20260101T000000Z-abcdef");
    let Ok(text) = std::str::from_utf8(input) else { return };
    let bytes = host.as_ref().map_or(1000, |descriptor| descriptor.archive.bytes);
    let Ok(descriptor) = Descriptor::open(&Described { text, bytes }) else { return };
    let parts = descriptor.parts_to_extract().expect("it was checked");
    let end = parts.iter().fold(0, |end, part| {
        assert!(part.offset == end && part.length > 0);
        end + part.length
    });
    assert_eq!(end, bytes);
}
