//! The built-in runtime: plain processes under a supervisor.
