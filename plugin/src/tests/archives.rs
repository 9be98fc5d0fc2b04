//! Archives of other writers: GNU tar and bsdtar, where the machine has them.

use std::path::Path;
use std::process::Command;

use super::extracting::extracted;
use super::fake_host::Node;
use super::tarball::{Archive, Tarball, manifest};

/// Packs a small tree with `program` and reads it back; nothing to do where the program is missing.
fn packed_by(program: &str, arguments: &[&str]) {
    let directory = std::env::temp_dir().join(format!("reforge-plugin-{program}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let root = directory.join("volumes/0");
    std::fs::create_dir_all(root.join("deep")).unwrap();
    std::fs::write(directory.join("manifest.json"), manifest(1).to_string()).unwrap();
    std::fs::write(root.join("deep").join("n".repeat(200)), b"long").unwrap();
    sparse(&root.join("sparse"));
    let archive = directory.join("archive.tar.gz");
    let output = Command::new(program)
        .current_dir(&directory)
        .args(arguments)
        .args(["-czf", "archive.tar.gz", "manifest.json", "volumes"])
        .output();
    if let Ok(output) = output {
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        let bytes = std::fs::read(archive).unwrap();
        let mut stored: Archive = Tarball::new(1).end().imported();
        stored.descriptor["archive"]["bytes"] = bytes.len().into();
        stored.bytes = bytes;
        let staging = extracted(&stored, &[]).unwrap_or_else(|failure| panic!("{program} {arguments:?}: {failure}"));
        let tree = staging.0.borrow();
        let mut long = b"deep/".to_vec();
        long.extend([b'n'; 200]);
        assert!(matches!(&tree[&long], Node::File { content, .. } if content == b"long"));
        let expected = std::fs::read(root.join("sparse")).unwrap();
        assert!(matches!(&tree[&b"sparse"[..]], Node::File { content, .. } if *content == expected), "{arguments:?}");
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

fn sparse(path: &Path) {
    use std::os::unix::fs::FileExt as _;
    let file = std::fs::File::create(path).unwrap();
    file.set_len(9 << 20).unwrap();
    for at in 0..30 {
        file.write_all_at(b"some data in between", at * 300_000 + 17).unwrap();
    }
}

#[test]
fn archives_of_gnu_tar_are_read_in_every_form() {
    packed_by("tar", &["--format=gnu"]);
    packed_by("tar", &["--format=gnu", "--sparse"]);
    packed_by("tar", &["--format=posix"]);
    for version in ["0.0", "0.1", "1.0"] {
        let version = format!("--sparse-version={version}");
        packed_by("tar", &["--format=posix", "--sparse", &version]);
    }
}

#[test]
fn archives_of_bsdtar_are_read() {
    packed_by("bsdtar", &["--format=pax"]);
}
