//! Images of what the machine has, imported, without a registry.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::{Engine, INSTALL};

impl Engine {
    /// Imports a tar under a name unless it is there.
    fn import(&self, repository: &str, tag: &str, make: impl FnOnce(&Path)) -> String {
        self.import_with(None, repository, tag, make)
    }

    /// The same with an instruction of a Dockerfile, its blanks as `%20`.
    fn import_with(&self, instruction: Option<&str>, repository: &str, tag: &str, make: impl FnOnce(&Path)) -> String {
        static IMPORTING: Mutex<()> = Mutex::new(());
        let _one = IMPORTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let name = format!("{repository}:{tag}");
        if self.try_call("GET", &format!("/images/{name}/json"), &[]).is_some_and(|(status, _)| status == 200) {
            return name;
        }
        let scratch = tempfile::tempdir().unwrap();
        make(scratch.path());
        let tar = Command::new("tar").arg("-C").arg(scratch.path()).args(["-c", "."]).output().unwrap();
        assert!(tar.status.success(), "{}", String::from_utf8_lossy(&tar.stderr));
        let changes = instruction.map(|instruction| format!("&changes={instruction}")).unwrap_or_default();
        let path = format!("/images/create?fromSrc=-&repo={repository}&tag={tag}{changes}");
        let (status, answer) = self.try_call("POST", &path, &tar.stdout).unwrap();
        assert!(status == 200, "{}", String::from_utf8_lossy(&answer));
        name
    }

    /// A static busybox and nothing else. Another tag is another image.
    pub(crate) fn busybox(&self, tag: &str) -> String {
        self.import("test/busybox", tag, |root| {
            busybox(root);
            std::fs::write(root.join("etc/tag"), tag).unwrap();
        })
    }

    /// The same with a health check of its own: whether there is a file.
    pub(crate) fn busybox_that_checks(&self, file: &str) -> String {
        let check = format!("HEALTHCHECK%20--interval=50ms%20CMD%20test%20-e%20{file}");
        self.import_with(Some(&check), "test/checked", "1", busybox)
    }

    /// The machine's PostgreSQL server with its tools, and what they need.
    pub(crate) fn postgres(&self) -> String {
        self.import("test/postgres", "1", |root| {
            busybox(root);
            let version = newest(Path::new("/usr/lib/postgresql"));
            let programs = ["postgres", "initdb", "psql", "pg_isready"].map(|name| version.join("bin").join(name));
            let share = Path::new("/usr/share/postgresql").join(version.file_name().unwrap());
            copy(root, &[&share, Path::new("/usr/share/zoneinfo/Etc"), Path::new("/usr/lib/locale/C.utf8")]);
            let libraries = std::fs::read_dir(version.join("lib")).unwrap().flatten().map(|entry| entry.path());
            let plain = |path: &PathBuf| {
                path.is_file() && ["plpgsql.so", "dict_snowball.so"].iter().any(|name| path.ends_with(name))
            };
            let all: Vec<PathBuf> = programs.into_iter().chain(libraries.filter(plain)).collect();
            copy_with_libraries(root, &all);
        })
    }

    /// The machine's Redis with its client.
    pub(crate) fn redis(&self) -> String {
        self.import("test/redis", "1", |root| {
            busybox(root);
            copy_with_libraries(root, &["/usr/bin/redis-server", "/usr/bin/redis-cli"].map(PathBuf::from));
        })
    }
}

/// A root directory with a static busybox and nothing else.
pub(crate) fn busybox(root: &Path) {
    for directory in ["bin", "etc", "tmp", "data", "var/run"] {
        std::fs::create_dir_all(root.join(directory)).unwrap();
    }
    std::os::unix::fs::symlink("/tmp", root.join("run")).unwrap();
    std::fs::set_permissions(root.join("tmp"), std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    let program = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
    let program = program.unwrap_or_else(|| panic!("`busybox` is not installed: {INSTALL}"));
    std::fs::copy(program, root.join("bin/busybox")).unwrap();
    for name in [
        "sh", "sleep", "id", "cat", "echo", "test", "true", "false", "setsid", "wc", "mv", "rm", "kill", "ls", "touch",
        "mkdir", "grep", "date", "usleep", "sync", "chmod", "chown", "env",
    ] {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(name)).unwrap();
    }
    // The machine's users, so that an owner has the same number in and out.
    for file in ["etc/passwd", "etc/group"] {
        std::fs::copy(Path::new("/").join(file), root.join(file)).unwrap();
    }
}

fn newest(directory: &Path) -> PathBuf {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.flatten().map(|entry| entry.path()).max().unwrap()
}

fn copy_with_libraries(root: &Path, files: &[PathBuf]) {
    let linked = Command::new("ldd").args(files).output().unwrap();
    let text = String::from_utf8(linked.stdout).unwrap();
    let libraries = text.split_whitespace().filter(|word| word.starts_with('/') && !word.ends_with(':'));
    let libraries: std::collections::BTreeSet<&Path> = libraries.map(Path::new).collect();
    let files = files.iter().map(PathBuf::as_path);
    copy(root, &files.chain(libraries).collect::<Vec<_>>());
}

/// Copies under the same paths, what links lead to in the place of links.
fn copy(root: &Path, paths: &[&Path]) {
    let copied = Command::new("cp").args(["-rL", "--parents"]).args(paths).arg(root).output().unwrap();
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
}
