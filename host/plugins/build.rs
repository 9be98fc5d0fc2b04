//! Puts the default plugin where the library embeds it, so that one `cargo` command gives one binary that works.
//!
//! In the repository the plugin is compiled by a nested cargo with a target directory of its own (sharing the outer one would
//! deadlock), and a copy is left beside this file, where git ignores it: `cargo package` carries it. Anywhere else the plugin's
//! sources are not there, and the copy is what is embedded. If the compiler target is missing, rustup is asked to add it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";
const ADD: &str = "rustup target add wasm32-wasip2";
/// The copy, and what the library embeds.
const PLUGIN: &str = "default-plugin.wasm";

fn main() {
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let (carried, out) = (package.join(PLUGIN), PathBuf::from(variable("OUT_DIR")));
    let Some(repository) = repository(&package) else {
        println!("cargo::rerun-if-changed={}", carried.display());
        std::fs::copy(&carried, out.join(PLUGIN)).expect("a package carries the plugin: build in the repository first");
        return;
    };
    for input in ["plugin/src", "host/text/src", "plugin/Cargo.toml", "wit", "Cargo.lock", "Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", repository.join(input).display());
    }
    ensure_target();
    let built = build(&repository, &out.join("plugin"));
    std::fs::copy(&built, out.join(PLUGIN)).expect("the plugin can be copied to OUT_DIR");
    if let Err(error) = carry(&built, &carried) {
        println!(
            "cargo::warning={PLUGIN} was not renewed, so a package made now would carry no or an older one: {error}"
        );
    }
}

/// Where the plugin's sources are, if this is not a package.
fn repository(package: &Path) -> Option<PathBuf> {
    let root = package.ancestors().nth(2)?;
    root.join("plugin/src/component.rs").exists().then(|| root.to_owned())
}

/// Replaces the copy at once: another build may be packaging it.
fn carry(built: &Path, carried: &Path) -> std::io::Result<()> {
    let bytes = std::fs::read(built)?;
    if std::fs::read(carried).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    let unfinished = carried.with_extension(format!("{}.unfinished", std::process::id()));
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(unfinished, carried)
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}

/// The standard library of the target stands in the compiler's sysroot, or is added by rustup.
fn ensure_target() {
    if has_target() {
        return;
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    let added = added.is_ok_and(|status| status.success());
    assert!(added && has_target(), "the compiler has no target {TARGET}, and it could not be added; run: {ADD}");
}

fn has_target() -> bool {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let answer = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    answer.is_ok_and(|answer| {
        let libraries = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
        answer.status.success() && libraries.read_dir().is_ok_and(|mut entries| entries.next().is_some())
    })
}

fn build(workspace: &Path, target_dir: &Path) -> PathBuf {
    let status = Command::new(variable("CARGO"))
        .current_dir(workspace)
        .args(["build", "--package", "reforge-plugin", "--lib", "--release", "--locked", "--target", TARGET])
        .arg("--target-dir")
        .arg(target_dir)
        // What the outer build was told is about the host.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTC_WRAPPER")
        .env("RUSTFLAGS", "-C target-feature=+simd128")
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo")
        .status()
        .expect("cargo can be run");
    assert!(status.success(), "the default plugin could not be built; is the target there? {ADD}");
    target_dir.join(TARGET).join("release/reforge_plugin.wasm")
}
