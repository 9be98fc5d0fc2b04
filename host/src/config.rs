//! `reforge.toml`.
