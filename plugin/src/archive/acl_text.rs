//! The text of an access list that stands beside an entry for people, as far as it says no more than a mode does: GNU
//! tar writes one for each directory that only has a default list. Any other text counts only beside the attribute.

const PERSONS: [&[u8]; 3] = [b"user::", b"group::", b"other::"];

/// The permissions that the text gives to owner, group and others, if it gives none to anybody else.
pub fn as_mode(text: &[u8]) -> Option<u32> {
    let mut rights = [None; 3];
    for line in text.split(|byte| matches!(byte, b'\n' | b',')).filter(|line| !line.is_empty()) {
        let person = PERSONS.iter().position(|person| line.starts_with(person))?;
        let given = bits(&line[PERSONS[person].len()..])?;
        if rights[person].replace(given).is_some() {
            return None;
        }
    }
    rights.into_iter().try_fold(0, |mode, rights| Some(mode << 3 | rights?))
}

/// Of `r-x` and the like.
fn bits(text: &[u8]) -> Option<u32> {
    let wanted: &[u8; 3] = b"rwx";
    if text.len() != wanted.len() {
        return None;
    }
    text.iter().zip(wanted).try_fold(0, |bits, (byte, right)| match byte {
        byte if byte == right => Some(bits << 1 | 1),
        b'-' => Some(bits << 1),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_list_that_is_a_mode_is_one() {
        for (text, mode) in [
            (&b"user::rwx\ngroup::r-x\nother::---\n"[..], Some(0o750)),
            (b"user::rw-,group::-w-,other::--x", Some(0o621)),
            (b"user::rwx\ngroup::r-x\n", None),
            (b"user::rwx\nuser::rwx\ngroup::r-x\nother::---\n", None),
            (b"user::rwx\nuser:4711:rwx\ngroup::r-x\nmask::rwx\nother::---\n", None),
            (b"user::rwx\ngroup::r-x\nother::xwr\n", None),
            (b"user::rwx\ngroup::r-x\nother::r-x:0\n", None),
            (b"", None),
        ] {
            assert_eq!(as_mode(text), mode, "{}", crate::escape::bytes(text));
        }
    }
}
