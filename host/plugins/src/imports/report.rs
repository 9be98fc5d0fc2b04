//! `report`: what the plugin says while it works.

use crate::bindings::reforge::restore::report;
use crate::limits;
use crate::sandbox::Sandbox;

impl report::Host for Sandbox {
    fn phase(&mut self, name: String) -> wasmtime::Result<()> {
        let name: String = name.chars().take(limits::NAME_CHARACTERS_MAX).collect();
        self.calls.phase(&name);
        Ok(())
    }

    fn progress(&mut self, done: u64, total: u64) -> wasmtime::Result<()> {
        self.calls.progress(done, total);
        Ok(())
    }

    fn note(&mut self, text: String) -> wasmtime::Result<()> {
        let shown: String = text.chars().take(limits::NOTE_BYTES_MAX).collect();
        self.calls.note(&reforge_base::escape::text(&shown));
        Ok(())
    }

    fn cancelled(&mut self) -> wasmtime::Result<bool> {
        Ok(self.calls.is_cancelled())
    }
}
