//! The kinds of file that may be uploaded, recognised from name and content together.
//!
//! The name's extension proposes one kind, the first bytes must agree. What opens a file on the
//! reader's PC is its name, so neither may say something that the other doesn't.

/// Office writes the entry that gives a document away within its first few kilobytes.
pub const HEAD_BYTES: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Jpeg,
    Png,
    /// What iPads take; kept as a JPEG, because Windows shows no other.
    Heic,
    Mp4,
    QuickTime,
    Pdf,
    Word,
    Excel,
    PowerPoint,
    OldWord,
    OldExcel,
    OldPowerPoint,
    Text,
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the file is empty")]
    Empty,
    #[error("files of this name are not allowed")]
    NotAllowed,
    #[error("the content is not what the name says")]
    ContentDiffersFromName,
    #[error("Office documents with macros are not allowed")]
    Macros,
}

impl Kind {
    pub const ALL: [Self; 14] = [
        Self::Jpeg,
        Self::Png,
        Self::Heic,
        Self::Mp4,
        Self::QuickTime,
        Self::Pdf,
        Self::Word,
        Self::Excel,
        Self::PowerPoint,
        Self::OldWord,
        Self::OldExcel,
        Self::OldPowerPoint,
        Self::Text,
        Self::Csv,
    ];

    /// `head` is the first [`HEAD_BYTES`] of the file, or the whole file if it is shorter.
    pub fn recognise(name: &str, head: &[u8]) -> Result<Self, Refusal> {
        if head.is_empty() {
            return Err(Refusal::Empty);
        }
        let kind = Self::of_name(name)?;
        if !kind.fits(head) {
            return Err(Refusal::ContentDiffersFromName);
        }
        if kind.is_office_zip() && zip_names(head).any(|name| name.ends_with(b"vbaProject.bin")) {
            return Err(Refusal::Macros);
        }
        Ok(kind)
    }

    /// What the name alone tells, before any byte has come.
    pub fn of_name(name: &str) -> Result<Self, Refusal> {
        let extension =
            name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
        let named = |kind: &Self| kind.extensions().contains(&extension.as_str());
        Self::ALL.into_iter().find(named).ok_or(Refusal::NotAllowed)
    }

    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Heic => &["heic", "heif"],
            Self::Mp4 => &["mp4", "m4v"],
            Self::QuickTime => &["mov", "qt"],
            Self::Pdf => &["pdf"],
            Self::Word => &["docx"],
            Self::Excel => &["xlsx"],
            Self::PowerPoint => &["pptx"],
            Self::OldWord => &["doc"],
            Self::OldExcel => &["xls"],
            Self::OldPowerPoint => &["ppt"],
            Self::Text => &["txt"],
            Self::Csv => &["csv"],
        }
    }

    /// Different for every kind, so it may stand for the kind in a record.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Heic => "image/heic",
            Self::Mp4 => "video/mp4",
            Self::QuickTime => "video/quicktime",
            Self::Pdf => "application/pdf",
            Self::Word => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Excel => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::PowerPoint => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::OldWord => "application/msword",
            Self::OldExcel => "application/vnd.ms-excel",
            Self::OldPowerPoint => "application/vnd.ms-powerpoint",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
        }
    }

    pub fn of_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }

    pub fn is_photo(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Heic)
    }

    pub fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::QuickTime)
    }

    /// Whether a browser shows it by itself and without running anything from it.
    pub fn shown_inline(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Pdf) || self.is_video()
    }

    fn is_office_zip(self) -> bool {
        matches!(self, Self::Word | Self::Excel | Self::PowerPoint)
    }

    fn fits(self, head: &[u8]) -> bool {
        match self {
            Self::Jpeg => infer::image::is_jpeg(head),
            Self::Png => infer::image::is_png(head),
            Self::Heic => is_heic(head),
            Self::Mp4 => MP4_BRANDS.iter().any(|brand| has_brand(head, brand)),
            Self::QuickTime => has_brand(head, b"qt  ") || is_old_quicktime(head),
            Self::Pdf => head.starts_with(b"%PDF-"),
            Self::Word => is_office(head, b"word/"),
            Self::Excel => is_office(head, b"xl/"),
            Self::PowerPoint => is_office(head, b"ppt/"),
            Self::OldWord => is_ole(head, "WordDocument"),
            Self::OldExcel => is_ole(head, "Workbook"),
            Self::OldPowerPoint => is_ole(head, "PowerPoint Document"),
            Self::Text | Self::Csv => is_text(head),
        }
    }
}

/// Major brands that phones, tablets and Windows write into an MP4.
const MP4_BRANDS: [&[u8; 4]; 10] =
    [b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"avc1", b"mp41", b"mp42", b"MSNV", b"M4V "];

/// Still pictures and bursts in an HEVC container.
const HEIC_BRANDS: [&[u8; 4]; 8] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

pub(super) fn is_heic(head: &[u8]) -> bool {
    HEIC_BRANDS.iter().any(|brand| has_brand(head, brand))
}

fn has_brand(head: &[u8], brand: &[u8; 4]) -> bool {
    head.get(4..8) == Some(b"ftyp".as_slice()) && head.get(8..12) == Some(brand.as_slice())
}

/// QuickTime files from before the `ftyp` box begin with any of these.
fn is_old_quicktime(head: &[u8]) -> bool {
    let first_box = head.get(4..8).unwrap_or_default();
    [b"moov", b"mdat", b"wide", b"free", b"skip"].iter().any(|name| first_box == name.as_slice())
}

/// The first entry in one of Office's three folders tells the program. A document with a
/// password is an OLE file around the encrypted zip.
fn is_office(head: &[u8], folder: &[u8]) -> bool {
    if head.starts_with(OLE_SIGNATURE) {
        return has_ole_name(head, "EncryptedPackage");
    }
    head.starts_with(ZIP_ENTRY)
        && zip_names(head)
            .find(|name| OFFICE_FOLDERS.iter().any(|folder| name.starts_with(folder)))
            .is_some_and(|name| name.starts_with(folder))
}

const OFFICE_FOLDERS: [&[u8]; 3] = [b"word/", b"xl/", b"ppt/"];
const ZIP_ENTRY: &[u8] = b"PK\x03\x04";

/// Entry names, found by their signature: entries written as a stream don't say their length.
fn zip_names(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let entries = head.windows(ZIP_ENTRY.len()).enumerate();
    entries.filter(|(_, window)| *window == ZIP_ENTRY).filter_map(|(at, _)| {
        let entry = head.get(at..)?;
        let length = u16::from_le_bytes([*entry.get(26)?, *entry.get(27)?]);
        entry.get(30..30 + usize::from(length))
    })
}

const OLE_SIGNATURE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const OLE_STREAMS: [&str; 3] = ["WordDocument", "Workbook", "PowerPoint Document"];

/// The folder of streams may lie behind the head; then the name alone decides among the three.
fn is_ole(head: &[u8], stream: &str) -> bool {
    head.starts_with(OLE_SIGNATURE)
        && (has_ole_name(head, stream)
            || !OLE_STREAMS.iter().any(|stream| has_ole_name(head, stream)))
}

fn has_ole_name(head: &[u8], name: &str) -> bool {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    head.windows(name.len()).any(|window| window == name)
}

fn is_text(head: &[u8]) -> bool {
    let is_whole = head.len() < HEAD_BYTES;
    let controls = |byte: &u8| byte.is_ascii_control() && !b"\t\n\r\x0c".contains(byte);
    !head.iter().any(controls) && (is_utf8(head, is_whole) || is_cp932(head, is_whole))
}

fn is_utf8(head: &[u8], is_whole: bool) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(problem) => problem.error_len().is_none() && !is_whole,
    }
}

/// Windows code page 932: what Excel and Notepad wrote before they wrote UTF-8.
fn is_cp932(head: &[u8], is_whole: bool) -> bool {
    let mut bytes = head.iter();
    while let Some(first) = bytes.next() {
        match first {
            0x00..=0x7E | 0xA1..=0xDF => {}
            0x81..=0x9F | 0xE0..=0xFC => match bytes.next() {
                Some(0x40..=0x7E | 0x80..=0xFC) => {}
                Some(_) => return false,
                None => return !is_whole,
            },
            0x7F | 0x80 | 0xA0 | 0xFD..=0xFF => return false,
        }
    }
    true
}
