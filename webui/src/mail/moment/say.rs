//! What is wrong with a day or a time.

pub const UNREADABLE_DATE: &str = "日付を「1/8」や「令和8年1月8日」のように入力してください";
pub const UNREADABLE_TIME: &str = "時刻を「13:00」のように入力してください";
pub const NO_SUCH_TIME: &str = "いまから1年以内の、これからの日時にしてください";
