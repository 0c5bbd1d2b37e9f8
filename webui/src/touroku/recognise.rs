//! What kind of machine asks, from what its browser says; the person may say otherwise.

use provisioning::devices::Platform;
use provisioning::enrolment::Form;

use super::guides::Guide;

pub fn platform(user_agent: &str) -> Platform {
    let has = |word: &str| user_agent.contains(word);
    // An iPad shows itself as a Macintosh, except in what only runs there.
    if has("iPad") || has("iPhone") || other_on_ipad(user_agent).is_some() {
        Platform::Ipad
    } else if has("Android") {
        Platform::Android
    } else if has("Windows") {
        Platform::Windows
    } else if has("Macintosh") {
        Platform::Mac
    } else {
        Platform::Linux
    }
}

/// The steps for what asks: its browser counts where it keeps certificates of its own.
pub fn guide(platform: Platform, user_agent: &str) -> Guide {
    match platform {
        Platform::Windows | Platform::Mac | Platform::Linux if user_agent.contains("Firefox/") => {
            Guide::Firefox
        }
        Platform::Windows
        | Platform::Ipad
        | Platform::Android
        | Platform::Mac
        | Platform::Linux => Guide::of_platform(platform),
    }
}

/// Browsers that run on an iPad and cannot see its certificates, by the word in their names.
const OTHERS_ON_IPAD: [(&str, &str); 5] = [
    ("CriOS/", "Chrome"),
    ("EdgiOS/", "Edge"),
    ("FxiOS/", "Firefox"),
    (" Line/", "LINE"),
    ("GSA/", "Google"),
];

/// The name of a browser that cannot enrol an iPad: Safari alone can.
pub fn not_safari(user_agent: &str) -> Option<&'static str> {
    let on_ipad = platform(user_agent) == Platform::Ipad;
    on_ipad.then(|| other_on_ipad(user_agent)).flatten()
}

fn other_on_ipad(user_agent: &str) -> Option<&'static str> {
    let apple = ["iPad", "iPhone", "Macintosh"].iter().any(|word| user_agent.contains(word));
    let found = OTHERS_ON_IPAD.iter().find(|(word, _)| user_agent.contains(word));
    found.filter(|_| apple).map(|(_, name)| *name)
}

/// Windows 11 counts from 13 in what Chromium's browsers say about it; `None` where they do not.
pub fn is_windows_10(platform_version: Option<&str>) -> Option<bool> {
    let version = platform_version?.trim_matches('"');
    let major: u32 = version.split('.').next()?.parse().ok()?;
    Some(major < 13)
}

/// The PKCS#12 form that the machine reads: AES where it can, 3DES where it must.
pub fn form(platform: Platform, user_agent: &str) -> Form {
    let old = match platform {
        // Apple reads AES from iPadOS 18 and macOS 15 on. Both call themselves a Macintosh when
        // they show the desktop's page, and tell their age as the version of Safari.
        Platform::Ipad => {
            let os = version_after(user_agent, "OS ").or_else(|| safari(user_agent));
            os.is_some_and(|major| major < 18)
        }
        Platform::Mac => safari(user_agent).is_some_and(|major| major < 18),
        Platform::Android => version_after(user_agent, "Android ").is_some_and(|major| major < 14),
        Platform::Windows | Platform::Linux => false,
    };
    if old { Form::Pkcs12Old } else { Form::Pkcs12 }
}

fn safari(user_agent: &str) -> Option<u32> {
    version_after(user_agent, "Version/")
}

fn version_after(user_agent: &str, word: &str) -> Option<u32> {
    let (_, rest) = user_agent.split_once(word)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IPAD_17: &str = "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) Version/17.6 Safari/604";
    const IPAD_18: &str = "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) Version/18.1 Safari/604";
    const DESKTOP_IPAD: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.5 \
        Safari/605";
    const ANDROID_13: &str = "Mozilla/5.0 (Linux; Android 13; SM-X200) Chrome/156 Safari/537";
    const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edg/156";

    #[test]
    fn old_tablets_get_the_old_form() {
        let check = |agent, platform, expected| assert_eq!(form(platform, agent), expected);
        check(IPAD_17, Platform::Ipad, Form::Pkcs12Old);
        check(IPAD_18, Platform::Ipad, Form::Pkcs12);
        check(DESKTOP_IPAD, Platform::Ipad, Form::Pkcs12Old);
        check(ANDROID_13, Platform::Android, Form::Pkcs12Old);
        check(WINDOWS, Platform::Windows, Form::Pkcs12);
    }

    #[test]
    fn platforms_are_recognised() {
        assert_eq!(platform(IPAD_18), Platform::Ipad);
        assert_eq!(platform(ANDROID_13), Platform::Android);
        assert_eq!(platform(WINDOWS), Platform::Windows);
    }
    const CHROME_ON_IPAD: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_4) \
        AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139 Version/11.1.1 Safari/605.1.15";
    const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 \
        Firefox/140.0";

    #[test]
    fn what_cannot_enrol_an_ipad_is_named() {
        assert_eq!(not_safari(CHROME_ON_IPAD), Some("Chrome"));
        assert_eq!(platform(CHROME_ON_IPAD), Platform::Ipad);
        assert_eq!(not_safari("Mozilla/5.0 (iPhone; CPU OS 18_1) Safari Line/15.1"), Some("LINE"));
        for good in [IPAD_17, IPAD_18, DESKTOP_IPAD, ANDROID_13, WINDOWS, FIREFOX] {
            assert_eq!(not_safari(good), None, "{good}");
        }
    }

    #[test]
    fn firefox_has_steps_of_its_own_on_a_pc_alone() {
        assert_eq!(guide(Platform::Windows, FIREFOX), Guide::Firefox);
        assert_eq!(guide(Platform::Windows, WINDOWS), Guide::Windows);
        let on_android = "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";
        assert_eq!(guide(Platform::Android, on_android), Guide::Android);
        assert_eq!(guide(Platform::Ipad, IPAD_18), Guide::Ipad);
    }

    #[test]
    fn windows_10_is_told_from_11_where_the_browser_says_so() {
        assert_eq!(is_windows_10(Some("\"10.0.0\"")), Some(true));
        assert_eq!(is_windows_10(Some("\"15.0.0\"")), Some(false));
        assert_eq!(is_windows_10(Some("?")), None);
        assert_eq!(is_windows_10(None), None);
    }
}
