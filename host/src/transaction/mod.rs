//! The transaction.
