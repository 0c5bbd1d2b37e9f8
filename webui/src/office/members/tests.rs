//! Members in lists and on their own page.
