//! What kind of machine asks, from what its browser says; the person may say otherwise.

use provisioning::devices::Platform;
use provisioning::enrolment::Form;

pub fn platform(user_agent: &str) -> Platform {
    let has = |word: &str| user_agent.contains(word);
    if has("iPad") || has("iPhone") {
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
}
