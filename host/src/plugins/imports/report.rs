//! `report`: what the plugin says while it works.

use crate::plugins::bindings::reforge::restore::report;
use crate::plugins::limits;
use crate::plugins::sandbox::Sandbox;

impl report::Host for Sandbox {
    fn phase(&mut self, name: String) -> wasmtime::Result<()> {
        self.monitor.plugin_phase(&name);
        Ok(())
    }

    fn progress(&mut self, done: u64, total: u64) -> wasmtime::Result<()> {
        self.monitor.plugin_progress(done, total);
        Ok(())
    }

    fn note(&mut self, text: String) -> wasmtime::Result<()> {
        let shown: String = text.chars().take(limits::NOTE_BYTES_MAX).collect();
        self.note_bytes += shown.len();
        if self.note_bytes <= limits::NOTES_BYTES_MAX {
            self.monitor.plugin_note(&crate::escape::text(&shown));
        }
        Ok(())
    }

    fn cancelled(&mut self) -> wasmtime::Result<bool> {
        Ok(self.monitor.is_cancelled())
    }
}
