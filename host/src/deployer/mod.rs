//! Workloads, their lock, and the one function through which every deploy goes.
