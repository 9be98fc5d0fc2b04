//! Directories of transactions that never began: the process ended before there was a journal, so nothing was made.
//!
//! Such a directory has a transaction's name and holds nothing but what is written before the journal. Anything else that
//! has no journal is not known to be ours and stays: it may be the rest of one that a disk lost.
//!
//! One that is being begun looks the same. So whoever begins one holds a lock (`beginning`), and nothing is removed while
//! anybody holds it.

use std::path::{Path, PathBuf};

use super::beginning::{failed, open};
use super::journal::{self, Journal};
use super::listing;
use super::names::is_id;
use super::state_files;
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};
use reforge_base::lock_file::Locked;

/// Removes them, unless somebody begins one right now.
pub fn remove(transactions: &Path) -> Result<()> {
    if find(transactions)?.is_empty() {
        return Ok(());
    }
    let directory = open(transactions)?;
    let alone = Locked::try_alone(directory).map_err(|errno| failed(transactions, errno))?;
    let Some(_alone) = alone else { return Ok(()) };
    // Looked for again: what was being begun before has a journal now.
    for Aborted { directory, files } in find(transactions)? {
        for file in files {
            effect("remove-file", || state_files::remove_file(&file))
                .map_err(|error| Failure::io("remove", &file, &error))?;
        }
        effect("remove-unbegun", || state_files::remove_directory(&directory))
            .map_err(|error| Failure::io("remove", &directory, &error))?;
    }
    Ok(())
}

struct Aborted {
    directory: PathBuf,
    /// All that it holds.
    files: Vec<PathBuf>,
}

fn find(transactions: &Path) -> Result<Vec<Aborted>> {
    let mut found = Vec::new();
    for name in listing::names(transactions)? {
        let directory = transactions.join(&name);
        if !state_files::is_real_directory(&directory)
            || !is_id(&name.to_string_lossy())
            || Journal::exists(&directory)?
        {
            continue;
        }
        if let Some(files) = files_before_a_journal(&directory)? {
            found.push(Aborted { directory, files });
        }
    }
    Ok(found)
}

/// What a directory holds, if all of it is written before there is a journal.
fn files_before_a_journal(directory: &Path) -> Result<Option<Vec<PathBuf>>> {
    let (mut files, mut attachments) = (Vec::new(), 0);
    for name in state_files::list(directory).map_err(|error| Failure::io("list", directory, &error))? {
        let path = directory.join(&name);
        let target = durable::target_of_temporary(&name);
        let is_ours = match target.or_else(|| name.to_str()) {
            Some(file) => journal::is_before_the_journal(file, target.is_some()),
            None => false,
        };
        if !is_ours || !state_files::is_real_file(&path) {
            return Ok(None);
        }
        attachments += u32::from(target.is_none() && name.to_str().is_some_and(journal::is_attachment));
        files.push(path);
    }
    // A second one is written when the app is about to be stopped: there was a journal.
    Ok((attachments <= 1).then_some(files))
}

#[cfg(test)]
mod tests {
    use super::super::beginning::beginning;
    use super::*;

    const ID: &str = "20261124T162620.944-c6de91";
    const ATTACHMENT: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.json";

    fn made(transactions: &Path, id: &str, files: &[&str]) -> PathBuf {
        let directory = transactions.join(id);
        std::fs::create_dir(&directory).unwrap();
        files.iter().for_each(|file| std::fs::write(directory.join(file), "notes").unwrap());
        directory
    }

    #[test]
    fn what_never_began_goes_but_not_while_somebody_begins() {
        let root = tempfile::tempdir().unwrap();
        let unfinished = ".journal.0123456789abcdef.unfinished";
        let aborted = made(root.path(), ID, &["workload", ATTACHMENT, unfinished]);
        let empty = made(root.path(), "20261124T162620.945-c6de91", &[]);
        let begun = made(root.path(), "20261124T162620.946-c6de91", &["workload", "journal"]);
        let beginning = beginning(root.path()).unwrap();
        remove(root.path()).unwrap();
        assert!(aborted.exists() && empty.exists(), "somebody begins one");
        drop(beginning);
        remove(root.path()).unwrap();
        assert!(!aborted.exists() && !empty.exists() && begun.exists());
    }

    #[test]
    fn what_is_not_known_to_be_the_beginning_of_one_stays() {
        let root = tempfile::tempdir().unwrap();
        let kept = [
            made(root.path(), "workload-backup", &["workload"]),
            made(root.path(), "20261124T162620.947-c6de91", &["workload", "abort"]),
            made(root.path(), "20261124T162620.948-c6de91", &["workload", "receipt.txt"]),
            made(root.path(), "20261124T162620.951-c6de91", &["workload", ATTACHMENT, &ATTACHMENT.replace('9', "8")]),
            made(root.path(), "20261124T162620.949-c6de91", &["workload", ".resolved.0123456789abcdef.unfinished"]),
        ];
        let with_directory = made(root.path(), "20261124T162620.950-c6de91", &[]);
        std::fs::create_dir(with_directory.join("workload")).unwrap();
        remove(root.path()).unwrap();
        for directory in kept.iter().chain([&with_directory]) {
            assert!(directory.exists(), "{}", directory.display());
            assert!(std::fs::read_dir(directory).unwrap().count() > 0, "{}", directory.display());
        }
    }
}
