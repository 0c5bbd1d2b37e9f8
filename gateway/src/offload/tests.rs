//! Split and coalesced packets are what they were, and lies are refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::checksum::{Sum, pseudo_header};
use super::coalesce::Coalescer;
use super::header::{HEADER_BYTES, Header, Partial, Segmentation, Shape};
use super::split::{SPARE_BYTES, Split, SplitProblem};

const MTU: usize = 1280;

#[derive(Clone, Debug)]
struct Burst {
    is_v4: bool,
    port: u16,
    sequence: u32,
    options: bool,
    size: usize,
    payload: usize,
    push: bool,
}

fn burst() -> impl Strategy<Value = Burst> {
    (
        any::<bool>(),
        1..4_u16,
        any::<u32>(),
        any::<bool>(),
        1..1200_usize,
        0..9000_usize,
        any::<bool>(),
    )
        .prop_map(|(is_v4, port, sequence, options, size, payload, push)| Burst {
            is_v4,
            port,
            sequence,
            options,
            size,
            payload,
            push,
        })
}

/// As a sender's own stack would put it on the wire.
fn packets(burst: &Burst) -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = (0..burst.payload).map(|at| (at % 251).to_le_bytes()[0]).collect();
    let mut chunks: Vec<&[u8]> = bytes.chunks(burst.size).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let last = chunks.len() - 1;
    let mut sequence = burst.sequence;
    let mut made = Vec::new();
    for (at, chunk) in chunks.into_iter().enumerate() {
        let flags = if at == last && burst.push { 0x18 } else { 0x10 };
        made.push(tcp(burst, sequence, flags, chunk));
        sequence = sequence.wrapping_add(u32::try_from(chunk.len()).unwrap());
    }
    made
}

fn tcp(burst: &Burst, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let options: &[u8] = if burst.options { &[1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9] } else { &[] };
    let header = 20 + options.len();
    let mut segment = Vec::new();
    segment.extend(burst.port.to_be_bytes());
    segment.extend(443_u16.to_be_bytes());
    segment.extend(sequence.to_be_bytes());
    segment.extend(77_u32.to_be_bytes());
    segment.push(u8::try_from(header / 4).unwrap() << 4);
    segment.push(flags);
    segment.extend([1, 0, 0, 0, 0, 0]);
    segment.extend(options);
    segment.extend(payload);
    let length = u16::try_from(segment.len()).unwrap();
    let (source, destination) = ends(burst.is_v4);
    let sum = pseudo_header(source, destination, 6, length).bytes(&segment).checksum();
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    let mut packet = ip(burst.is_v4, 6, length);
    packet.extend(segment);
    packet
}

fn ends(is_v4: bool) -> (IpAddr, IpAddr) {
    if is_v4 {
        (Ipv4Addr::new(100, 64, 0, 2).into(), Ipv4Addr::new(100, 64, 0, 1).into())
    } else {
        let address = |last| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last).into();
        (address(2), address(1))
    }
}

fn ip(is_v4: bool, protocol: u8, length: u16) -> Vec<u8> {
    if is_v4 {
        let mut header = vec![0x45, 0];
        header.extend((length + 20).to_be_bytes());
        header.extend([0, 0, 0x40, 0, 64, protocol, 0, 0, 100, 64, 0, 2, 100, 64, 0, 1]);
        let sum = Sum::default().bytes(&header).checksum();
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        return header;
    }
    let mut header = vec![0x60, 0, 0, 0];
    header.extend(length.to_be_bytes());
    header.extend([protocol, 64]);
    for address in [2_u16, 1] {
        header.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        header.extend(address.to_be_bytes());
    }
    header
}

/// One write's bytes, as the kernel would see them.
fn coalesce(packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut buffer: Vec<u8> = Vec::new();
    let mut coalescer = Coalescer::default();
    let mut ranges = Vec::new();
    for packet in packets {
        ranges.push(buffer.len()..buffer.len() + packet.len());
        buffer.extend(packet);
    }
    for range in ranges {
        coalescer.add(&buffer, range);
    }
    let mut written = Vec::new();
    coalescer.flush(&mut buffer, |large| written.push(large.pieces().collect::<Vec<_>>().concat()));
    assert!(coalescer.is_empty());
    written
}

fn split(read: &[u8], mtu: usize) -> Result<Vec<Vec<u8>>, SplitProblem> {
    let mut buffer = read.to_vec();
    buffer.resize(read.len() + SPARE_BYTES, 0xaa);
    let mut split = Split::new(&mut buffer, read.len(), mtu)?;
    let mut packets = Vec::new();
    while let Some(packet) = split.next_packet() {
        assert!(packet.len().is_multiple_of(16) || packet.len() == mtu, "{}", packet.len());
        packets.push(without_padding(packet).to_vec());
    }
    Ok(packets)
}

fn without_padding(packet: &[u8]) -> &[u8] {
    let length = if packet[0] >> 4 == 4 {
        usize::from(u16::from_be_bytes([packet[2], packet[3]]))
    } else {
        usize::from(u16::from_be_bytes([packet[4], packet[5]])) + 40
    };
    assert!(packet[length..].iter().all(|byte| *byte == 0), "padding is zeros");
    &packet[..length]
}

/// The identifier of a packet that may not be fragmented means nothing.
fn without_identifier(mut packet: Vec<u8>) -> Vec<u8> {
    if packet[0] == 0x45 {
        packet[4..6].fill(0);
        packet[10..12].fill(0);
        let sum = Sum::default().bytes(&packet[..20]).checksum();
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
    }
    packet
}

fn flow(packet: &[u8]) -> (u8, u16) {
    let shape = Shape::of(packet).unwrap();
    (packet[0], u16::from_be_bytes([packet[shape.ip_bytes], packet[shape.ip_bytes + 1]]))
}

proptest! {
    #[test]
    fn split_and_coalesced_are_each_others_reverse(
        bursts in prop::collection::vec(burst(), 1..6),
        order in any::<u64>(),
    ) {
        let mut queues: Vec<_> = bursts.iter().map(|burst| packets(burst).into_iter()).collect();
        let mut sent = Vec::new();
        let mut state = order | 1;
        // Bursts share the wire in any order, each in its own.
        while !queues.is_empty() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(state >> 33).unwrap() % queues.len();
            match queues[at].next() {
                Some(packet) => sent.push(packet),
                None => drop(queues.remove(at)),
            }
        }
        let mut received = Vec::new();
        for write in coalesce(&sent) {
            received.extend(split(&write, MTU).unwrap());
        }
        let by_flow = |packets: Vec<Vec<u8>>| {
            let mut packets: Vec<_> = packets.into_iter().map(without_identifier).collect();
            packets.sort_by_key(|packet| flow(packet));
            packets
        };
        prop_assert_eq!(by_flow(sent), by_flow(received));
    }

    #[test]
    fn a_lying_header_is_refused_or_split_within_the_mtu(
        header in any::<[u8; HEADER_BYTES]>(),
        packet in prop::collection::vec(any::<u8>(), 0..3000),
        first in prop::sample::select(vec![0x45_u8, 0x46, 0x60, 0x00]),
    ) {
        let mut read = header.to_vec();
        read.extend(packet);
        if let Some(byte) = read.get_mut(HEADER_BYTES) {
            *byte = first;
        }
        let length = read.len();
        read.resize(length + SPARE_BYTES, 0);
        if let Ok(mut split) = Split::new(&mut read, length, MTU) {
            while let Some(packet) = split.next_packet() {
                prop_assert!(packet.len() <= MTU);
            }
        }
    }
}

#[test]
fn a_row_of_segments_is_one_write() {
    let burst = Burst {
        is_v4: true,
        port: 9,
        sequence: u32::MAX - 100,
        options: true,
        size: 1228,
        payload: 1228 * 40 + 5,
        push: true,
    };
    let written = coalesce(&packets(&burst));
    assert_eq!(written.len(), 1);
    let header = Header::parse(written[0].first_chunk().unwrap()).unwrap();
    assert_eq!(header.segmentation, Segmentation::Tcp4 { size: 1228 });
    assert_eq!(header.partial, Some(Partial { start: 20, offset: 16 }));
    assert_eq!(header.headers_bytes, 52);
}

#[test]
fn a_segment_out_of_order_or_of_another_window_begins_another_write() {
    let burst = Burst {
        is_v4: false,
        port: 9,
        sequence: 5,
        options: false,
        size: 100,
        payload: 300,
        push: false,
    };
    let mut row = packets(&burst);
    assert_eq!(coalesce(&row).len(), 1);
    row.swap(0, 1);
    assert_eq!(coalesce(&row).len(), 3);
    row.swap(0, 1);
    row[1][40 + 15] ^= 1;
    assert_eq!(coalesce(&row).len(), 3);
}

/// The cases of wireguard-go's offload_linux_test.go in which nothing may be joined.
#[test]
fn packets_that_differ_in_more_than_their_place_are_not_joined() {
    for (is_v4, what, at, bits) in [
        (true, "class", 1, 0x04),
        (true, "don't fragment", 6, 0x40),
        (true, "time to live", 8, 0x01),
        (true, "source", 15, 0x01),
        (true, "source port", 20, 0x01),
        (true, "acknowledgement", 31, 0x01),
        (true, "urgent", 33, 0x20),
        (true, "reset", 33, 0x04),
        (true, "window", 34, 0x01),
        (true, "an option", 51, 0x01),
        (false, "class", 1, 0x10),
        (false, "flow label", 3, 0x01),
        (false, "hop limit", 7, 0x01),
        (false, "destination", 39, 0x02),
        (false, "destination port", 43, 0x01),
        (false, "an option", 71, 0x01),
    ] {
        let burst = Burst {
            is_v4,
            port: 9,
            sequence: 5,
            options: true,
            size: 100,
            payload: 200,
            push: false,
        };
        let mut row = packets(&burst);
        assert_eq!(coalesce(&row).len(), 1);
        row[1][at] ^= bits;
        let written = coalesce(&row);
        assert_eq!(written.len(), 2, "{what}");
        assert!(written[1][HEADER_BYTES..] == row[1], "{what}: it stays as it came");
    }
}

#[test]
fn lies_of_the_virtio_header_are_named() {
    let burst = Burst {
        is_v4: true,
        port: 9,
        sequence: 5,
        options: false,
        size: 100,
        payload: 100,
        push: false,
    };
    let packet = packets(&burst).remove(0);
    let check = |header: Header, problem| {
        let read = [header.to_bytes().as_slice(), &packet].concat();
        assert_eq!(split(&read, MTU), Err(problem), "{header:?}");
    };
    let whole = Header { segmentation: Segmentation::Whole, partial: None, headers_bytes: 0 };
    let kind = |segmentation| Header { segmentation, ..whole };
    check(kind(Segmentation::Tcp4 { size: 0 }), SplitProblem::Disagrees);
    check(kind(Segmentation::Tcp6 { size: 10 }), SplitProblem::Disagrees);
    check(kind(Segmentation::Udp { size: 10 }), SplitProblem::Disagrees);
    check(kind(Segmentation::Tcp4 { size: 60_000 }), SplitProblem::TooLarge);
    for partial in [Partial { start: 60_000, offset: 6 }, Partial { start: 20, offset: 60_000 }] {
        check(Header { partial: Some(partial), ..whole }, SplitProblem::Disagrees);
    }
    assert_eq!(split(&[0; 5], MTU), Err(SplitProblem::Short));
    assert_eq!(split(&[0; HEADER_BYTES], MTU), Err(SplitProblem::Short));
}

#[test]
fn checksums_are_those_of_rfc_1071() {
    // The example of its section 3.
    let sum = Sum::default().bytes(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
    assert_eq!(sum.partial(), 0xddf2);
    assert_eq!(Sum::default().bytes(&[0x00, 0x01, 0xf2]).partial(), 0xf201);
}

#[test]
fn a_checksum_left_to_us_is_completed() {
    let burst = Burst {
        is_v4: true,
        port: 9,
        sequence: 5,
        options: false,
        size: 99,
        payload: 99,
        push: true,
    };
    let right = packets(&burst).remove(0);
    let mut left = right.clone();
    let (source, destination) = ends(true);
    let length = u16::try_from(right.len() - 20).unwrap();
    let partial = pseudo_header(source, destination, 6, length).partial();
    left[36..38].copy_from_slice(&partial.to_be_bytes());
    let header = Header {
        segmentation: Segmentation::Whole,
        partial: Some(Partial { start: 20, offset: 16 }),
        headers_bytes: 40,
    };
    let read = [header.to_bytes().as_slice(), &left].concat();
    assert_eq!(split(&read, MTU).unwrap(), [right]);
}
