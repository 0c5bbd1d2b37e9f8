//! The words of every step.

use super::{Age, Control, Guide, Picture, Step};

pub const fn step(
    title: &'static str,
    text: &'static str,
    file: &'static str,
    alt: &'static str,
) -> Step {
    Step { title, text, picture: Some(Picture { file, alt }), control: Control::None }
}

pub const fn with(control: Control, step: Step) -> Step {
    Step { control, ..step }
}

pub const fn bare(control: Control, title: &'static str, text: &'static str) -> Step {
    Step { title, text, picture: None, control }
}

pub fn name(guide: Guide) -> &'static str {
    match guide {
        Guide::Windows => "Windows（Edge・Chrome）",
        Guide::Ipad => "iPad・iPhone",
        Guide::Android => "Android",
        Guide::Mac => "Mac",
        Guide::Linux => "Linux（Chrome・Chromium）",
        Guide::Firefox => "Firefox（パソコン）",
    }
}

pub fn age(guide: Guide) -> Option<Age> {
    let (system, new, old, find) = match guide {
        Guide::Ipad => ("iPadOS・iOS", "18 以降", "17 以前", "設定 → 一般 → 情報"),
        Guide::Mac => ("macOS", "15 以降", "14 以前", "左上のりんごの印 → このMacについて"),
        Guide::Android => ("Android", "14 以降", "13 以前", "設定 → デバイス情報"),
        Guide::Windows | Guide::Linux | Guide::Firefox => return None,
    };
    Some(Age { system, new, old, find })
}

pub fn needs(guide: Guide) -> &'static [&'static str] {
    match guide {
        Guide::Windows => &[
            "Windows 11（またはWindows 10）のパソコン。ふだん使う人のサインインのまま始めます",
            "{network}のユーザーカード",
        ],
        Guide::Ipad => &[
            "iPadまたはiPhone。画面ロックのパスコードを知っている人が操作します",
            "かならず **Safari** を使います。ChromeやEdgeでは登録できません",
            "{network}のユーザーカード",
        ],
        Guide::Android => &[
            "Androidのタブレットかスマートフォンと、その **Chrome**",
            "画面ロック（PINやパターン）を設定してあること",
            "{network}のユーザーカード",
        ],
        Guide::Mac => &[
            "MacとSafari（またはChrome）。パソコンのパスワードを知っている人が操作します",
            "{network}のユーザーカード",
        ],
        Guide::Linux => &["Linuxのパソコンと、ChromeまたはChromium", "{network}のユーザーカード"],
        Guide::Firefox => &["Firefoxの入ったパソコン", "{network}のユーザーカード"],
    }
}

const DIGITS: Step = step(
    "6けたの番号を伝える",
    "画面に6けたの番号が出ます。事務室（または施設の管理者）に電話でこの番号を伝えます。\
     同じ番号を確かめて承認すると、画面が自動で次へ進みます。",
    "step-digits.svg",
    "画面に出た6けたの番号を、電話で事務室に伝えるところ",
);

const SCAN: &[Step] = &[
    step(
        "カードのQRコードを読む",
        "**カメラ** アプリをカードのQRコードに向け、出てきた **{host}** を押します。\
         カード番号と登録コードは自動で入ります。",
        "step-scan.svg",
        "カメラをカードのQRコードに向け、出てきたアドレスを押すところ",
    ),
    bare(
        Control::None,
        "端末の名前を付ける",
        "この端末の名前（例：訪問用 iPad 2号）を入れ、端末の種類を確かめて、\
         **登録を始める** を押します。",
    ),
    DIGITS,
];

const TYPE: &[Step] = &[
    step(
        "登録のページを開く",
        "ブラウザーの上の欄に **{host}/e** と入力して開きます。カードの **カード番号（8文字）** と \
         **登録コード（12文字）**、この端末の名前（例：受付のパソコン）を入れて、\
         **登録を始める** を押します。",
        "step-type.svg",
        "ブラウザーに登録のアドレスを入力し、カード番号と登録コードを入れるところ",
    ),
    DIGITS,
];

pub fn start(guide: Guide) -> &'static [Step] {
    match guide {
        Guide::Ipad | Guide::Android => SCAN,
        Guide::Windows | Guide::Mac | Guide::Linux | Guide::Firefox => TYPE,
    }
}

const PASSWORD: Step = bare(
    Control::Password,
    "証明書のパスワードを控える",
    "画面に出る16文字を、あとの手順で一度だけ使います。画面を開いたままにするか、書き写してください。",
);

const FILE: Step = with(
    Control::File,
    step(
        "証明書ファイルを受け取る",
        "受け取れるのは1回だけです。ボタンを押し、右上に出たファイルの **ファイルを開く** を押します。",
        "step-download.svg",
        "ブラウザーの右上に出たファイルを開くところ",
    ),
);

const FILE_TO_KEEP: Step = with(
    Control::File,
    step(
        "証明書ファイルを受け取る",
        "受け取れるのは1回だけです。ボタンを押すと、ファイルが「ダウンロード」に保存されます。",
        "step-download.svg",
        "ブラウザーの右上に、受け取ったファイルが出たところ",
    ),
);

const OPEN: Step = with(
    Control::Open,
    step(
        "{network}を開く",
        "証明書を選ぶ画面が出たら、{network}の証明書を選んで **OK** を押します。\
         「この端末はつながりました」と出たら、登録は終わりです。",
        "step-choose.svg",
        "証明書を選んで OK を押すところ",
    ),
);

const WINDOWS: &[Step] = &[
    with(
        Control::Script,
        step(
            "登録ファイルを受け取る",
            "ボタンを押します。右上に **tokinet-touroku.cmd** が出たら、**ファイルを開く** を押します。\
             **保存** を聞かれたときは、保存してから開きます。",
            "step-windows-save.svg",
            "Edgeの右上に出た tokinet-touroku.cmd の「ファイルを開く」を押すところ",
        ),
    ),
    step(
        "確認の画面で進む",
        "「WindowsによってPCが保護されました」と出たら、**詳細情報** を押してから **実行** を押します。\
         「発行元を確認できませんでした」と出たら、**実行** を押します。",
        "step-windows-protect.svg",
        "「WindowsによってPCが保護されました」の画面で、詳細情報、実行の順に押すところ",
    ),
    step(
        "終わるまで待つ",
        "文字だけの画面が開き、自動で進みます（30秒ほど）。**登録が終わりました** と出たら \
         **Enter** キーを押します。",
        "step-windows-script.svg",
        "文字だけの画面に「登録が終わりました」と出たところ",
    ),
    OPEN,
];

const WINDOWS_FILE: &[Step] = &[
    PASSWORD,
    FILE,
    step(
        "パスワードを入れる",
        "「証明書のインポート ウィザード」が開きます。**現在のユーザー** のまま **次へ** を2回押し、\
         パスワードを入れて **次へ**、**次へ**、**完了** と進みます。ほかの欄は変えません。",
        "step-windows.svg",
        "証明書のインポート ウィザードでパスワードを入れるところ",
    ),
    OPEN,
];

pub const IPAD_SETTINGS: Step = step(
    "設定アプリを開く",
    "ホーム画面の **設定** を開き、左上の **プロファイルがダウンロード済み** を押します。\
     数分のうちに行ってください。",
    "step-ipad-settings.svg",
    "設定アプリの「プロファイルがダウンロード済み」を押すところ",
);

pub const IPAD_INSTALL: Step = step(
    "インストールする",
    "右上の **インストール** を押し、iPad（iPhone）のパスコードを入れます。\
     もう一度 **インストール** を押し、最後に **完了** を押します。",
    "step-ipad-install.svg",
    "右上の「インストール」を押し、パスコードを入れるところ",
);

const IPAD: &[Step] = &[
    with(
        Control::Profile,
        step(
            "プロファイルを受け取る",
            "ボタンを押します。「構成プロファイルをダウンロードしようとしています」と出たら、\
             **許可** を押し、**閉じる** を押します。",
            "step-ipad-allow.svg",
            "確認の画面で「許可」を押すところ",
        ),
    ),
    IPAD_SETTINGS,
    IPAD_INSTALL,
    with(
        Control::Open,
        step(
            "ホーム画面から開く",
            "ホーム画面にできた **{network}** のアイコンを押します。",
            "step-ipad-home.svg",
            "ホーム画面に増えたアイコンを押すところ",
        ),
    ),
    step(
        "証明書を選ぶ（はじめの1回だけ）",
        "証明書を選ぶ画面が出たら、{network}の証明書を選んで **続ける** を押します。\
         「この端末はつながりました」と出たら、登録は終わりです。",
        "step-ipad-choose.svg",
        "証明書を選んで「続ける」を押すところ",
    ),
];

const IPAD_FILE: &[Step] = &[
    PASSWORD,
    with(
        Control::File,
        step(
            "証明書ファイルを受け取る",
            "受け取れるのは1回だけです。「構成プロファイルをダウンロードしようとしています」と出たら、\
             **許可** を押します。",
            "step-ipad-allow.svg",
            "確認の画面で「許可」を押すところ",
        ),
    ),
    step(
        "設定アプリで入れる",
        "**設定** を開き、**プロファイルがダウンロード済み** → **インストール** と進みます。\
         パスコードのあとに、証明書のパスワードを入れます。",
        "step-ipad-settings.svg",
        "設定アプリの「プロファイルがダウンロード済み」を押すところ",
    ),
    with(
        Control::Open,
        step(
            "Safariで{network}を開く",
            "証明書を選ぶ画面が出たら、{network}の証明書を選んで **続ける** を押します。",
            "step-ipad-choose.svg",
            "証明書を選んで「続ける」を押すところ",
        ),
    ),
];

const ANDROID: &[Step] = &[
    PASSWORD,
    with(
        Control::File,
        step(
            "証明書ファイルを受け取る",
            "受け取れるのは1回だけです。ボタンを押し、画面の下に **開く** と出たら押します。\
             出ないときは、画面の上から下へなぞり、届いたファイルを押します。",
            "step-android-file.svg",
            "画面の上から下へなぞり、届いた証明書ファイルを押すところ",
        ),
    ),
    step(
        "パスワードを入れる",
        "証明書のパスワードを入れて **OK** を押します。",
        "step-android.svg",
        "パスワードを入れて OK を押すところ",
    ),
    step(
        "使いみちを選ぶ",
        "**VPNとアプリユーザー証明書** を選んで **OK** を押します。名前はそのままで **OK** を押します。",
        "step-android-kind.svg",
        "「VPNとアプリユーザー証明書」を選ぶところ",
    ),
    with(
        Control::Open,
        step(
            "Chromeで{network}を開く",
            "「証明書の選択」が出たら、{network}の証明書を選んで **選択** を押します。\
             「この端末はつながりました」と出たら、登録は終わりです。",
            "step-android-choose.svg",
            "Chromeの「証明書の選択」で「選択」を押すところ",
        ),
    ),
];

pub const MAC_INSTALL: Step = step(
    "システム設定で入れる",
    "**システム設定** → **一般** → **デバイス管理**（macOS 14以前は **プライバシーとセキュリティ** \
     → **プロファイル**）を開き、プロファイルを2回続けて押します。**インストール** を押し、\
     Macのパスワードを入れます。",
    "step-mac-install.svg",
    "システム設定のデバイス管理で、プロファイルの「インストール」を押すところ",
);

const MAC: &[Step] = &[
    with(
        Control::Profile,
        step(
            "プロファイルを受け取る",
            "ボタンを押し、**許可** を押します。受け取ったファイルを「ダウンロード」から開きます。\
             右上に「プロファイルがダウンロードされました」と出ます。",
            "step-mac-profile.svg",
            "右上に「プロファイルがダウンロードされました」と出たところ",
        ),
    ),
    MAC_INSTALL,
    with(
        Control::Open,
        step(
            "{network}を開く",
            "証明書を選ぶ画面が出たら、{network}の証明書を選んで **続ける** を押します。\
             キーチェーンのパスワードを聞かれたら、Macのパスワードを入れて **常に許可** を押します。",
            "step-mac-choose.svg",
            "証明書を選んで「続ける」を押すところ",
        ),
    ),
];

const MAC_FILE: &[Step] = &[
    PASSWORD,
    FILE,
    step(
        "パスワードを入れる",
        "「キーチェーンアクセス」が開きます。**ログイン** に追加し、パスワードを入れて **OK** を押します。",
        "step-mac.svg",
        "キーチェーンアクセスでパスワードを入れるところ",
    ),
    with(
        Control::Open,
        step(
            "{network}を開く",
            "証明書を選ぶ画面が出たら、{network}の証明書を選んで **続ける** を押します。",
            "step-mac-choose.svg",
            "証明書を選んで「続ける」を押すところ",
        ),
    ),
];

const LINUX: &[Step] = &[
    PASSWORD,
    FILE_TO_KEEP,
    step(
        "ブラウザーに読み込む",
        "上の欄に **chrome://certificate-manager** と入力して開き、**自分の証明書** → \
         **インポート** を押して、受け取ったファイルを選びます。",
        "step-linux-import.svg",
        "証明書マネージャーの「自分の証明書」で「インポート」を押すところ",
    ),
    step(
        "パスワードを入れる",
        "証明書のパスワードを入れて **OK** を押します。",
        "step-linux-password.svg",
        "証明書のパスワードを入れて OK を押すところ",
    ),
    OPEN,
];

const LINUX_COMMAND: &[Step] = &[
    bare(
        Control::None,
        "コマンドで登録する",
        "新しいカードを用意し、端末で **tokinet enrol --host {host} --fingerprint …（カードの指紋） \
         --card …（カード番号） --name …（端末の名前）** を実行します。登録コードは \
         **TOKINET_CARD_SECRET**、証明書ファイルのパスワードは **TOKINET_P12_PASSWORD** に入れます。",
    ),
    bare(
        Control::None,
        "ブラウザーの証明書入れに読み込む",
        "**pk12util -d sql:$HOME/.pki/nssdb -i tokinet-device/device.p12** を実行し、\
         ブラウザーを開き直します。",
    ),
];

const FIREFOX: &[Step] = &[
    PASSWORD,
    FILE_TO_KEEP,
    step(
        "Firefoxの設定を開く",
        "右上の **≡** → **設定** → **プライバシーとセキュリティ** の順に押し、いちばん下の \
         **証明書を表示** を押します。",
        "step-firefox-settings.svg",
        "Firefoxの設定で「証明書を表示」を押すところ",
    ),
    step(
        "証明書を読み込む",
        "**あなたの証明書** の **読み込む** を押して、受け取ったファイルを選びます。\
         証明書のパスワードを入れて **ログイン**（または **OK**）を押します。",
        "step-firefox-import.svg",
        "証明書マネージャーの「あなたの証明書」で「読み込む」を押すところ",
    ),
    with(
        Control::Open,
        step(
            "{network}を開く",
            "「個人証明書の要求」が出たら、{network}の証明書のまま \
             **今後も同じ証明書を使用する** を選び、**OK** を押します。",
            "step-firefox-choose.svg",
            "「個人証明書の要求」で OK を押すところ",
        ),
    ),
];

pub fn first(guide: Guide) -> &'static [Step] {
    match guide {
        Guide::Windows => WINDOWS,
        Guide::Ipad => IPAD,
        Guide::Android => ANDROID,
        Guide::Mac => MAC,
        Guide::Linux => LINUX,
        Guide::Firefox => FIREFOX,
    }
}

pub fn second(guide: Guide) -> (&'static str, &'static [Step]) {
    match guide {
        Guide::Windows => ("証明書ファイルで登録する（Windows 10など）", WINDOWS_FILE),
        Guide::Ipad => ("証明書ファイルで登録する", IPAD_FILE),
        Guide::Mac => ("証明書ファイルで登録する", MAC_FILE),
        Guide::Linux => ("コマンドで登録する", LINUX_COMMAND),
        Guide::Android | Guide::Firefox => ("", &[]),
    }
}

const CLOSE: &str = "ブラウザーを **すべて閉じて** から開き直します。前に「キャンセル」を押すと、\
     閉じるまで証明書を選び直せません。";
const ADDRESS: &str = "アドレスは **https://{app}** です。ブラウザーの上の欄に入れて開きます。";
const CALL: &str = "それでもつながらないときは、事務室へお電話ください。";

pub fn help(guide: Guide) -> &'static [&'static str] {
    match guide {
        Guide::Windows => &[
            CLOSE,
            "証明書がいくつも出るときは、発行者が「Tokinet Device CA」のものを選びます。",
            "登録したときと **同じWindowsのサインイン** で使います。ほかの人のサインインには、\
             その人の登録が要ります。",
            ADDRESS,
            CALL,
        ],
        Guide::Ipad => &[
            "**Safari** で開きます。ほかのブラウザーには、証明書が見えません。",
            "Safariを **完全に閉じて** から開き直します（下から上へなぞって一覧を出し、Safariを上へ払う）。",
            "**設定** → **一般** → **VPNとデバイス管理** に{network}のプロファイルがあるか確かめます。\
             なければ、もう一度インストールします。",
            "「この接続ではプライバシーが保護されません」と出るときは、**設定** → **一般** → **情報** → \
             **証明書信頼設定** で{network}を入にします。",
            CALL,
        ],
        Guide::Android => &[
            "**Chrome** で開きます。",
            "Chromeをいったん終了します（一覧を出し、Chromeを上へ払う）。それから開き直し、\
             証明書を選んで **選択** を押します。「拒否」を押すと、終了するまで選び直せません。",
            "証明書を「Wi-Fi証明書」として入れたときは、使えません。\
             「VPNとアプリユーザー証明書」で入れ直すため、事務室へお電話ください。",
            ADDRESS,
            CALL,
        ],
        Guide::Mac => &[
            "SafariやChromeを **終了**（⌘Q）してから開き直します。窓を閉じるだけでは足りません。",
            "キーチェーンの確認には **常に許可** を押します。「拒否」を押したときは、開き直すともう一度出ます。",
            ADDRESS,
            CALL,
        ],
        Guide::Linux | Guide::Firefox => &[
            CLOSE,
            "証明書が **自分の（あなたの）証明書** の一覧にあるか確かめます。",
            ADDRESS,
            CALL,
        ],
    }
}
