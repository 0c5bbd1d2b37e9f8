//! A name and a content that agree, or a refusal that says why not.

use super::{jpeg, png, scene};
use crate::pictures::{HEAD_BYTES, Kind, Refusal};

fn check(name: &str, head: &[u8], expected: Result<Kind, Refusal>) {
    assert_eq!(Kind::recognise(name, head), expected, "{name}");
}

fn zip(names: &[&str]) -> Vec<u8> {
    let entry = |name: &&str| {
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        [b"PK\x03\x04".as_slice(), &[0; 22], &length, &[0; 2], name.as_bytes(), b"body"].concat()
    };
    names.iter().flat_map(entry).collect()
}

fn ole(stream: &str) -> Vec<u8> {
    let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 504], &name].concat()
}

#[test]
fn photos_and_films_are_known_by_content_and_name() {
    let (photo, drawing) = (jpeg(&scene(8, 8)), png(&scene(8, 8)));
    check("\u{5275}\u{90E8} 1.JPG", &photo, Ok(Kind::Jpeg));
    check("a.jpeg", &photo, Ok(Kind::Jpeg));
    check("a.png", &drawing, Ok(Kind::Png));
    check("a.png", &photo, Err(Refusal::ContentDiffersFromName));
    check("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0", Ok(Kind::Mp4));
    check("a.mov", b"\0\0\0\x14ftypqt  \0\0\0\0", Ok(Kind::QuickTime));
    check("a.mov", b"\0\0\0\x08wide\0\0\0\0mdat", Ok(Kind::QuickTime));
    check("a.mp4", b"\0\0\0\x14ftypavif\0\0\0\0", Err(Refusal::ContentDiffersFromName));
}

#[test]
fn heic_is_known_and_hides_under_no_other_name() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    check("IMG_0001.HEIC", heic, Ok(Kind::Heic));
    check("IMG_0001.jpg", heic, Err(Refusal::ContentDiffersFromName));
    check("IMG_0001.heic", &jpeg(&scene(8, 8)), Err(Refusal::ContentDiffersFromName));
    check("IMG_0001.heif", b"\0\0\0\x18ftypmif1\0\0\0\0", Ok(Kind::Heic));
}

#[test]
fn programs_are_refused_whatever_they_are_called() {
    let program = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0";
    check("wound.jpg", program, Err(Refusal::ContentDiffersFromName));
    check("wound.txt", program, Err(Refusal::ContentDiffersFromName));
    check("wound.jpg.exe", program, Err(Refusal::NotAllowed));
    check("wound", &jpeg(&scene(8, 8)), Err(Refusal::NotAllowed));
    check("page.html", b"<html>", Err(Refusal::NotAllowed));
    check("wound.jpg", b"", Err(Refusal::Empty));
}

#[test]
fn office_zips_are_known_by_their_inner_names() {
    let word = zip(&["[Content_Types].xml", "_rels/.rels", "word/document.xml"]);
    check("plan.docx", &word, Ok(Kind::Word));
    check("plan.xlsx", &word, Err(Refusal::ContentDiffersFromName));
    check("plan.zip", &word, Err(Refusal::NotAllowed));
    check("plan.xlsx", &zip(&["docProps/app.xml", "xl/workbook.xml"]), Ok(Kind::Excel));
    check("plan.pptx", &zip(&["ppt/presentation.xml"]), Ok(Kind::PowerPoint));
    check("plan.docx", &zip(&["holiday.jpg"]), Err(Refusal::ContentDiffersFromName));
    check("plan.docx", &zip(&["word/document.xml", "word/vbaProject.bin"]), Err(Refusal::Macros));
    check("plan.xlsx", &ole("EncryptedPackage"), Ok(Kind::Excel));
}

#[test]
fn old_office_files_are_known_by_their_streams() {
    check("plan.doc", &ole("WordDocument"), Ok(Kind::OldWord));
    check("plan.xls", &ole("Workbook"), Ok(Kind::OldExcel));
    check("plan.ppt", &ole("PowerPoint Document"), Ok(Kind::OldPowerPoint));
    check("plan.xls", &ole("WordDocument"), Err(Refusal::ContentDiffersFromName));
    check("plan.doc", &ole("far behind"), Ok(Kind::OldWord));
    check("plan.pdf", b"%PDF-1.7\n", Ok(Kind::Pdf));
}

#[test]
fn text_is_utf8_or_code_page_932() {
    check("a.txt", "\u{4F53}\u{6E29} 36.5\r\n".as_bytes(), Ok(Kind::Text));
    check("a.csv", b"\x91\xCC\x89\xB7,36.5\r\n", Ok(Kind::Csv));
    check("a.txt", b"36.5\0", Err(Refusal::ContentDiffersFromName));
    check("a.txt", b"\x91", Err(Refusal::ContentDiffersFromName));
    check("a.txt", b"\xFF\xFE3\x006\0", Err(Refusal::ContentDiffersFromName));
    let long = "\u{4F53}".repeat(HEAD_BYTES);
    check("a.txt", &long.as_bytes()[..HEAD_BYTES], Ok(Kind::Text));
}

#[test]
fn short_heads_are_refused_and_never_panic() {
    let samples = [jpeg(&scene(8, 8)), zip(&["word/document.xml"]), ole("Workbook")];
    for kind in Kind::ALL {
        let name = format!("a.{}", kind.extensions()[0]);
        for sample in &samples {
            for length in 0..sample.len() {
                let _: Result<Kind, Refusal> = Kind::recognise(&name, &sample[..length]);
            }
        }
        assert_eq!(Kind::of_media_type(kind.media_type()), Some(kind));
    }
}
