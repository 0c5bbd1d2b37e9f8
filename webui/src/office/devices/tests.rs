//! Devices in the office's hands.
