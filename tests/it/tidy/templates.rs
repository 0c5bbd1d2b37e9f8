//! Every template belongs to one page, and leaves style, script and escaping alone.

use super::tree::File;
use super::{check, offences};

const TEMPLATES: &str = "webui/src/";

/// Templates that no page and no other template names, such as one that a layer renders itself.
const WITHOUT_PAGE: &[&str] = &[];

/// Pages of no template: `try` shows them before there is a product to take a style from.
const SELF_CONTAINED: &[&str] =
    &["appliance/src/forward/choose.html", "appliance/src/forward/guest.html"];

#[test]
fn every_template_belongs_to_one_page() {
    let rule = |files: &[File]| homeless_templates(files, &[]);
    let page = r#"const TEMPLATE: &'static str = "mail/mail.html";"#;
    let frame = ("webui/src/kit/frame.html", "");
    let mail = ("webui/src/mail/mail.html", "{% extends \"kit/frame.html\" %}");
    let itself = ("webui/src/kit/parts.html", "{# Use me: import \"kit/parts.html\" #}");
    assert_eq!(offences(rule, &[itself]).len(), 1, "no page and no other template");
    assert_eq!(offences(rule, &[frame, mail]).len(), 1, "no page");
    assert_eq!(offences(rule, &[("webui/src/mail/pages.rs", page)]).len(), 1, "no template");
    let twice = format!("{page}\n{page}");
    assert_eq!(offences(rule, &[frame, mail, ("webui/src/a.rs", &twice)]).len(), 1, "two pages");
    assert!(offences(rule, &[frame, mail, ("webui/src/mail/pages.rs", page)]).is_empty());
    let listed = |files: &[File]| homeless_templates(files, &["kit/frame.html"]);
    assert!(offences(listed, &[frame]).is_empty());
    assert_eq!(offences(listed, &[]).len(), 1, "the list names what doesn't exist");
    check(|files| homeless_templates(files, WITHOUT_PAGE));
}

#[test]
fn templates_hold_neither_style_nor_script() {
    for bad in [
        "<p style=\"color: red\">",
        "<a\n  onclick='x()'>",
        "<script>x()</script>",
        "<script type=\"module\">x()</script>",
        "<style>p {}</style>",
        "{{ text|safe }}",
        "{{ text | safe }}",
        "{% autoescape false %}",
        "<a href=\"javascript:x()\">",
    ] {
        assert_eq!(offences(unsafe_templates, &[("a.html", bad)]).len(), 1, "{bad}");
    }
    let good = "<script type=\"module\" src=\"{{ x }}\"></script>\n{{ button(a, style=\"b\") }}\n\
                <p data-style=\"c\">{# a style=\"b\" #} {{ text|safely }}";
    assert!(offences(unsafe_templates, &[("a.html", good)]).is_empty());
    check(unsafe_templates);
}

fn homeless_templates(files: &[File], without_page: &[&str]) -> Vec<String> {
    let templates: Vec<_> = files
        .iter()
        .filter(|file| file.path.ends_with(".html"))
        .filter_map(|file| file.path.strip_prefix(TEMPLATES).map(|name| (file, name)))
        .collect();
    let pages = pages(files);
    let mut offences = Vec::new();
    for (file, name) in &templates {
        let named = pages.iter().filter(|(_, page)| page == name).count();
        let quoted = [format!("\"{name}\""), format!("'{name}'")];
        let mut others = templates.iter().filter(|(_, other)| other != name);
        let used = others
            .any(|(other, _)| quoted.iter().any(|quoted| other.text.contains(quoted.as_str())));
        if named > 1 || (named == 0 && !used && !without_page.contains(name)) {
            offences.push(file.offence(1, &format!("is the TEMPLATE of {named} pages")));
        }
    }
    let exists = |wanted: &str| templates.iter().any(|(_, name)| *name == wanted);
    let broken = pages.iter().filter(|(_, page)| !exists(page));
    offences.extend(broken.map(|(place, page)| format!("{place}: there is no {page}")));
    let gone = without_page.iter().filter(|name| !exists(name));
    offences.extend(gone.map(|name| format!("{TEMPLATES}{name}:1: is listed and doesn't exist")));
    offences
}

/// Where the `TEMPLATE` constants stand, and what they name.
fn pages(files: &[File]) -> Vec<(String, String)> {
    let rust = files.iter().filter(|file| file.is_rust() && file.path.starts_with(TEMPLATES));
    let mut pages = Vec::new();
    for file in rust.filter(|file| !file.is_test()) {
        for line in file.lines().iter().filter(|line| line.code.contains("const TEMPLATE:")) {
            let name = line.raw.split('"').nth(1).map(str::to_owned);
            pages.extend(name.map(|name| (format!("{}:{}", file.path, line.number), name)));
        }
    }
    pages
}

fn unsafe_templates(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    let pages = files.iter().filter(|file| file.path.ends_with(".html"));
    for file in pages.filter(|file| !SELF_CONTAINED.contains(&file.path.as_str())) {
        let markup = blank_between(&file.text, &[("{{", "}}"), ("{%", "%}"), ("{#", "#}")]);
        let lines = file.text.lines().zip(markup.lines()).enumerate();
        for (at, (raw, markup)) in lines {
            let found = escape_problem(raw).or_else(|| markup_problem(markup));
            offences.extend(found.map(|message| file.offence(at + 1, message)));
        }
    }
    offences
}

fn escape_problem(line: &str) -> Option<&'static str> {
    let filters = line.split('|').skip(1).map(str::trim_start);
    let mut names = filters.map(|text| text.split(|letter: char| !letter.is_alphanumeric()).next());
    if names.any(|name| name == Some("safe")) || line.contains("autoescape false") {
        return Some("output that isn't escaped");
    }
    None
}

fn markup_problem(line: &str) -> Option<&'static str> {
    let lower = line.to_lowercase();
    let mut attributes = lower.split_whitespace().filter_map(|word| word.split_once('='));
    if attributes.any(|(name, _)| name == "style" || is_event(name)) {
        return Some("an inline style or event handler");
    }
    let script = lower.contains("<script") && !lower.contains("src=");
    if script || lower.contains("<style") || lower.contains("javascript:") {
        return Some("an inline script or style sheet");
    }
    None
}

fn is_event(name: &str) -> bool {
    let event = name.strip_prefix("on").unwrap_or_default();
    event.len() > 2 && event.chars().all(|letter| letter.is_ascii_lowercase())
}

fn blank_between(text: &str, marks: &[(&str, &str)]) -> String {
    let mut markup = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let closing = marks.iter().find(|(open, _)| rest.starts_with(open)).map(|(_, end)| end);
        let Some(closing) = closing else {
            markup.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        };
        let end = rest.find(closing).map_or(rest.len(), |at| at + closing.len());
        let (dead, left) = rest.split_at(end);
        markup.extend(dead.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        rest = left;
    }
    markup
}
