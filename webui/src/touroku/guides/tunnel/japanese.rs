//! The words of the steps to the tunnel, for the screen and for paper.

use crate::touroku::guides::japanese::{bare, step, with};
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

const IPAD_TUNNEL: &[Step] = &[
    TUNNEL_APP,
    with(
        Control::TunnelConf,
        step(
            "VPNの設定を受け取る",
            "ボタンを押して **ダウンロード** を押します。Safariの上に出る **↓** からファイルを開き、\
             **共有** の印 → **WireGuard** を選びます。プロファイルで登録したiPad・iPhoneには、\
             もう入っています。そのときは、アプリを一度開いて次へ進みます。",
            "step-tunnel-import.svg",
            "受け取った設定ファイルを、WireGuardで開くところ",
        ),
    ),
    TUNNEL_ON,
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
        Control::TunnelConf,
        step(
            "VPNの設定を受け取る",
            "ボタンを押します。WireGuardを開き、**ファイルからトンネルをインポート** を押して、\
             「ダウンロード」のファイルを選びます。プロファイルで登録したMacには、もう入っています。",
            "step-tunnel-import.svg",
            "受け取った設定ファイルを、WireGuardで開くところ",
        ),
    ),
    TUNNEL_ON,
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
