//! Writing: the form that saves itself.
