//! Archives that are only a part of a backup: an increment, one volume of several. Taken for the whole, a restore would remove
//! every file that had not changed.

use crate::{Failure, Result, escape};

const INCREMENT_HINT: &str = "unpack the whole chain in order into an empty directory (`tar --listed-incremental=/dev/null -xf FILE`, the full \
                              backup first), and import the directory";

/// Refuses a list of a directory's names (`GNU.dumpdir`, or the content of an entry of type `D`) that has names which are not
/// in the archive: every name has its letter in front and a zero byte behind, and `N` says that it was not stored.
pub(super) fn refuse_increment(list: &[u8]) -> Result<()> {
    let mut names = list.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let Some(first) = names.find(|name| name.starts_with(b"N")) else { return Ok(()) };
    let more = names.filter(|name| name.starts_with(b"N")).count();
    let (first, names) =
        (escape::bytes(&first[1..]), if more == 0 { String::new() } else { format!(" and {more} more") });
    Err(Failure::archive(format!(
        "this is one step of an incremental backup: its directory lists `{first}`{names}, which the archive does not hold"
    ))
    .hint(INCREMENT_HINT))
}

/// Why a record or an entry says that its file is not whole here.
pub(super) fn of_several(key: &[u8]) -> Failure {
    match key {
        b"SCHILY.realsize" => Failure::archive("entries that are cut in pieces are not restored")
            .hint("unpack it with `star`, and import the directory"),
        b"SUN.holesdata" => Failure::archive("it is sparse in the way of Solaris, and what is stored is not the file")
            .hint("unpack it with the `tar` that made it, and import the directory"),
        _ => Failure::archive("it is cut in pieces: the archive is one of several volumes").hint(
            "unpack all volumes in order (`tar -xMf FIRST -f SECOND …`) into an empty directory, and import the directory",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_with_names_that_were_not_stored_is_of_an_increment() {
        refuse_increment(b"Yfile\0Ddir\0\0").unwrap();
        refuse_increment(b"").unwrap();
        let failure = refuse_increment(b"Yfile\0Nold\0Nolder\0\0").unwrap_err();
        assert!(failure.message.contains("lists `old` and 1 more, which"), "{}", failure.message);
    }
}
