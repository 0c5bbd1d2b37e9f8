//! What is answered, refused and left alone.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};

use proptest::prelude::*;

use super::run::{Taken, take_question};
use super::*;

const NAME: &str = "app.aoba.example";

fn zone() -> Zone {
    let v6 = "fd12:3456:789a::1".parse().unwrap();
    Zone::new(&[NAME], "100.70.0.1".parse().unwrap(), Some(v6)).unwrap()
}

const A: u16 = 1;
const SOA: u16 = 6;
const TXT: u16 = 16;
const AAAA: u16 = 28;
const HTTPS: u16 = 65;
const AXFR: u16 = 252;
const ANY: u16 = 255;

/// A question by hand, so that the library does not check itself.
fn question(name: &str, kind: u16, class: u16) -> Vec<u8> {
    let mut bytes = vec![0xab, 0xcd, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&class.to_be_bytes());
    bytes
}

/// Code, flag of authority, and how many records of each section.
fn outcome(question: &[u8]) -> (u8, bool, [u8; 4]) {
    let answer = answer(question, &zone()).unwrap();
    let bytes = answer.as_bytes();
    assert_eq!(bytes[..2], question[..2], "the number of the question");
    assert_eq!(bytes[2] & 0x80, 0x80, "is an answer");
    assert_eq!(bytes[3] & 0x80, 0, "offers recursion");
    (bytes[3] & 0x0f, bytes[2] & 0x04 != 0, [bytes[5], bytes[7], bytes[9], bytes[11]])
}

fn holds(question: &[u8], wanted: &[u8]) -> bool {
    let answer = answer(question, &zone()).unwrap();
    answer.as_bytes().windows(wanted.len()).any(|found| found == wanted)
}

#[test]
fn our_own_name_has_its_two_addresses() {
    assert_eq!(outcome(&question(NAME, A, 1)), (0, true, [1, 1, 0, 0]));
    assert!(holds(&question(NAME, A, 1), &[0, 4, 100, 70, 0, 1]));
    assert_eq!(outcome(&question(NAME, AAAA, 1)), (0, true, [1, 1, 0, 0]));
    assert!(holds(&question(NAME, AAAA, 1), &[0, 16, 0xfd, 0x12, 0x34, 0x56, 0x78, 0x9a]));
    assert_eq!(outcome(&question(NAME, ANY, 1)), (0, true, [1, 2, 0, 0]));
}

#[test]
fn letters_come_back_as_they_were_asked() {
    let asked = question("aPp.AOBA.exAmple", A, 1);
    assert_eq!(outcome(&asked), (0, true, [1, 1, 0, 0]));
    assert!(holds(&asked, &asked[12..]));
}

#[test]
fn of_what_it_has_not_our_name_says_so_and_how_long_that_holds() {
    for kind in [TXT, HTTPS] {
        assert_eq!(outcome(&question(NAME, kind, 1)), (0, true, [1, 0, 1, 0]), "{kind}");
    }
    assert_eq!(outcome(&question(NAME, SOA, 1)), (0, true, [1, 1, 0, 0]));
    let v4_only = Zone::new(&[NAME], "100.70.0.1".parse().unwrap(), None).unwrap();
    let answer = answer(&question(NAME, AAAA, 1), &v4_only).unwrap();
    assert_eq!((answer.as_bytes()[7], answer.as_bytes()[9]), (0, 1));
}

#[test]
fn everything_else_is_refused() {
    for name in ["example.jp", "x.app.aoba.example", "aoba.example", "app.aoba.example.jp", ""] {
        assert_eq!(outcome(&question(name, A, 1)), (5, false, [1, 0, 0, 0]), "{name}");
    }
    assert_eq!(outcome(&question(NAME, AXFR, 1)), (5, false, [1, 0, 0, 0]));
    assert_eq!(outcome(&question(NAME, TXT, 3)), (5, false, [1, 0, 0, 0]), "chaos");
}

#[test]
fn a_wrong_question_is_told_so_and_not_repeated() {
    let mut two = question(NAME, A, 1);
    two[5] = 2;
    let mut none = question(NAME, A, 1);
    none[5] = 0;
    let mut cut = question(NAME, A, 1);
    cut.truncate(20);
    // A name that points at itself.
    let mut looped = question("", A, 1);
    looped.splice(12..13, [0xc0, 0x0c]);
    for wrong in [two, none, cut, looped] {
        assert_eq!(outcome(&wrong), (1, false, [0, 0, 0, 0]));
    }
    let mut update = question(NAME, A, 1);
    update[2] = 5 << 3;
    assert_eq!(outcome(&update), (4, false, [0, 0, 0, 0]));
}

#[test]
fn answers_and_rubble_are_left_alone() {
    let mut reply = question(NAME, A, 1);
    reply[2] |= 0x80;
    assert_eq!(answer(&reply, &zone()), None);
    assert_eq!(answer(&[], &zone()), None);
    assert_eq!(answer(&question(NAME, A, 1)[..11], &zone()), None);
}

#[test]
fn edns_is_answered_in_kind() {
    let mut asked = question(NAME, A, 1);
    asked[11] = 1;
    asked.extend_from_slice(&[0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(outcome(&asked), (0, true, [1, 1, 0, 1]));
    assert!(holds(&asked, &[0, 0, 41, 0x04, 0xd0]));
    let version = asked.len() - 5;
    asked[version] = 1;
    assert_eq!(outcome(&asked), (0, false, [1, 0, 0, 1]));
    assert!(holds(&asked, &[0, 0, 41, 0x04, 0xd0, 1]), "bad version");
}

#[test]
fn the_longest_name_fits_the_shortest_answer() {
    let label = "a".repeat(63);
    let name = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    let v6 = Some("fd00::1".parse().unwrap());
    let zone = Zone::new(&[&name], "100.70.0.1".parse().unwrap(), v6).unwrap();
    for kind in [A, AAAA, ANY, SOA, TXT] {
        let mut asked = question(&name, kind, 1);
        asked[11] = 1;
        asked.extend_from_slice(&[0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
        let answer = answer(&asked, &zone).unwrap();
        assert_eq!(answer.as_bytes()[3] & 0x0f, 0);
        assert!(answer.as_bytes().len() <= ANSWER_BYTES_MAX);
    }
}

#[test]
fn what_is_no_name_is_no_zone() {
    let v4 = "100.70.0.1".parse().unwrap();
    for names in [&[""][..], &["."], &["a..b"], &[&"a".repeat(64)], &[], &["a"; 9]] {
        assert!(Zone::new(names, v4, None).is_err(), "{names:?}");
    }
}

#[test]
fn questions_over_tcp_come_in_pieces_and_in_rows() {
    let mut received = vec![0];
    assert_eq!(take_question(&mut received), Taken::Nothing);
    received.extend_from_slice(&[3, 1, 2]);
    assert_eq!(take_question(&mut received), Taken::Nothing);
    received.extend_from_slice(&[3, 0, 1, 9, 0]);
    assert_eq!(take_question(&mut received), Taken::Question(vec![1, 2, 3]));
    assert_eq!(take_question(&mut received), Taken::Question(vec![9]));
    assert_eq!(take_question(&mut received), Taken::Nothing);
    assert_eq!(take_question(&mut vec![0x04, 0xd1]), Taken::TooLong);
}

/// `cargo +nightly fuzz run --fuzz-dir tests/fuzz names` adds to it.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/names");

#[test]
fn what_the_fuzzer_found_is_answered_within_bounds() {
    let mut answered = 0;
    for entry in std::fs::read_dir(CORPUS).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        if let Some(answer) = answer(&bytes, &zone()) {
            assert!(answer.as_bytes().len() <= ANSWER_BYTES_MAX);
            assert_eq!(answer.as_bytes()[..2], bytes[..2]);
            answered += 1;
        }
    }
    assert!(answered > 20, "only {answered} of the corpus are questions");
}

/// One question over TCP, byte by byte, as the worst network would bring it.
fn ask_over_tcp(stream: &mut TcpStream, question: &[u8]) -> Vec<u8> {
    stream.set_nodelay(true).unwrap();
    let length = u16::try_from(question.len()).unwrap();
    for byte in [&length.to_be_bytes()[..], question].concat() {
        stream.write_all(&[byte]).unwrap();
    }
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).unwrap();
    answer
}

fn listen() -> (UdpSocket, TcpListener) {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    udp.set_nonblocking(true).unwrap();
    tcp.set_nonblocking(true).unwrap();
    (udp, tcp)
}

#[test]
fn both_transports_give_the_same_answer() {
    let (udp, tcp) = listen();
    let (at_udp, at_tcp) = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
    let answerer = Answerer::start(vec![udp], vec![tcp], zone()).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(at_tcp).unwrap();
    for asked in [question(NAME, A, 1), question(NAME, TXT, 1), question("example.jp", A, 1)] {
        let wanted = answer(&asked, &zone()).unwrap();
        client.send_to(&asked, at_udp).unwrap();
        let mut came = [0; ANSWER_BYTES_MAX];
        let (length, _) = client.recv_from(&mut came).unwrap();
        assert_eq!(&came[..length], wanted.as_bytes());
        assert_eq!(ask_over_tcp(&mut stream, &asked), wanted.as_bytes());
    }
    drop(answerer);
    assert!(TcpStream::connect(at_tcp).is_err(), "still listens");
}

#[test]
fn one_device_cannot_take_all_the_room() {
    let (udp, tcp) = listen();
    let at = tcp.local_addr().unwrap();
    let _answerer = Answerer::start(vec![udp], vec![tcp], zone()).unwrap();
    let asked = question(NAME, A, 1);
    let mut held: Vec<_> = (0..4).map(|_| TcpStream::connect(at).unwrap()).collect();
    for stream in &mut held {
        ask_over_tcp(stream, &asked);
    }
    let mut fifth = TcpStream::connect(at).unwrap();
    assert_eq!(fifth.read(&mut [0; 1]).unwrap_or_default(), 0, "a fifth connection is heard");
    // Whoever asks without end is cut as well, and what is no question ends a connection.
    let first = &mut held[0];
    for _ in 1..32 {
        ask_over_tcp(first, &asked);
    }
    first.write_all(&[0, 12]).unwrap();
    first.write_all(&[0; 12]).unwrap();
    assert_eq!(first.read(&mut [0; 1]).unwrap_or_default(), 0);
    held[1].write_all(&[0, 1, 0]).unwrap();
    assert_eq!(held[1].read(&mut [0; 1]).unwrap_or_default(), 0);
    ask_over_tcp(&mut held[2], &asked);
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..1500)) {
        if let Some(answer) = answer(&bytes, &zone()) {
            prop_assert!(answer.as_bytes().len() <= ANSWER_BYTES_MAX);
        }
    }

    #[test]
    fn no_bent_question_brings_it_down(
        at in 0_usize..60,
        byte: u8,
        kind: u16,
        more in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut asked = question(NAME, kind, 1);
        asked.extend_from_slice(&more);
        if let Some(place) = asked.get_mut(at) {
            *place = byte;
        }
        if let Some(answer) = answer(&asked, &zone()) {
            prop_assert!(answer.as_bytes().len() <= ANSWER_BYTES_MAX);
        }
    }
}
