//! What an uploaded file is, and how a photo loses everything but its picture.
//!
//! Start at [`Kind::recognise`]: the name proposes a kind, the content decides. A photo then
//! goes through [`Cleaner::clean`], which talks to a child process ([`run_worker`]) over its
//! stdin and stdout in the frames of `frames`. Decoding happens in the child only, so a
//! hostile file meets rlimits and no data. Pixels are never recompressed: `stripping` copies
//! the photo and leaves the metadata (place, time, camera, owner) behind; only HEIC, which few
//! PCs show, is made a JPEG. `film` hides the places of a film without touching its pictures.

pub use self::cleaning::{CleanedPhoto, Cleaner, PhotoStream, PictureProblem};
pub use self::film::{FilmError, FilmFault, Patch, ReadAt, apply, find_places};
pub use self::frames::{PHOTO_BYTES_MAX, PhotoFault, THUMBNAIL_BYTES_MAX};
pub use self::kind::{HEAD_BYTES, Kind, Refusal};
pub use self::worker::{clean_photo, run_worker};

mod kind;

mod cleaning;

mod worker;

mod thumbnail;

mod stripping;

mod film;

mod frames;

#[cfg(test)]
mod tests;
