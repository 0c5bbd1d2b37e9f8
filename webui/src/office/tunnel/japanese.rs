//! The gateway's words, as the office reads them.

use crate::kit::tunnel::{Leads, NameTrouble, TunnelTrouble};

/// Why it does not run, and what to do.
pub const fn say_trouble(trouble: TunnelTrouble) -> (&'static str, &'static str) {
    match trouble {
        TunnelTrouble::NoTunDevice => (
            "この箱に、VPNの出入口（/dev/net/tun）がありません",
            "箱の担当者に、カーネルの tun モジュールを読み込むよう頼んでください（modprobe tun）。\
             コンテナのときは、--device /dev/net/tun を付けて起動します。",
        ),
        TunnelTrouble::TunNotPermitted => (
            "VPNの出入口（/dev/net/tun）を開く許可がありません",
            "箱の担当者に、/dev/net/tun を誰でも開けるよう頼んでください\
             （chmod 0666 /dev/net/tun、または udev の規則）。",
        ),
        TunnelTrouble::NoUserNamespaces => (
            "この箱では、VPN専用の区画を作ることが許されていません",
            "箱の担当者に、利用者の名前空間を許すよう頼んでください\
             （Ubuntuでは AppArmor の userns、ほかでは user.max_user_namespaces）。",
        ),
        TunnelTrouble::PortTaken => (
            "VPNのポートを、ほかのプログラムが使っています",
            "箱の担当者に、そのプログラムを止めるか、設定ファイルの［gateway］の port を変えるよう\
             頼んでください。port を変えると、端末の設定も作り直しになります。",
        ),
        TunnelTrouble::Config => (
            "設定ファイルの［gateway］に、使えない値があります",
            "箱の担当者に、下の「くわしく」を見せて、設定ファイルを直すよう頼んでください。",
        ),
        TunnelTrouble::Internal => (
            "VPNが止まりました",
            "箱を起動し直してください。続くときは、箱の担当者に下の「くわしく」を見せてください。",
        ),
    }
}

/// What of the names keeps devices out, and what to do.
pub const fn say_names(trouble: NameTrouble) -> (&'static str, &'static str) {
    match trouble {
        NameTrouble::OutsideOnly => (
            "いまの設定では、VPNを通ってつながる端末はありません",
            "製品の名前が1つで、箱の外のアドレスを指しているためです。VPNも使うときは、箱の担当者に、\
             設定ファイルの［gateway］に inside_name = true を書くよう頼んでください。",
        ),
        NameTrouble::InsideOnly => (
            "いまの設定では、VPNを通さない端末はつながりません",
            "製品の名前が1つで、VPNの中のアドレスを指しているためです。すべての施設が「VPNだけ」なら、\
             このままで正しい設定です。VPNを通さない端末もあるときは、箱の担当者に、設定ファイルの\
             ［gateway］に inside_name = true を書くよう頼んでください。",
        ),
        NameTrouble::SecondAstray => (
            "VPNの中の名前が、VPNの中のアドレスを指していません",
            "VPNをつないでも製品を開けません。箱の担当者に、下の表のとおりDNSの記録を直すよう\
             頼んでください。",
        ),
        NameTrouble::FirstInside => (
            "VPNを通さない端末は、つながりません",
            "インターネット用の名前が、VPNの中のアドレスを指しています。箱の担当者に、下の表のとおり\
             DNSの記録を直すよう頼んでください。",
        ),
        NameTrouble::Nowhere => (
            "製品の名前が、DNSに見つかりません",
            "端末は名前で製品を開きます。箱の担当者に、下の表の記録をDNSに作るよう頼んでください。\
             インターネットに名前を出さないときは、設定ファイルの［gateway］に dns = true と書きます。",
        ),
    }
}

/// Where a name has to lead; `None` where that is the council's choice.
pub const fn say_should(should: Option<Leads>) -> &'static str {
    match should {
        Some(Leads::Inside) => "VPNの中のアドレス",
        Some(Leads::Elsewhere | Leads::Nowhere) => "箱の外のアドレス",
        None => "箱の外か、VPNの中のどちらか一方",
    }
}

/// What a packet was refused for. A word that is not here stands as the gateway writes it.
pub fn say_drop(reason: &'static str) -> &'static str {
    match reason {
        "junk" | "malformed" => "形がおかしい",
        "bad-mac" => "この箱の公開鍵を知らない相手",
        "unknown-key" => "知らない鍵",
        "unknown-index" => "知らない通信の番号",
        "no-session" => "つながる前のもの",
        "replayed" => "同じものの送り直し",
        "forged" => "開けない（改ざんなど）",
        "stale-initiation" => "古い挨拶の送り直し",
        "clock-behind" => "時計が遅れた端末からの挨拶",
        "low-order" => "使えない鍵",
        "revoked" => "失効した鍵",
        "source-too-fast" => "同じ場所からの挨拶が多すぎる",
        "peer-too-fast" => "同じ端末からの挨拶が多すぎる",
        "overload" => "挨拶の待ち行列があふれた",
        "inner-source" => "ほかの端末になりすました送り元",
        "inner-destination" => "この箱以外への宛先",
        "inner-door" => "許していない種類",
        "inner-shape" => "分割されたもの・特別な形",
        "inner-malformed" => "中身の形がおかしい",
        "no-peer" => "宛先の端末がない",
        "not-connected" => "端末がつながっていない",
        "unsplittable" => "分けられない大きさ",
        "send-failed" => "外へ送れなかった",
        "tun-failed" => "中へ渡せなかった",
        "panicked" => "プログラムの誤り",
        other => other,
    }
}
