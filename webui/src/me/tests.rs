//! Own settings.
