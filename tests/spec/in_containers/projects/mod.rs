//! Apps of several containers: a Compose project is one workload, and goes down and comes up as one.

mod adopted;
mod between;
mod crashes;
mod engines;
mod everyday;
mod health;
mod missing;
mod new_machine;
mod order;
mod refused;
mod removed;
mod single;
mod whole;

use std::sync::OnceLock;

use crate::support::engine::Engine;

/// The engine that these tests share. Projects need networks.
pub(super) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::apart)
}
