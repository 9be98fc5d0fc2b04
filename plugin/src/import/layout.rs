//! What other programs pack, by the names at the top of an archive: what it is, and the commands that make it importable.
//! It is advice for a person who has given no mapping, and decides nothing.

use super::tree::Tree;
use crate::Failure;

/// What is known of an archive, if it takes more than a mapping of directories.
pub(super) fn advice(tree: &Tree) -> Option<Failure> {
    let is_packed = |name: &[u8]| [&b".tar.gz"[..], b".tgz", b".tar"].iter().any(|end| name.ends_with(end));
    let has_packed = tree.top().any(is_packed);
    let rows: [(bool, &str, &str); 9] = [
        (
            tree.has("backup.json") && has_packed,
            "this is a backup of Home Assistant: every add-on is an archive of its own in it",
            "`tar -xOf FILE ./SLUG.tar.gz | reforge import - --workload W --strip 1` takes one in; if it is encrypted, `securetar` \
             decrypts it first",
        ),
        (
            tree.has("etc/vzdump/pct.conf"),
            "this is a dump of a whole container of Proxmox",
            "give the directory of the app's data in it: `--volume NAME=srv/app`",
        ),
        (
            tree.has("portainer.db"),
            "this is a backup of Portainer's own settings: it holds no data of an app",
            "import what was saved of the app's volumes; `--volume NAME=PREFIX` takes it in if Portainer is the app",
        ),
        (
            tree.has("info.json") && tree.has("backup.csv") && tree.has("apps"),
            "this is a backup of YunoHost: `backup.csv` says which directory is which",
            "give each volume its directory: `--volume NAME=apps/APP/backup/var/www/APP`; a `.sql` in it is a dump that is loaded into \
             a database, and no volume",
        ),
        (
            tree.has("app-data") && tree.has("user-config"),
            "this is a backup of Runtipi: the app's data is in `app-data`",
            "give each volume its directory: `--volume NAME=app-data/…`",
        ),
        (
            tree.has("fsmetadata.json"),
            "this is a backup of Cloudron: the app's data is in `data`, owners and modes are in `fsmetadata.json`",
            "give each volume its directory: `--volume NAME=data`; owners and modes are then those of the archive",
        ),
        (
            tree.has("oci-layout") || (tree.has("manifest.json") && tree.has("repositories")),
            "this is an image of a container (`docker save`): it holds the program and no data",
            "`docker load -i FILE` makes the image known to the engine",
        ),
        (
            tree.has("captain-definition") || tree.has("meta/backup.json"),
            "this is a backup of CapRover's own settings: it holds no data of an app",
            "import what was saved of the app's volumes",
        ),
        (
            tree.top().next().is_some() && tree.top().all(is_packed),
            "this is an archive of archives",
            "`tar -xOf FILE NAME | reforge import - --workload W` takes one of them in",
        ),
    ];
    let known = rows.into_iter().find(|(is_it, ..)| *is_it);
    known.map(|(_, what, hint)| Failure::archive(what).hint(hint))
}
