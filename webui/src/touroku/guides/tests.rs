//! The guides as a whole: no step without a picture that exists, nothing left unfilled.

use super::*;
use crate::kit::assets;

const ABOUT: About<'_> =
    About { network: "あおば*ネット", host: "touroku.aoba.example", app: "app.aoba.example" };

fn all() -> Vec<GuideWords> {
    Guide::ALL.into_iter().map(|guide| guide.words(ABOUT)).collect()
}

fn text(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect()
}

#[test]
fn every_picture_exists_and_says_what_it_shows() {
    let guides = all();
    let steps =
        guides.iter().flat_map(|guide| [&guide.start, &guide.first, &guide.second, &guide.tunnel]);
    let pictures: Vec<_> = steps.flatten().filter_map(|step| step.picture).collect();
    assert!(pictures.len() > 20, "{}", pictures.len());
    for picture in pictures {
        assert!(assets::path(picture.file).is_ok(), "{} is no asset", picture.file);
        assert!(picture.alt.chars().count() >= 8, "{} says too little", picture.file);
    }
}

#[test]
fn every_guide_hands_something_over_and_opens_the_product() {
    for guide in all() {
        let controls: Vec<_> = guide.first.iter().map(|step| step.control).collect();
        let hands = [Control::Script, Control::Profile, Control::File];
        assert_eq!(controls.iter().filter(|one| hands.contains(one)).count(), 1, "{}", guide.key);
        assert!(controls.contains(&Control::Open), "{}", guide.key);
        let file = controls.iter().position(|one| *one == Control::File);
        let password = controls.iter().position(|one| *one == Control::Password);
        assert!(file.is_none() || password < file, "{}: the password comes first", guide.key);
        assert!(guide.help.len() >= 3 && guide.needs.len() >= 2, "{}", guide.key);
    }
}

#[test]
fn every_guide_leads_to_the_tunnel_and_tries_it() {
    for guide in all() {
        let controls: Vec<_> = guide.tunnel.iter().map(|step| step.control).collect();
        let hands = [Control::TunnelConf, Control::TunnelProfile, Control::TunnelZip];
        assert_eq!(controls.iter().filter(|one| hands.contains(one)).count(), 1, "{}", guide.key);
        assert_eq!(controls.last(), Some(&Control::Open), "{}", guide.key);
    }
}

#[test]
fn names_are_put_in_and_what_is_on_the_screen_is_bold() {
    for guide in all() {
        let lines = guide.needs.iter().chain(&guide.help).map(|line| text(line));
        let steps =
            [&guide.start, &guide.first, &guide.second, &guide.tunnel].into_iter().flatten();
        let all = steps.map(|step| format!("{}{}", step.title, text(&step.text))).chain(lines);
        for line in all {
            assert!(!line.contains(['{', '}']) && !line.contains("**"), "{line}");
        }
    }
    let found = words("a **b** {network}", ABOUT);
    let word = |text: &str, bold| Word { text: text.to_owned(), bold };
    assert_eq!(found, [word("a ", false), word("b", true), word(" あおば*ネット", false)]);
}

#[test]
fn a_guide_is_found_by_its_key() {
    for guide in Guide::ALL {
        assert_eq!(Guide::of_key(guide.key()), Some(guide));
    }
    assert_eq!(Guide::of_key("os/2"), None);
}
