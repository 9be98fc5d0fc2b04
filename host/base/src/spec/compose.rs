//! Which Compose project a workload is.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// All three together are its identity: two directories of one name make two projects of one name, which take each other's
/// containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComposeProject {
    pub name: String,
    /// Absolute, as Compose was told.
    pub working_dir: PathBuf,
    /// Absolute, in Compose's order.
    pub config_files: Vec<PathBuf>,
}

impl ComposeProject {
    pub fn new(name: &str, working_dir: impl Into<PathBuf>, config_files: Vec<PathBuf>) -> ComposeProject {
        ComposeProject { name: name.to_owned(), working_dir: working_dir.into(), config_files }
    }

    /// How it is called where an app's image is called by its name.
    pub fn image(&self) -> String {
        format!("compose:{}", self.name)
    }
}

/// What names in a label lead to. Compose 1.29 writes them relative to where it was called, which it writes nowhere: the project's
/// directory is that of its first file, unless `--project-directory` said another.
pub fn paths_of(directory: &Path, files: &[&Path]) -> Vec<Vec<PathBuf>> {
    let plainly: Vec<PathBuf> = files.iter().map(|file| directory.join(file)).collect();
    let from_first = files.first().and_then(|first| {
        let is_up = |part: &Component<'_>| *part == Component::ParentDir;
        let within = first.parent()?;
        let ups = within.components().take_while(is_up).count();
        let below: PathBuf = within.components().skip(ups).collect();
        // As far up from where it was called as the first file is.
        let top = directory.ancestors().nth(below.components().count())?;
        let from_top = |file: &&Path| {
            let is_below = file.is_absolute() || file.components().take_while(is_up).count() >= ups;
            is_below.then(|| match file.is_absolute() {
                true => file.to_path_buf(),
                false => normal(&top.join(file.components().skip(ups).collect::<PathBuf>())),
            })
        };
        (top.join(&below) == directory).then(|| files.iter().map(from_top).collect::<Option<Vec<_>>>())?
    });
    let mut several: Vec<Vec<PathBuf>> = from_first.into_iter().chain([plainly]).collect();
    several.dedup();
    several
}

/// Without dots.
fn normal(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(directory: &str, files: &[&str]) -> Vec<String> {
        let files: Vec<&Path> = files.iter().map(Path::new).collect();
        paths_of(Path::new(directory), &files)[0].iter().map(|file| file.display().to_string()).collect()
    }

    #[test]
    fn names_in_a_label_are_those_of_where_compose_was_called() {
        assert_eq!(first("/srv/shop", &["docker-compose.yml"]), ["/srv/shop/docker-compose.yml"]);
        assert_eq!(first("/srv/shop", &["shop/a.yml", "b.yml"]), ["/srv/shop/a.yml", "/srv/b.yml"]);
        assert_eq!(first("/srv/shop", &["../shop/a.yml", "../b.yml"]), ["/srv/shop/a.yml", "/srv/b.yml"]);
        assert_eq!(first("/srv", &["../../a.yml"]), ["/srv/a.yml"]);
        assert_eq!(first("/srv/shop", &["/srv/shop/a.yml", "/etc/b.yml"]), ["/srv/shop/a.yml", "/etc/b.yml"]);
        assert_eq!(first("/srv/shop", &["x/../a.yml"]), ["/srv/shop/x/../a.yml"]);
    }

    #[test]
    fn with_a_directory_of_its_own_they_may_be_relative_to_that() {
        let files = [Path::new("shop/a.yml")];
        let several = paths_of(Path::new("/srv/shop"), &files);
        assert_eq!(several, [vec![PathBuf::from("/srv/shop/a.yml")], vec![PathBuf::from("/srv/shop/shop/a.yml")]]);
        // Nothing else leads from `/srv/other` to a file in `deploy`.
        assert_eq!(first("/srv/other", &["deploy/a.yml"]), ["/srv/other/deploy/a.yml"]);
    }
}
