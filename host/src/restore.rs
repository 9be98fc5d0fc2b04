//! A restore from request to receipt.
