//! Live volumes, their parents and their siblings: the only code that touches an app's data.
