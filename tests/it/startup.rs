//! A box on which the gateway cannot run, or not as it should, says so in its log and in
//! `tokinet status`, and serves all the same. What each system is told is the gateway's own test.

use std::net::{Ipv6Addr, UdpSocket};
use std::time::Duration;

use serde_json::Value;
use tests::network::poll;
use tests::program::{Appliance, Program};

/// As root of a namespace that ends with the program, which then has no right left.
const NO_RIGHTS: &str = "setpriv --bounding-set=-all --inh-caps=-all --no-new-privs";

/// Starts a network after `prepare`, and gives what its status says of the gateway, and its log.
async fn told(prepare: &str, port: u16) -> (Value, String) {
    let place = Appliance::init();
    let mut config = std::fs::read_to_string(place.config_file()).unwrap();
    config.push_str(&format!("\n[gateway]\non = true\nport = {port}\n"));
    std::fs::write(place.config_file(), config).unwrap();
    let script = format!("{prepare} exec {NO_RIGHTS} \"$@\"");
    let within = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc", &script, "sh"];
    let _program = Program::run_within(&place, &within);
    let asked = || {
        let mut status = place.ask(&["status"]);
        Some(status["gateway"].take()).filter(|gateway| gateway["state"] != "starting")
    };
    let gateway = poll(Duration::from_secs(30), asked).await.expect("it starts or fails");
    let log = std::fs::read_to_string(place.folder.path().join("log")).unwrap();
    (gateway, log)
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap().port()
}

async fn check_trouble(prepare: &str, port: u16, trouble: &str, detail: &str) {
    let (gateway, log) = told(prepare, port).await;
    assert_eq!((&gateway["state"], &gateway["trouble"]), (&"failed".into(), &trouble.into()));
    let said = gateway["detail"].as_str().unwrap();
    assert!(said.contains(detail) && said.contains(": "), "a remedy follows: {said}");
    let (problem, remedy) = said.split_once(": ").unwrap();
    assert!(log.contains(&format!("no tunnel, because {problem}")), "{log}");
    assert!(log.contains(remedy), "{log}");
}

#[tokio::test]
async fn what_keeps_the_gateway_from_starting_is_told() {
    let no_namespaces = "echo 0 > /proc/sys/user/max_user_namespaces;";
    let no_device = "mount -t tmpfs none /dev/net;";
    let foreign_device = "mount -t tmpfs none /dev/net; touch /dev/net/tun; chmod 0 /dev/net/tun;";
    for (prepare, trouble, detail) in [
        (no_namespaces, "no_user_namespaces", "max_user_namespaces is 0"),
        (no_device, "no_tun_device", "/dev/net/tun does not exist"),
        (foreign_device, "tun_not_permitted", "mode 0000"),
    ] {
        check_trouble(prepare, free_port(), trouble, detail).await;
    }
    let taken = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    check_trouble("", port, "port_taken", &format!("[::]:{port} is in use")).await;
}

#[tokio::test]
async fn what_the_gateway_does_without_is_told() {
    let (gateway, _) = told("", free_port()).await;
    assert_eq!(gateway["state"], "running", "{gateway}");
    let protect = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys;";
    let (gateway, log) = told(protect, free_port()).await;
    assert_eq!(gateway["state"], "running", "{gateway}");
    let warnings = gateway["warnings"].as_array().unwrap();
    let warning = warnings.iter().find_map(|one| one.as_str()).unwrap();
    assert!(log.contains("the tunnel runs, but ") && warning.contains(": "), "{warning}\n{log}");
    // What is missing, and what to do about it.
    assert!(warning.split(": ").all(|part| log.contains(part)), "{warning}\n{log}");
}
