//! Sending: the last look, and the act.
