//! The text form of a POSIX ACL, which is how `tar --acls` reads one.
//!
//! Ids stay numbers. The raw attribute is recorded beside it and is what a restore uses; this is for people with `tar`.

/// `POSIX_ACL_XATTR_VERSION`, little endian, before the entries.
const VERSION: [u8; 4] = [2, 0, 0, 0];
/// Tag, permissions and id of one entry.
const ENTRY_BYTES: usize = 8;

/// The text of a `system.posix_acl_*` value; none if it is not one.
pub(super) fn of(value: &[u8]) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::of;

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
}
