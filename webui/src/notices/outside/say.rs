//! The words that leave the box, and those about how that went.

use super::letter::Words;
use super::model::Reason;

/// The whole of what is said outside of something that came.
pub const ARRIVED: &str = "新着メールがあります";

pub fn arrival(network: &str, address: &str) -> Words {
    let body = format!(
        "{ARRIVED}。\n\n{network}\n{address}\n\n\
         内容は、{network}にログインしてご覧ください。\n\
         このメールは自動で送っています。返信はできません。\n\
         通知の停止は「自分の設定」の「着信通知の設定」で行えます。\n"
    );
    Words { subject: ARRIVED.to_owned(), body }
}

pub fn code(network: &str, address: &str, code: &str) -> Words {
    let body = format!(
        "確認コード　{code}\n\n\
         {network}の「着信通知の設定」の画面に、このコードを入力してください。30分で使えなくなります。\n\
         {address}\n\n\
         心当たりのないときは、このメールを捨ててください。何も登録されません。\n"
    );
    Words { subject: format!("確認コード（{network}）"), body }
}

pub fn test(network: &str, address: &str) -> Words {
    let body = format!(
        "{network}から、通知のメールを送る試験です。届いていれば、設定は正しく動いています。\n{address}\n"
    );
    Words { subject: format!("通知メールの試験（{network}）"), body }
}

/// Why something could not be sent, and what to do about it.
pub fn reason(reason: Reason) -> String {
    match reason {
        Reason::Unreachable => {
            "サーバーにつながりませんでした。サーバーの名前・ポートと、回線を確かめてください。"
                .to_owned()
        }
        Reason::Tls => {
            "サーバーの証明書を確かめられず、暗号化した接続ができませんでした。".to_owned()
        }
        Reason::Slow => "サーバーの応答が遅く、時間切れになりました。".to_owned(),
        Reason::Cut => "送信の途中で接続が切れました。".to_owned(),
        Reason::Login => {
            "サーバーがユーザー名・パスワードを受け付けませんでした。設定を確かめてください。"
                .to_owned()
        }
        Reason::Answered(code) => format!("サーバーに断られました（応答 {code}）。"),
        Reason::NoSuchAddress(code) => {
            format!("そのアドレスは使われていないと、サーバーが答えました（応答 {code}）。")
        }
        Reason::Gone => "端末のブラウザーで、通知の受け取りが終わっていました。".to_owned(),
        Reason::ForeignHost => "通知サービスではないあて先のため、送りませんでした。".to_owned(),
        Reason::Own => "送る内容を作れませんでした。事務室へお知らせください。".to_owned(),
    }
}

/// The same for whoever has no hand on the server: what they can do themselves.
pub const fn reason_for_members(reason: Reason) -> &'static str {
    match reason {
        Reason::Unreachable | Reason::Tls | Reason::Slow | Reason::Cut => {
            "いまはメールサーバーにつながりませんでした。\
             時間をおいてお試しください。続くときは、事務室へお電話ください。"
        }
        Reason::NoSuchAddress(_) => {
            "そのアドレスは使われていないと、メールサーバーが答えました。\
             アドレスを確かめてください。"
        }
        Reason::Login | Reason::Answered(_) | Reason::Gone | Reason::ForeignHost | Reason::Own => {
            "メールサーバーが受け付けませんでした。事務室へお電話ください。"
        }
    }
}
