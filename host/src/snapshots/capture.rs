//! Captures live volumes into an archive.
