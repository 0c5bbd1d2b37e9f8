//! Uploads that want too much: what they take of the product's memory, and what they leave.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::device::{Visitor, log_in};
use super::files::start_draft;
use super::report::{Section, number};
use super::served::{Served, form_token};
use super::slow::header;
use super::town::Town;

/// The largest file that may be attached.
const WHOLE_BYTES: usize = 2 * 1024 * 1024 * 1024;

const BROKEN_BYTES: usize = 500_000_000;
static PIECE: [u8; 256 * 1024] = [b'x'; 256 * 1024];
const PARTS: usize = 10_000;

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let (visitor, draft) = {
        let app = town.open()?;
        let somebody = town.people.get(..1).context("nobody lives here")?;
        let visitor = log_in(&app, somebody, &town.devices).await?.pop().context("nobody")?;
        let draft = start_draft(&app, &visitor).await?;
        (visitor, draft)
    };
    let mut section = Section::new(
        "hostile",
        "uploads over mutual TLS to `tokinet run`: peak of its resident memory, in any of its \
         threads, above what it had before the first; the picture's worker is another process \
         with limits of its own",
    );
    let served = Served::start(town).await?;
    let form = format!("/mail/drafts/{draft}");
    let token = form_token(&served.page(town, &visitor, &form).await?)?;
    let idle = served.process.memory()?.resident;
    section.add("idle, resident", number(idle) / 1_024.0, "MiB");
    let sender = Sender { town, served: &served, visitor: &visitor, token: &token, form: &form };
    for (what, kind) in [
        ("2 GiB, to the last byte", Upload::Stream { bytes: WHOLE_BYTES, sent: WHOLE_BYTES }),
        (
            "500 MB, broken off at 99 %",
            Upload::Stream { bytes: BROKEN_BYTES, sent: BROKEN_BYTES / 100 * 99 },
        ),
        ("a longer length than comes", Upload::Stream { bytes: BROKEN_BYTES, sent: 0 }),
        ("a form of 10,000 parts", Upload::Parts),
        ("a PNG of 30,000 x 30,000 points", Upload::Picture),
    ] {
        served.process.forget_peak()?;
        let status = sender.send(kind).await?;
        let growth = served.process.peak()?.saturating_sub(idle);
        section.add(format!("{what}: memory"), number(growth) / 1_024.0, "MiB");
        section.add(format!("{what}: answer"), f64::from(status), "");
        let left = files_left(&town.layout().blobs().join("partial")).await?;
        section.add(format!("{what}: files left"), number(left), "");
    }
    served.stop().await?;
    Ok(section)
}

#[derive(Clone, Copy)]
enum Upload {
    /// Of so many bytes announced, so many are sent.
    Stream {
        bytes: usize,
        sent: usize,
    },
    Parts,
    Picture,
}

struct Sender<'a> {
    town: &'a Town,
    served: &'a Served,
    visitor: &'a Visitor,
    token: &'a str,
    form: &'a str,
}

impl Sender<'_> {
    /// The answer's status, or nought where the line ended before one.
    async fn send(&self, upload: Upload) -> anyhow::Result<u16> {
        match upload {
            Upload::Stream { bytes, sent } => {
                self.put("a.pdf", b"%PDF-1.7\n", bytes, sent.saturating_sub(9)).await
            }
            Upload::Picture => {
                let picture = picture()?;
                self.put("a.png", &picture, picture.len(), 0).await
            }
            Upload::Parts => {
                let mut form = format!("--b\r\n{PART}name=\"token\"\r\n\r\n{}\r\n", self.token);
                for n in 0..PARTS {
                    form += &format!("--b\r\n{PART}name=\"part{n}\"\r\n\r\nx\r\n");
                }
                form += "--b--\r\n";
                let head = self.head("POST", "", "multipart/form-data; boundary=b", form.len())?;
                self.ask(&head, form.as_bytes(), 0).await
            }
        }
    }

    async fn put(
        &self,
        name: &str,
        first: &[u8],
        bytes: usize,
        more: usize,
    ) -> anyhow::Result<u16> {
        let head = self.head("PUT", &format!("?name={name}"), "application/octet-stream", bytes)?;
        self.ask(&head, first, more).await
    }

    fn head(&self, method: &str, query: &str, kind: &str, bytes: usize) -> anyhow::Result<String> {
        let known = header(self.visitor)?;
        Ok(format!(
            "{method} {}/files{query} HTTP/1.1\r\n{known}x-form-token: {}\r\n\
             content-type: {kind}\r\ncontent-length: {bytes}\r\nconnection: close\r\n\r\n",
            self.form, self.token
        ))
    }

    async fn ask(&self, head: &str, first: &[u8], mut more: usize) -> anyhow::Result<u16> {
        let device = self.town.devices.get(self.visitor.resident.device).context("no device")?;
        let stream = TcpStream::connect(self.served.address).await?;
        let name = rustls::pki_types::ServerName::try_from(self.visitor.host.clone())?;
        let mut stream = device.tls()?.connect(name, stream).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(first).await?;
        while more > 0 {
            let piece = PIECE.get(..more).unwrap_or(&PIECE);
            stream.write_all(piece).await?;
            more -= piece.len();
        }
        stream.flush().await?;
        stream.shutdown().await?;
        let mut heard = Vec::new();
        // However the other side ends it.
        drop(stream.read_to_end(&mut heard).await);
        let heard = String::from_utf8_lossy(&heard);
        let status = heard.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(status.unwrap_or(0))
    }
}

const PART: &str = "content-disposition: form-data; ";

/// Small in the file and three gigabytes in memory.
fn picture() -> anyhow::Result<Vec<u8>> {
    const SIDE: u32 = 30_000;
    let mut file = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut file);
    // The head of a real one, with another size written over its own.
    image::ImageEncoder::write_image(encoder, &[0; 3], 1, 1, image::ColorType::Rgb8.into())?;
    let mut head = [b"IHDR".as_slice(), &SIDE.to_be_bytes(), &SIDE.to_be_bytes()].concat();
    head.extend_from_slice(&[8, 2, 0, 0, 0]);
    let crc = crc(&head);
    let place = file.get_mut(12..33).context("a PNG has a head")?;
    place.copy_from_slice(&[head, crc.to_be_bytes().to_vec()].concat());
    Ok(file)
}

fn crc(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
    let one = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, one)
}

/// After a moment in which the server sees that nobody is there.
async fn files_left(folder: &Path) -> anyhow::Result<usize> {
    const LONGEST: Duration = Duration::from_secs(10);
    let began = Instant::now();
    loop {
        let left = std::fs::read_dir(folder)?.count();
        if left == 0 || began.elapsed() > LONGEST {
            return Ok(left);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
