//! A configuration profile as an iPad gets it, opened and checked by OpenSSL.

use super::openssl::OpenSsl;
use super::*;
use crate::mobileconfig::{
    AppleSystem, Content, Identity, OnDemand, Profile, Tunnel, WebClip, Whole,
};
use crate::tunnel::QuickConfig;

const PASSWORD: &str = "K7P2M9XQ4RTV6WYZ";
const ICON: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

const QUICK: &str = "[Interface]\n\
    PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n\
    Address = 100.80.0.2/32, fd00::2/128\n\
    MTU = 1280\n\n\
    [Peer]\n\
    PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n\
    PresharedKey = FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=\n\
    AllowedIPs = 100.80.0.1/32, fd00::1/128\n\
    Endpoint = vpn.tokinet.example:51820\n";

fn signed(authority: &Authority, content: &[u8]) -> Vec<u8> {
    let server = authority.issue_server(&["touroku.tokinet.example"], now()).unwrap();
    server.sign_file(content, now()).unwrap()
}

fn check() -> String {
    let at = now().as_second();
    format!(
        "cms -verify -inform DER -in signed -CAfile root.pem -attime {at} -purpose any -out content"
    )
}

#[test]
fn openssl_verifies_what_a_server_signed_and_gives_the_content_back() {
    let authority = authority();
    let openssl = OpenSsl::new();
    openssl.put_certificates("root.pem", &[authority.root_certificate()]);
    openssl.put("signed", &signed(&authority, b"<plist/>"));
    openssl.ok(&check());
    assert_eq!(openssl.read("content"), b"<plist/>");
    let text = openssl.ok("cms -cmsout -print -noout -inform DER -in signed");
    for part in
        ["contentType", "signingTime", "messageDigest", "sha256", "ecdsa-with-SHA256", "Server CA"]
    {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a_byte_changed_anywhere_breaks_the_signature() {
    let authority = authority();
    let openssl = OpenSsl::new();
    openssl.put_certificates("root.pem", &[authority.root_certificate()]);
    let content = b"<plist>a password</plist>";
    let whole = signed(&authority, content);
    let at = whole.windows(content.len()).position(|part| part == content).unwrap();
    for broken in [at, at + content.len() - 1, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[broken] ^= 1;
        openssl.put("signed", &bytes);
        openssl.refused(&check());
    }
    let other = super::authority();
    openssl.put("signed", &whole);
    openssl.put_certificates("root.pem", &[other.root_certificate()]);
    openssl.refused(&check());
}

#[test]
fn the_identity_inside_opens_with_the_password_inside() {
    let authority = authority();
    let (key, issued) = device(&authority, now());
    let chain = [issued.der, authority.device_ca.certificate.clone()];
    let openssl = OpenSsl::new();
    openssl.put_certificates("root.pem", &[authority.root_certificate()]);
    for (form, part) in [
        (Pkcs12Form::Aes256, "AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"),
        (Pkcs12Form::TripleDes, "pbeWithSHA1And3-KeyTripleDES-CBC"),
    ] {
        let packed = pkcs12(&key, &chain, PASSWORD, form, "device 42").unwrap();
        let profile = Profile {
            device: DEVICE_ID,
            domain: "tokinet.example",
            network: "Example Care Network",
            title: "Example Care Network",
            description: "",
            content: Content::Device(Whole {
                identity: Identity {
                    pkcs12: &packed,
                    password: PASSWORD,
                    title: "device 42",
                    file_name: "tokinet.p12",
                },
                web_clip: WebClip {
                    url: "https://app.tokinet.example/",
                    label: "Example",
                    icon: ICON,
                },
                root: Some(authority.root_certificate()),
                tunnel: Some(Tunnel {
                    system: AppleSystem::Ios,
                    name: "Example Care Network",
                    quick_config: QUICK,
                    server: "vpn.tokinet.example:51820",
                    on_demand: OnDemand::Always,
                }),
            }),
        };
        openssl.put("signed", &signed(&authority, &profile.plist().unwrap()));
        openssl.ok(&check());
        let content = String::from_utf8(openssl.read("content")).unwrap();
        openssl.put("device.p12", &data_after(&content, "com.apple.security.pkcs12"));
        openssl.put("password", string_of(&content, "Password").as_bytes());
        let text = openssl.ok("pkcs12 -in device.p12 -info -passin file:password -nodes");
        assert!(text.contains(part) && text.contains("BEGIN PRIVATE KEY"), "{text}");
        let tunnel: QuickConfig = string_of(&content, "WgQuickConfig").parse().unwrap();
        assert_eq!(&*tunnel.text(), QUICK, "an app reads what was written");
        let root = data_after(&content, "com.apple.security.root");
        assert_eq!(root, authority.root_certificate());
    }
}

/// By eye and hand, as another reader than the one that wrote it.
fn data_after(plist: &str, kind: &str) -> Vec<u8> {
    let dict = plist.split("<dict>").find(|dict| dict.contains(kind)).unwrap();
    let data = dict.split_once("<data>").unwrap().1.split_once("</data>").unwrap().0;
    let data: String = data.split_whitespace().collect();
    data_encoding::BASE64.decode(data.as_bytes()).unwrap()
}

fn string_of<'a>(plist: &'a str, key: &str) -> &'a str {
    let rest = plist.split_once(&format!("<key>{key}</key>")).unwrap().1;
    rest.split_once("<string>").unwrap().1.split_once("</string>").unwrap().0
}
