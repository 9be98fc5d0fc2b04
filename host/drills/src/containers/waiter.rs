//! A program that does nothing until it is killed: it holds a container's network open while that is tried, before anything of the
//! app runs. It needs no other file, so that it runs in any image, an empty one too.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// Where the only segment is loaded.
const BASE: u64 = 0x40_0000;
/// What stands before the instructions: the header of the file and that of the segment.
const HEADERS: u64 = 64 + 56;

/// A machine that it is made for.
struct Machine {
    name: &'static str,
    /// Its number in the header.
    number: u16,
    /// Waits for a signal, again and again.
    code: &'static [u8],
}

const MACHINES: [Machine; 2] = [
    Machine {
        name: "x86_64",
        number: 62,
        // mov eax, 34 (pause); syscall; jmp to the beginning
        code: &[0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7],
    },
    Machine {
        name: "aarch64",
        number: 183,
        // mov x0, 0; mov x1, 0; mov x2, 0; mov x3, 0; mov x8, 73 (ppoll); svc 0; b to the beginning
        code: &[
            0x00, 0x00, 0x80, 0xd2, 0x01, 0x00, 0x80, 0xd2, 0x02, 0x00, 0x80, 0xd2, 0x03, 0x00, 0x80, 0xd2, 0x28, 0x09,
            0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4, 0xfa, 0xff, 0xff, 0x17,
        ],
    },
];

/// Writes it into a directory, and answers where it is.
pub(crate) fn write(directory: &Path) -> Result<PathBuf> {
    let own = std::env::consts::ARCH;
    let machine = MACHINES.iter().find(|machine| machine.name == own);
    let machine =
        machine.ok_or_else(|| Failure::new(Code::PolicyRefused, message!("drilled-on-no-known-machine", own)))?;
    let path = directory.join("waiter");
    let make = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o555).open(&path)?.write_all(&program(machine))
    };
    effect("drill-place", make).map_err(|error| Failure::io("write", &path, &error))?;
    Ok(path)
}

/// An executable of one segment, which is the whole file.
fn program(machine: &Machine) -> Vec<u8> {
    let length = HEADERS + machine.code.len() as u64;
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let half = |file: &mut Vec<u8>, number: u16| file.extend_from_slice(&number.to_le_bytes());
    let word = |file: &mut Vec<u8>, number: u32| file.extend_from_slice(&number.to_le_bytes());
    let long = |file: &mut Vec<u8>, number: u64| file.extend_from_slice(&number.to_le_bytes());
    // An executable of this machine, version 1; the entry, the segment's header at 64, no sections, no flags.
    half(&mut file, 2);
    half(&mut file, machine.number);
    word(&mut file, 1);
    [BASE + HEADERS, 64, 0].into_iter().for_each(|number| long(&mut file, number));
    word(&mut file, 0);
    [64, 56, 1, 64, 0, 0].into_iter().for_each(|number| half(&mut file, number));
    // Loaded, readable and executable, from the beginning to the end.
    word(&mut file, 1);
    word(&mut file, 5);
    [0, BASE, BASE, length, length, 0x1000].into_iter().for_each(|number| long(&mut file, number));
    file.extend_from_slice(machine.code);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_until_it_is_killed() {
        let directory = std::env::temp_dir().join(format!("reforge-waiter-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut waiting = std::process::Command::new(write(&directory).unwrap()).spawn().unwrap();
        let asleep = || {
            let said = std::fs::read_to_string(format!("/proc/{}/syscall", waiting.id())).unwrap();
            said.starts_with("34 ") || said.starts_with("73 ")
        };
        // It gets there by itself, or has ended and has no such file any more.
        while !asleep() {
            std::thread::yield_now();
        }
        waiting.kill().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&waiting.wait().unwrap()), Some(9));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
