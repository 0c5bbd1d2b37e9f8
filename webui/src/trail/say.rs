//! The trail's words: what an action and a subject are called.

/// An action that has no word yet is shown as it is kept.
pub fn action(action: &str) -> &str {
    match action {
        "login" => "ログインした",
        "login.refused" => "ログインできなかった",
        "logout" => "ログアウトした",
        "lock.open" => "一時停止を解除した",
        "lock.refused" => "一時停止を解除できなかった",
        "password.change" => "パスワードを変更した",
        "session.end" => "ほかの端末をログアウトさせた",
        "mail.list" => "メールの一覧を見た",
        "mail.open" => "メールを開封した",
        "mail.read" => "メールを読んだ",
        "mail.send" => "メールを送信した",
        "mail.print" => "メールを印刷した",
        "mail.file" => "添付ファイルを開いた",
        "mail.thumb" => "添付ファイルの縮小画像を見た",
        "mail.bin" => "メールをごみ箱に入れた",
        "mail.restore" => "メールをごみ箱から戻した",
        "draft.list" => "下書きの一覧を見た",
        "draft.start" => "下書きを始めた",
        "draft.read" => "下書きを開いた",
        "draft.save" => "下書きを保存した",
        "draft.attach" => "下書きにファイルを添付した",
        "draft.file" => "下書きの添付ファイルを開いた",
        "draft.discard" => "下書きを破棄した",
        "facility.register" => "施設を登録した",
        "facility.change" => "施設の内容を変更した",
        "facility.suspend" => "施設の利用を止めた",
        "facility.resume" => "施設の利用を再開した",
        "member.register" => "職員を登録した",
        "member.change" => "職員の内容を変更した",
        "member.lock" => "職員をロックした",
        "member.unlock" => "職員のロックを解除した",
        "card.issue" => "ユーザーカードを発行した",
        "card.cancel" => "ユーザーカードを取り消した",
        "card.redeem" => "ユーザーカードで登録を始めた",
        "enrolment.approve" => "端末の登録を承認した",
        "enrolment.refuse" => "端末の登録を断った",
        "device.issue" => "端末証明書を受け取った",
        "device.first_seen" => "端末がはじめて接続した",
        "device.revoke" => "端末を失効した",
        "trail.read" => "操作記録を見た",
        "trail.verify" => "操作記録の鎖を検証した",
        "network.found" => "ネットワークを開設した",
        other => other,
    }
}

/// What a subject is, before its name or number.
pub fn kind(kind: &str) -> &str {
    match kind {
        "mail" => "メール",
        "draft" => "下書き",
        "member" => "職員",
        "facility" => "施設",
        "device" => "端末",
        "enrolment" => "端末の登録",
        "session" => "ログイン",
        other => other,
    }
}
