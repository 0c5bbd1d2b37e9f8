//! The index against a plain look through the same texts, and what becomes of damaged files.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use store::{Clock, Store};

use super::{Asked, Folded, Hit, Index, Piece, Room, fold};

const READERS: u8 = 4;

/// Few signs in many shapes, so that random words are found.
fn text(signs_max: usize) -> impl Strategy<Value = String> {
    let sign = prop::sample::select(
        [
            "ぱ",
            "パ",
            "ﾊﾟ",
            "は\u{309a}",
            "い",
            "イ",
            "ー",
            "ぷ",
            "山",
            "髙",
            "高",
            "a",
            "Ａ",
            "1",
            "。",
        ]
        .map(str::to_owned)
        .to_vec(),
    );
    prop::collection::vec(sign, 0..signs_max).prop_map(|signs| signs.concat())
}

fn piece(n: u8, at: i64, reader: u8, texts: Vec<String>) -> Piece {
    Piece {
        id: [n; 16],
        at: Timestamp::from_second(at).unwrap(),
        readers: vec![[reader; 16]],
        authors: vec![[n % 3; 16]],
        senders: texts.iter().take(1).cloned().collect(),
        places: texts.iter().skip(1).take(1).cloned().collect(),
        texts,
        has_files: n.is_multiple_of(2),
    }
}

fn holds(texts: &[String], word: &str) -> bool {
    texts.iter().any(|text| fold(text).contains(word))
}

/// What should be found, by looking through everything.
fn naive(pieces: &BTreeMap<u8, Piece>, asked: &Asked) -> Vec<Hit> {
    let fits = |piece: &&Piece| {
        piece.readers.iter().any(|reader| asked.readers.contains(reader))
            && (asked.authors.is_empty()
                || piece.authors.iter().any(|author| asked.authors.contains(author)))
            && asked.words.iter().all(|word| holds(&piece.texts, word))
            && asked.senders.iter().all(|word| holds(&piece.senders, word))
            && asked.places.iter().all(|word| holds(&piece.places, word))
            && (piece.has_files || !asked.has_files)
            && asked.from.is_none_or(|from| piece.at >= from)
            && asked.before.is_none_or(|before| piece.at < before)
    };
    let mut hits: Vec<_> =
        pieces.values().filter(fits).map(|piece| Hit { at: piece.at, id: piece.id }).collect();
    hits.sort_by_key(|hit| (std::cmp::Reverse(hit.at), hit.id));
    hits
}

fn store(folder: &Path) -> Store {
    Store::in_memory(folder, Clock::fixed(Timestamp::UNIX_EPOCH, 1)).unwrap()
}

fn index(store: &Store) -> Index {
    Index::new(store.sealed_folder("index").unwrap())
}

/// All pages together.
fn search(index: &Index, asked: &Asked, hits_max: usize) -> Vec<Hit> {
    let mut all: Vec<Hit> = Vec::new();
    loop {
        let page = index.search(asked, all.last().copied(), hits_max).unwrap();
        let ends = page.len() < hits_max;
        all.extend(page);
        if ends {
            return all;
        }
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Put(u8, i64, u8, Vec<String>),
    Remove(u8),
    Commit,
    /// The writer ends and is opened anew.
    Reopen,
}

fn deed() -> impl Strategy<Value = Deed> {
    let texts = prop::collection::vec(text(12), 1..4);
    prop_oneof![
        8 => (0..40u8, 0..6i64, 0..READERS, texts).prop_map(|(n, at, reader, texts)| {
            Deed::Put(n, at, reader, texts)
        }),
        2 => (0..40u8).prop_map(Deed::Remove),
        1 => Just(Deed::Commit),
        1 => Just(Deed::Reopen),
    ]
}

fn question() -> impl Strategy<Value = Asked> {
    let words = |max| prop::collection::vec(text(6).prop_map(|text| fold(&text)), 0..max);
    let reader = prop::collection::vec((0..READERS).prop_map(|reader| [reader; 16]), 1..3);
    let moment = || prop::option::weighted(0.2, 0..6i64);
    (words(3), words(2), words(2), reader, any::<u8>(), moment(), moment()).prop_map(
        |(words, senders, places, readers, chance, from, before)| {
            let at = |second: Option<i64>| second.map(|at| Timestamp::from_second(at).unwrap());
            let whole = |words: Vec<String>| {
                words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>()
            };
            Asked {
                readers,
                authors: if chance.is_multiple_of(5) { vec![[chance % 3; 16]] } else { Vec::new() },
                words: whole(words),
                senders: if chance.is_multiple_of(3) { whole(senders) } else { Vec::new() },
                places: if chance.is_multiple_of(4) { whole(places) } else { Vec::new() },
                has_files: chance.is_multiple_of(7),
                from: at(from),
                before: at(before),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_index_finds_what_a_look_through_everything_finds(
        deeds in prop::collection::vec(deed(), 1..60),
        questions in prop::collection::vec(question(), 12),
        page in 1..5usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let index = index(&store);
        let mut writer = index.open(Room::Usual).unwrap();
        let mut pieces = BTreeMap::new();
        for deed in deeds {
            match deed {
                Deed::Put(n, at, reader, texts) => {
                    let piece = piece(n, at, reader, texts);
                    writer.remove(&piece.id);
                    writer.add(&piece).unwrap();
                    pieces.insert(n, piece);
                }
                Deed::Remove(n) => {
                    writer.remove(&[n; 16]);
                    pieces.remove(&n);
                }
                Deed::Commit => writer.commit("").unwrap(),
                Deed::Reopen => {
                    writer.commit("noted").unwrap();
                    writer.end().unwrap();
                    writer = index.open(Room::Usual).unwrap();
                    assert_eq!(writer.note().unwrap().as_deref(), Some("noted"));
                }
            }
        }
        writer.commit("").unwrap();
        for asked in &questions {
            prop_assert_eq!(search(&index, asked, page), naive(&pieces, asked), "{:?}", asked);
        }
    }

    #[test]
    fn folding_by_signs_is_folding_the_whole(text in text(20)) {
        prop_assert_eq!(fold(&text), provisioning::japanese::fold(&text));
    }

    #[test]
    fn places_of_a_word_fold_to_the_word(text in text(20), word in text(4)) {
        let word = fold(&word);
        for place in Folded::of(&text).places_of(&word) {
            prop_assert!(fold(&text[place]).contains(&word));
        }
    }
}

/// Enough different signs that files have several frames.
fn some() -> BTreeMap<u8, Piece> {
    let noise = |n: u32| {
        (0..400).filter_map(move |i| char::from_u32(0x4e00 + (n * 131 + i * i * 7) % 3000))
    };
    let text = |n: u8| {
        let noise: String = noise(u32::from(n)).collect();
        format!("山田さんの様子 {n} パイプ交換のお知らせ {noise}")
    };
    (0..200).map(|n| (n, piece(n, i64::from(n), 0, vec![text(n)]))).collect()
}

fn asked(word: &str) -> Asked {
    Asked { readers: vec![[0; 16]], words: vec![fold(word)], ..Asked::default() }
}

#[test]
fn a_word_never_spans_two_texts() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let index = index(&store);
    let mut writer = index.open(Room::Usual).unwrap();
    writer.add(&piece(1, 1, 0, vec!["山田".to_owned(), "花子".to_owned()])).unwrap();
    writer.commit("").unwrap();
    assert_eq!(search(&index, &asked("田花"), 10).len(), 0);
    assert_eq!(search(&index, &asked("山田"), 10).len(), 1);
    assert_eq!(search(&index, &asked("子"), 10).len(), 1);
}

/// Every file of an index in turn, with one byte changed, cut short, or gone.
#[test]
fn a_damaged_file_is_noticed_and_nothing_wrong_is_found() {
    let pieces = some();
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut writer = index(&store).open(Room::Usual).unwrap();
    pieces.values().for_each(|piece| writer.add(piece).unwrap());
    writer.commit("").unwrap();
    writer.end().unwrap();
    let entries = std::fs::read_dir(folder.path().join("index")).unwrap();
    let sound: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    assert!(sound.iter().any(|(_, bytes)| bytes.len() > 66_000), "some have several frames");
    type Damage = fn(&[u8]) -> Option<Vec<u8>>;
    let damages: [Damage; 4] = [
        |bytes| Some(flipped(bytes, bytes.len() / 2)),
        |bytes| Some(flipped(bytes, bytes.len() - 1)),
        |bytes| Some(bytes[..bytes.len() - 1].to_vec()),
        |_| None,
    ];
    let mut noticed = 0;
    for (path, bytes) in &sound {
        for damage in damages {
            index(&store).discard().unwrap();
            for (path, bytes) in &sound {
                std::fs::write(path, bytes).unwrap();
            }
            match damage(bytes) {
                Some(bytes) => std::fs::write(path, bytes).unwrap(),
                None => std::fs::remove_file(path).unwrap(),
            }
            noticed += usize::from(finds_nothing_wrong(&store, &pieces));
        }
    }
    // Not every frame is looked at by these searches, and some files may go without harm.
    let all = sound.len() * damages.len();
    assert!(noticed * 10 >= all * 8, "{noticed} of {all}");
    let index = index(&store);
    index.discard().unwrap();
    let mut writer = index.open(Room::Usual).unwrap();
    pieces.values().for_each(|piece| writer.add(piece).unwrap());
    writer.commit("").unwrap();
    assert_eq!(search(&index, &asked("山田"), 500), naive(&pieces, &asked("山田")));
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// Answers whether the damage was noticed.
fn finds_nothing_wrong(store: &Store, pieces: &BTreeMap<u8, Piece>) -> bool {
    let index = index(store);
    let Ok(writer) = index.open(Room::Usual) else { return true };
    let words = pieces.values().flat_map(|piece| {
        let text: Vec<char> = piece.texts[0].chars().collect();
        text.chunks(40).map(|word| word.iter().take(3).collect::<String>()).collect::<Vec<_>>()
    });
    for word in words.step_by(7).chain(["様".to_owned(), "パイプ交換".to_owned()]) {
        let asked = asked(&word);
        match index.search(&asked, None, 500) {
            Ok(hits) => assert!(hits.is_empty() || hits == naive(pieces, &asked), "{word}"),
            Err(_) => assert!(index.is_damaged(), "{word}"),
        }
    }
    drop(writer);
    index.is_damaged() || index.pieces() == 0
}

#[test]
fn an_index_of_another_store_does_not_open() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (our_store, their_store) = (store(ours.path()), store(theirs.path()));
    index(&our_store).open(Room::Usual).unwrap().commit("").unwrap();
    for entry in std::fs::read_dir(ours.path().join("index")).unwrap() {
        let from = entry.unwrap().path();
        let folder = theirs.path().join("index");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(&from, folder.join(from.file_name().unwrap())).unwrap();
    }
    assert!(index(&their_store).open(Room::Usual).is_err());
}

#[test]
fn no_word_lies_open_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut writer = index(&store).open(Room::Usual).unwrap();
    some().values().for_each(|piece| writer.add(piece).unwrap());
    writer.commit("").unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(folder.path().join("index")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for word in ["山田", "様子", "パイプ", "pairs", "reader", "segment"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word}");
        }
        count += 1;
    }
    assert!(count > 5, "{count} files");
}
