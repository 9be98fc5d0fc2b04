//! Drilled apps of containers: one, or a whole Compose project.
