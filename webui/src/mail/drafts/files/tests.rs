//! Files of a draft.
