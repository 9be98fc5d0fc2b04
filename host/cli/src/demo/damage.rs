//! What goes wrong in the demo: files lost, changed, opened to everybody, and one that should not be there.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

use reforge_base::Failure;
use reforge_base::Message;
use reforge_base::Result;
use reforge_base::message;

use super::stage::Stage;

pub(super) const STRAY: &str = "core.4711";

/// Where in the photo a bit turns.
const ROTTEN_BYTE: u64 = 1_500_000;

/// Does it. Answers each thing in words.
pub(super) fn damage(stage: &Stage) -> Result<Vec<Message>> {
    let failed = |error: io::Error| Failure::io("damage", &stage.data, &error);
    do_it(stage).map_err(failed)?;
    Ok(vec![
        message!("damage-removed-private"),
        message!("damage-removed-records"),
        message!("damage-changed-index"),
        message!("damage-changed-one-bit"),
        message!("damage-opened-settings"),
        message!("damage-added-a-stray-file", file = STRAY),
    ])
}

fn do_it(stage: &Stage) -> io::Result<()> {
    let data = &stage.data;
    std::fs::remove_dir_all(data.join("private"))?;
    std::fs::remove_file(data.join("records/0001.txt"))?;
    std::fs::write(data.join("public/index.html"), "<h1>hacked</h1>\n")?;
    std::fs::set_permissions(data.join("settings.toml"), Permissions::from_mode(0o666))?;
    std::fs::write(stage.log.join(STRAY), vec![0x7f; 100_000])?;
    rot(&File::options().read(true).write(true).open(data.join("photo.raw"))?)
}

/// What a bad disk does: no listing shows it.
fn rot(photo: &File) -> io::Result<()> {
    let before = photo.metadata()?.modified()?;
    let mut byte = [0];
    photo.read_exact_at(&mut byte, ROTTEN_BYTE)?;
    photo.write_all_at(&[byte[0] ^ 1], ROTTEN_BYTE)?;
    photo.set_modified(before)
}
