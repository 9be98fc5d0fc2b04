//! Which roots a workload that is adopted needs, so that its directories may be volumes.
//!
//! Never one that holds more than an app's own: the root of the machine and what lies right below it hold the system's
//! directories and the engine's. A directory that stands in one of those is allowed by itself.

use std::path::Path;

use super::Config;

/// How many names a path has at least that may be a root for what lies below it.
const NAMES_MIN: usize = 2;

/// Directories of the system, in which it takes one more: `/var/lib` has the engine's and this host's own.
const OF_THE_SYSTEM: [&str; 5] = ["boot", "etc", "lib", "usr", "var"];

/// A root for each directory that no allowed one contains.
pub(super) fn to_allow<'a>(config: &Config, lives: impl Iterator<Item = &'a Path>) -> Vec<String> {
    let allowed = |path: &Path| config.host.allowed_roots.iter().any(|root| path.starts_with(root));
    let mut missing: Vec<String> = Vec::new();
    for live in lives.filter(|live| !allowed(live)) {
        let root = root_of(live).to_string_lossy().into_owned();
        if !missing.contains(&root) {
            missing.push(root);
        }
    }
    missing
}

/// The parent, unless that is one of the machine's own.
fn root_of(live: &Path) -> &Path {
    let names = live.components().skip(1).count();
    let is_of_the_system = OF_THE_SYSTEM.iter().any(|name| live.starts_with(Path::new("/").join(name)));
    match live.parent() {
        Some(parent) if names > NAMES_MIN + usize::from(is_of_the_system) => parent,
        _ => live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_more_than_an_apps_own_is_never_a_root() {
        let roots = |allowed: &[&str], lives: &[&str]| {
            let config = allowed.iter().fold(Config::new("/state"), |config, root| config.with_allowed_root(*root));
            to_allow(&config, lives.iter().map(Path::new))
        };
        for (allowed, lives, expected) in [
            (&[][..], &["/srv/shop/web", "/srv/shop/db"][..], &["/srv/shop"][..]),
            (&[], &["/data"], &["/data"]),
            (&[], &["/srv/shop", "/var/shop"], &["/srv/shop", "/var/shop"]),
            (&[], &["/var/lib/shop", "/etc/shop/web/data"], &["/var/lib/shop", "/etc/shop/web"]),
            (&[], &["/var/lib/docker/volumes/shop/_data"], &["/var/lib/docker/volumes/shop"]),
            (&["/srv/shop"], &["/srv/shop", "/srv/shop/db"], &[]),
            (&["/"], &["/data"], &[]),
            (&["/srv/sho"], &["/srv/shop/db"], &["/srv/shop"]),
        ] {
            assert_eq!(roots(allowed, lives), expected, "{allowed:?} {lives:?}");
        }
    }
}
