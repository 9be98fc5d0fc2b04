//! The text form of a POSIX ACL, which is how `tar --acls` reads and writes one.
//!
//! Ids stay numbers. The raw attribute is recorded beside it and is what a restore uses; the text is for people with
//! `tar`, and GNU tar writes one that says no more than a mode for each directory that only has a default list.

/// `POSIX_ACL_XATTR_VERSION`, little endian, before the entries.
const VERSION: [u8; 4] = [2, 0, 0, 0];
/// Tag, permissions and id of one entry.
const ENTRY_BYTES: usize = 8;
/// How the lines begin that a mode says, too.
const PERSONS: [&[u8]; 3] = [b"user::", b"group::", b"other::"];

/// The text of a `system.posix_acl_*` value; none if it is not one.
pub fn of(value: &[u8]) -> Option<String> {
    let entries = value.strip_prefix(&VERSION)?;
    if entries.is_empty() || entries.len() % ENTRY_BYTES != 0 {
        return None;
    }
    let lines: Option<Vec<String>> = entries.chunks_exact(ENTRY_BYTES).map(entry).collect();
    Some(lines?.join(","))
}

fn entry(bytes: &[u8]) -> Option<String> {
    let tag = u16::from_le_bytes([bytes[0], bytes[1]]);
    let bits = u16::from_le_bytes([bytes[2], bytes[3]]);
    let id = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    let who = match tag {
        0x01 => "user:".to_owned(),
        0x02 => format!("user:{id}"),
        0x04 => "group:".to_owned(),
        0x08 => format!("group:{id}"),
        0x10 => "mask:".to_owned(),
        0x20 => "other:".to_owned(),
        _ => return None,
    };
    let flag = |bit: u16, letter: char| if bits & bit != 0 { letter } else { '-' };
    Some(format!("{who}:{}{}{}", flag(4, 'r'), flag(2, 'w'), flag(1, 'x')))
}

/// The permissions that the text gives to owner, group and others, if it gives none to anybody else: any other text counts
/// only beside the attribute.
pub fn as_mode(text: &[u8]) -> Option<u32> {
    let mut permissions = [None; 3];
    for line in text.split(|byte| matches!(byte, b'\n' | b',')).filter(|line| !line.is_empty()) {
        let person = PERSONS.iter().position(|person| line.starts_with(person))?;
        let given = bits(&line[PERSONS[person].len()..])?;
        if permissions[person].replace(given).is_some() {
            return None;
        }
    }
    permissions.into_iter().try_fold(0, |mode, bits| Some(mode << 3 | bits?))
}

/// Of `r-x` and the like.
fn bits(text: &[u8]) -> Option<u32> {
    let wanted: &[u8; 3] = b"rwx";
    if text.len() != wanted.len() {
        return None;
    }
    text.iter().zip(wanted).try_fold(0, |bits, (byte, letter)| match byte {
        byte if byte == letter => Some(bits << 1 | 1),
        b'-' => Some(bits << 1),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acl_reads_as_tar_writes_it() {
        let entry = |tag: u16, bits: u16, id: u32| {
            [&tag.to_le_bytes()[..], &bits.to_le_bytes()[..], &id.to_le_bytes()[..]].concat()
        };
        let none = u32::MAX;
        let value = [
            vec![2, 0, 0, 0],
            entry(1, 6, none),
            entry(2, 4, 1000),
            entry(4, 5, none),
            entry(8, 0, 50),
            entry(0x10, 7, none),
            entry(0x20, 1, none),
        ]
        .concat();
        assert_eq!(of(&value).as_deref(), Some("user::rw-,user:1000:r--,group::r-x,group:50:---,mask::rwx,other::--x"));
        assert_eq!(of(&value[..10]), None);
        assert_eq!(of(b"\x02\0\0\0"), None);
    }

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
