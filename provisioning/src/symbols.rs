//! What is printed on paper and typed from it: Crockford base32, which people cannot misread.

use store::Clock;

/// Without I, L, O and U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `N` random symbols of five bits each.
pub(crate) fn random<const N: usize>(clock: &Clock) -> [u8; N] {
    of_bytes(clock.random())
}

/// One symbol from the low five bits of each byte.
pub(crate) fn of_bytes<const N: usize>(bytes: [u8; N]) -> [u8; N] {
    bytes.map(|byte| SYMBOLS.get(usize::from(byte & 31)).copied().unwrap_or(b'0'))
}

/// Takes lower case, blanks, hyphens, full-width letters, O for 0, I and L for 1.
pub(crate) fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    let typed = crate::japanese::fold_code(text);
    let symbols: Vec<u8> = typed
        .bytes()
        .map(|symbol| match symbol {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            _ => symbol,
        })
        .collect();
    let all_known = symbols.iter().all(|symbol| SYMBOLS.contains(symbol));
    symbols.try_into().ok().filter(|_| all_known)
}

/// In groups of four, as printed.
pub(crate) fn grouped(symbols: &[u8]) -> String {
    let groups = symbols.chunks(4).map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join("-")
}
