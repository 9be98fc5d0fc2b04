//! The logic against a host in memory and archives made here.

mod archives;
mod extracting;
mod fake_host;
mod flow;
mod importing;
mod inspecting;
mod planning;
mod refusals;
mod tarball;
