//! The words of the steps to the tunnel, for the screen and for paper.

use crate::touroku::guides::japanese::{
    IPAD_INSTALL, IPAD_SETTINGS, MAC_INSTALL, bare, step, with,
};
use crate::touroku::guides::{Control, Guide, Step};

const TUNNEL_APP: Step = step(
    "WireGuardアプリを入れる",
    "**App Store** で「**WireGuard**」をさがして入れます（無料）。竜の印の、WireGuard Development Team \
     のものです。",
    "step-tunnel-app.svg",
    "アプリのお店で WireGuard を見つけて入れるところ",
);

const TUNNEL_ON: Step = step(
    "VPNを入にする",
    "WireGuardの一覧で、入ったトンネルの **スイッチ** を入にします。\
     「VPN構成の追加」を聞かれたら **許可** を押します。",
    "step-tunnel-on.svg",
    "WireGuardの一覧で、トンネルのスイッチを入にするところ",
);

const TUNNEL_OPEN: Step = bare(
    Control::Open,
    "つながるか確かめる",
    "開いたページの「つながり方」に **VPN（WireGuard）** と出たら、終わりです。",
);

const WINDOWS_TUNNEL: &[Step] = &[
    bare(
        Control::None,
        "WireGuardを入れる",
        "**https://www.wireguard.com/install/** を開き、**Download Windows Installer** から入れます。\
         管理者の確認が出たら **はい** を押します。もう入っているときは、次へ進みます。",
    ),
    with(
        Control::TunnelZip,
        step(
            "VPNの設定を受け取る",
            "ボタンを押し、右上に出たZIPファイルを開いて、**すべて展開** を押します。",
            "step-tunnel-unpack.svg",
            "受け取ったZIPファイルを開き、「すべて展開」を押すところ",
        ),
    ),
    step(
        "設定ファイルを開く",
        "展開したフォルダーの **tokinet-vpn.cmd** を開きます。「WindowsによってPCが保護されました」と出たら \
         **詳細情報** → **実行**、管理者の確認には **はい** を押します。\
         **VPN の設定が終わりました** と出たら **Enter** キーを押します。",
        "step-tunnel-zip.svg",
        "展開したフォルダーの tokinet-vpn.cmd を開くところ",
    ),
    TUNNEL_OPEN,
];

const TUNNEL_NEWEST: Step = step(
    "WireGuardを開いて、VPNを入にする",
    "入れたあとに一度、**WireGuard** アプリを開き、トンネルの **スイッチ** を入にします。\
     一覧に2つあるときは、名前が **日付で始まる** ほうを入にします。",
    "step-tunnel-on.svg",
    "WireGuardの一覧で、トンネルのスイッチを入にするところ",
);

const IPAD_TUNNEL: &[Step] = &[
    TUNNEL_APP,
    with(
        Control::TunnelProfile,
        step(
            "VPNのプロファイルを受け取る",
            "ボタンを押します。「構成プロファイルをダウンロードしようとしています」と出たら、\
             **許可** を押し、**閉じる** を押します。登録のときにVPNも入れたiPad・iPhoneには、\
             もう入っています。そのときは、5.へ進みます。",
            "step-ipad-allow.svg",
            "確認の画面で「許可」を押すところ",
        ),
    ),
    IPAD_SETTINGS,
    IPAD_INSTALL,
    TUNNEL_NEWEST,
    TUNNEL_OPEN,
];

const ANDROID_TUNNEL: &[Step] = &[
    step(
        "WireGuardアプリを入れる",
        "**Playストア** で「**WireGuard**」をさがして入れます（無料）。",
        "step-tunnel-app.svg",
        "アプリのお店で WireGuard を見つけて入れるところ",
    ),
    with(
        Control::TunnelConf,
        step(
            "VPNの設定を受け取る",
            "ボタンを押すと、ファイルが「ダウンロード」に保存されます。WireGuardを開き、右下の **＋** → \
             **ファイルまたはアーカイブからインポート** を押して、そのファイルを選びます。",
            "step-tunnel-import.svg",
            "受け取った設定ファイルを、WireGuardで開くところ",
        ),
    ),
    step(
        "VPNを入にする",
        "一覧のトンネルの **スイッチ** を入にします。「接続リクエスト」には **OK** を押します。",
        "step-tunnel-on.svg",
        "WireGuardの一覧で、トンネルのスイッチを入にするところ",
    ),
    TUNNEL_OPEN,
];

const MAC_TUNNEL: &[Step] = &[
    TUNNEL_APP,
    with(
        Control::TunnelProfile,
        step(
            "VPNのプロファイルを受け取る",
            "ボタンを押し、**許可** を押します。受け取ったファイルを「ダウンロード」から開きます。\
             登録のときにVPNも入れたMacには、もう入っています。そのときは、4.へ進みます。",
            "step-mac-profile.svg",
            "右上に「プロファイルがダウンロードされました」と出たところ",
        ),
    ),
    MAC_INSTALL,
    TUNNEL_NEWEST,
    TUNNEL_OPEN,
];

const LINUX_TUNNEL: &[Step] = &[
    bare(
        Control::TunnelConf,
        "VPNの設定を受け取る",
        "ボタンを押すと、ファイルが「ダウンロード」に保存されます。",
    ),
    bare(
        Control::None,
        "設定を読み込む",
        "**nmcli connection import type wireguard file …（受け取ったファイル）** を実行します。\
         NetworkManagerがないときは、ファイルを **/etc/wireguard/** に置き、\
         **sudo wg-quick up …（ファイルの名前）** を実行します。",
    ),
    TUNNEL_OPEN,
];

const FIREFOX_TUNNEL: &[Step] = &[
    bare(
        Control::None,
        "WireGuardを入れる",
        "**https://www.wireguard.com/install/** から、このパソコンの種類のWireGuardを入れます。",
    ),
    with(
        Control::TunnelConf,
        step(
            "VPNの設定を受け取る",
            "ボタンを押します。WireGuardを開き、**ファイルからトンネルをインポート** を押して、\
             「ダウンロード」のファイルを選びます。",
            "step-tunnel-import.svg",
            "受け取った設定ファイルを、WireGuardで開くところ",
        ),
    ),
    TUNNEL_ON,
    TUNNEL_OPEN,
];

pub fn steps(guide: Guide) -> &'static [Step] {
    match guide {
        Guide::Windows => WINDOWS_TUNNEL,
        Guide::Ipad => IPAD_TUNNEL,
        Guide::Android => ANDROID_TUNNEL,
        Guide::Mac => MAC_TUNNEL,
        Guide::Linux => LINUX_TUNNEL,
        Guide::Firefox => FIREFOX_TUNNEL,
    }
}
