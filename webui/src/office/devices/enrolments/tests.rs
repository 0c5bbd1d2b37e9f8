//! Devices on their way in.
