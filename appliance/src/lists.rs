//! Lists of facilities and members at the console: the rules are those of the office's pages.

use anyhow::{anyhow, bail};
use provisioning::sheets::{self, Form};
use serde_json::{Value, json};
use store::{Act, Actor, Store, StoreError};
use webui::kit::japanese;
use webui::office::import::{
    Asker, Checked, Kind, Mistake, NotTaken, Register, Tell, check, export, say, take,
};

use crate::desk::Purpose;

/// What a list would do, and whether it was done.
pub fn import(
    store: &Store,
    kind: Kind,
    file: &str,
    purpose: Purpose,
    tell: &Tell,
) -> anyhow::Result<Value> {
    let bytes = data_encoding::BASE64.decode(file.as_bytes())?;
    let sheet = sheets::read(&bytes);
    // The operator is nobody's clerk, so that the first administrators can come by a list.
    let asker = Asker { clerk: None, today: japanese::today(store.clock().now()) };
    let checked = check(&sheet, &store.read(Register::read)?, &asker, tell);
    // A file that cannot be read is of no kind.
    if checked.kind != kind && checked.rows > 0 {
        bail!(say::other_kind(checked.kind));
    }
    if checked.is_wrong() || purpose == Purpose::Check {
        return Ok(told(&checked, false));
    }
    let (clock, state, tell) = (store.clock().clone(), checked.state(), tell.clone());
    let act = Act::new(Actor::Operator, "import.take", clock.now());
    let taken = store
        .write_and_wait(act, move |write| take(write, &clock, &sheet, &asker, Some(&state), &tell));
    match taken {
        Ok(_) => Ok(told(&checked, true)),
        Err(NotTaken::Wrong | NotTaken::Changed) => {
            bail!(say::CHANGED)
        }
        Err(problem) => Err(problem.into()),
    }
}

fn told(checked: &Checked, taken: bool) -> Value {
    let line = |mistake: &Mistake| {
        let Mistake { line, column, value, what } = mistake;
        let said = say::mistake(mistake);
        json!({ "line": line, "column": column, "value": value, "what": what, "said": said })
    };
    let lines = |mistakes: &[Mistake]| mistakes.iter().map(line).collect::<Value>();
    json!({
        "kind": checked.kind,
        "rows": checked.rows,
        "new": checked.new.len(),
        "changed": checked.changed.len(),
        "unchanged": checked.unchanged,
        "taken": taken,
        "mistakes": lines(&checked.mistakes),
        "doubts": lines(&checked.doubts),
        "ignored": checked.ignored,
    })
}

/// The register as a file, in base64.
pub fn give_out(store: &Store, kind: Kind, form: &str) -> anyhow::Result<Value> {
    let form = match form {
        "utf8" => Form::Utf8,
        "cp932" => Form::Cp932,
        "xlsx" => Form::Xlsx,
        _ => bail!("unknown form {form}: utf8, cp932 or xlsx"),
    };
    let action = match kind {
        Kind::Facilities => "facility.export",
        Kind::Members => "member.export",
    };
    let act = Act::new(Actor::Operator, action, store.clock().now());
    store.write_and_wait(act, |_| Ok::<_, StoreError>(()))?;
    let register = store.read(Register::read)?;
    let rows = match kind {
        Kind::Facilities => register.facilities.len(),
        Kind::Members => register.members.len(),
    };
    let bytes = export(kind, &register, form).map_err(|problem| anyhow!(problem))?;
    Ok(json!({ "rows": rows, "file": data_encoding::BASE64.encode(&bytes) }))
}
