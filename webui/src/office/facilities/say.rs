//! What the fields of a facility are called, beside what stands in them.

use provisioning::facilities::FacilityKind;

use super::model::Typed;
use crate::kit::japanese;
use crate::office::seen::{Now, differing};

pub fn now(is: Typed, typed: &Typed) -> Vec<Now> {
    let kind = |key: &str| FacilityKind::of_key(key).map_or("", japanese::facility_kind).to_owned();
    differing([
        ("医療機関コード", is.code, typed.code.clone()),
        ("施設の種別", kind(&is.kind), kind(&typed.kind)),
        ("施設名", is.name, typed.name.clone()),
        ("施設名のふりがな", is.kana, typed.kana.clone()),
        ("短い名前", is.short, typed.short.clone()),
        ("郵便番号", is.postal, typed.postal.clone()),
        ("住所", is.address, typed.address.clone()),
        ("電話番号", is.phone, typed.phone.clone()),
        ("FAX番号", is.fax, typed.fax.clone()),
    ])
}
