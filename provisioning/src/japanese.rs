//! Folding of Japanese words for search: what people type meets what people are called.
//!
//! Source of the rules: the project's data conventions (kana keys, kanji variants).

use unicode_normalization::UnicodeNormalization;

/// NFKC, katakana, large kana, one shape of each kanji, without blanks and marks.
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter_map(fold_char).collect()
}

/// Full-width digits and letters to half-width, without blanks and hyphens: for codes.
pub fn fold_code(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace() && !is_hyphen(*c)).collect::<String>().to_uppercase()
}

/// A name's reading as it is kept: full-width katakana with single blanks. Hiragana and half-width
/// letters are taken; `None` where anything but kana stands in it.
pub fn reading(text: &str) -> Option<String> {
    let kana: String = text.nfkc().map(katakana).collect();
    let kana = kana.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_kana = |c| matches!(c, 'ァ'..='ヺ' | 'ー' | '・' | ' ');
    (!kana.is_empty() && kana.chars().all(is_kana)).then_some(kana)
}

fn fold_char(c: char) -> Option<char> {
    if c.is_whitespace()
        || is_hyphen(c)
        || is_variation_selector(c)
        || matches!(c, '・' | '=' | '゠')
    {
        return None;
    }
    Some(one_kanji(large_kana(katakana(c))))
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '–' | '—' | '―' | '−' | 'ー' | '－' | 'ｰ' | '~' | '〜')
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn katakana(c: char) -> char {
    const TO_KATAKANA: u32 = 0x60;
    match c {
        'ぁ'..='ゖ' => char::from_u32(u32::from(c) + TO_KATAKANA).unwrap_or(c),
        _ => c,
    }
}

fn large_kana(c: char) -> char {
    match c {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヴ' => 'ブ',
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        'ヲ' => 'オ',
        'ヱ' => 'エ',
        'ヰ' => 'イ',
        _ => c,
    }
}

fn one_kanji(c: char) -> char {
    match c {
        '髙' => '高',
        '﨑' | '嵜' | '碕' => '崎',
        '濵' | '濱' => '浜',
        '邊' | '邉' => '辺',
        '齋' | '齊' | '斎' => '斉',
        '𠮷' => '吉',
        '德' => '徳',
        '眞' => '真',
        '澤' => '沢',
        '櫻' => '桜',
        '廣' => '広',
        '國' => '国',
        '嶋' | '嶌' => '島',
        '圓' => '円',
        '惠' => '恵',
        '條' => '条',
        '龍' => '竜',
        '瀧' => '滝',
        '冨' => '富',
        '舘' => '館',
        '藪' => '薮',
        '槇' => '槙',
        '祐' => '佑',
        '亞' => '亜',
        '壽' => '寿',
        '實' => '実',
        '榮' => '栄',
        '渡' => '渡',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sounding_and_equal_looking_words_fold_alike() {
        let check = |one: &str, other: &str| assert_eq!(fold(one), fold(other), "{one} {other}");
        check("ﾊﾟｲﾌﾟ", "ぱいぷ");
        check("髙橋", "高橋");
        check("渡邉", "渡辺");
        check("齋藤", "斉藤");
        check("シュウ", "しゆう");
        check("みどり・クリニック", "ミドリ クリニツク");
        check("ＡＢＣ", "abc");
        check("セーター", "セタ");
    }

    #[test]
    fn a_reading_is_kept_in_katakana() {
        let check = |text, expected: Option<&str>| assert_eq!(reading(text).as_deref(), expected);
        check("さとう", Some("サトウ"));
        check("ｶﾞｰﾃﾞﾝ　 みどり", Some("ガーデン ミドリ"));
        check("ヴィラ・あおば", Some("ヴィラ・アオバ"));
        check("佐藤", None);
        check("Sato", None);
        check(" ", None);
    }

    #[test]
    fn voiced_sounds_stay_apart() {
        assert_ne!(fold("カキ"), fold("ガギ"));
    }
}
