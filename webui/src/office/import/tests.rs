//! Lists as the office sends them: whole, wrong in one place, and back again.

use provisioning::members::Member;
use provisioning::sheets::{self, Form};

use super::{Asker, Checked, Kind, NotTaken, Register, Tell, check, export, take};
use crate::kit::testing::{Net, Persona};

fn operator(net: &Net) -> Asker {
    Asker { clerk: None, today: net.app.today() }
}

fn look(net: &Net, text: &[u8]) -> Checked {
    let register = net.app.store.read(Register::read).unwrap();
    check(&sheets::read(text), &register, &operator(net), &Tell::nobody())
}

fn whole(net: &Net, bytes: &[u8]) -> Result<super::Taken, NotTaken> {
    let (clock, asker, sheet) = (net.app.store.clock().clone(), operator(net), sheets::read(bytes));
    let by = store::Act::new(store::Actor::System, "test", net.app.now());
    let store = net.app.store.clone();
    let run = move || {
        store.write_and_wait(by, move |write| {
            take(write, &clock, &sheet, &asker, None, &Tell::nobody())
        })
    };
    std::thread::spawn(run).join().unwrap()
}

fn counts(net: &Net) -> (usize, usize) {
    let register = net.app.store.read(Register::read).unwrap();
    (register.facilities.len(), register.members.len())
}

#[test]
fn what_is_given_out_is_taken_in_as_unchanged() {
    let net = Net::new();
    let register = net.app.store.read(Register::read).unwrap();
    for kind in [Kind::Facilities, Kind::Members] {
        for form in [Form::Utf8, Form::Cp932, Form::Xlsx] {
            let bytes = export(kind, &register, form).unwrap();
            let checked = look(&net, &bytes);
            assert_eq!(checked.mistakes, [], "{kind:?} {form:?}");
            assert_eq!((checked.kind, checked.unchanged), (kind, checked.rows));
            assert!(checked.new.is_empty() && checked.changed.is_empty());
        }
    }
}

#[test]
fn a_member_of_before_the_rule_comes_back_as_it_was_given_out() {
    let net = Net::new();
    // The first administrator is founded without a reading.
    let mut first = net.clerk.clone();
    first.details.name.family_kana = String::new();
    first.details.name.given_kana = String::new();
    crate::kit::testing::act(&net.app.store, move |write| write.put(&first).unwrap());
    let register = net.app.store.read(Register::read).unwrap();
    let checked = look(&net, &export(Kind::Members, &register, Form::Cp932).unwrap());
    assert_eq!((&checked.mistakes, checked.unchanged), (&Vec::new(), checked.rows));
}

#[test]
fn titles_jobs_and_days_are_read_as_people_write_them() {
    let net = Net::new();
    let code = net.clinic.code.as_str();
    let list = format!(
        "施設ｺｰﾄﾞ,ユーザーID,氏名,氏名ふりがな,職種,退職日,備考\n\
         {code},doctor,佐藤 次郎,さとう じろう,ドクター,R9.3.31,\n\
         {code},new.one,髙橋　花子,たかはし はなこ,ケアマネ,2027/3/31,x\n"
    );
    let checked = look(&net, list.as_bytes());
    assert_eq!(checked.mistakes, []);
    assert_eq!((checked.new.len(), checked.changed.len()), (1, 1));
    assert_eq!(checked.ignored, ["備考"]);
    let fields: Vec<_> = checked.changed[0].fields.iter().map(|field| field.field).collect();
    assert_eq!(fields, ["名", "メイ", "最終利用日"]);
    assert_eq!(whole(&net, list.as_bytes()).unwrap().new, 1);
    let doctor = net.app.store.read(|read| read.get::<Member>(&net.doctor.id)).unwrap().unwrap();
    assert_eq!(doctor.details.name.given_kana, "ジロウ");
    assert_eq!(doctor.details.roles, net.doctor.details.roles, "a column that is not there");
}

const JOBS: [&str; 6] = ["看護師", "医師", "介護支援専門員", "薬剤師", "事務職", "介護職員"];

/// A list of a real network's size; `seeded` replaces cells.
fn facilities_list() -> String {
    let mut list = "医療機関コード,種別,施設名,ふりがな,電話番号\r\n".to_owned();
    for number in 0..200 {
        list += &format!("{},診療所,第{number}医院,ダイ,025-000-{number:04}\r\n", code(number));
    }
    list
}

fn code(number: u32) -> String {
    let digits = format!("1519{number:05}");
    let digits: Vec<u8> = digits.bytes().map(|byte| byte - b'0').collect();
    let nine = digits.try_into().unwrap();
    provisioning::facilities::FacilityCode::with_check_digit(nine).as_str().to_owned()
}

fn member_rows() -> Vec<Vec<String>> {
    let head = "医療機関コード,利用者ID,姓,名,セイ,メイ,職種,役割,利用開始日,最終利用日";
    let mut rows = vec![head.split(',').map(str::to_owned).collect::<Vec<_>>()];
    for number in 0..5_000_u32 {
        let job = JOBS[usize::try_from(number).unwrap() % JOBS.len()];
        let row = [
            &*code(number % 200),
            &format!("m{number:05}"),
            "髙橋",
            &format!("花{number}"),
            "タカハシ",
            "ハナコ",
            job,
            "職員",
            "令和8年4月1日",
            "",
        ];
        rows.push(row.map(str::to_owned).to_vec());
    }
    rows
}

/// Forty mistakes of many kinds, each in a line of its own: column and cell.
fn seeds() -> Vec<(usize, &'static str, String)> {
    let long = "あ".repeat(21);
    let kinds: [(usize, &str); 20] = [
        (0, ""),
        (0, "12345"),
        (0, "151900000"),
        (0, "ABCDEFGHIJ"),
        (0, "9999999999"),
        (1, ""),
        (1, "たなか"),
        (1, "a-very-long-user-id-indeed"),
        (2, ""),
        (2, &long),
        (3, ""),
        (4, "高橋"),
        (5, ""),
        (6, "看護"),
        (6, ""),
        (7, "社長"),
        (8, "令和8年2月30日"),
        (9, "平成31年5月1日"),
        (9, "令和7年4月1日"),
        (2, "=cmd|' /C calc'!A0"),
    ];
    let columns = [
        "医療機関コード",
        "利用者ID",
        "姓",
        "名",
        "セイ",
        "メイ",
        "職種",
        "役割",
        "利用開始日",
        "最終利用日",
    ];
    let twice = kinds.iter().chain(&kinds);
    twice.map(|(at, cell)| (*at, columns[*at], (*cell).to_owned())).collect()
}

#[test]
fn a_real_list_with_forty_mistakes_names_each_line_and_changes_nothing() {
    let net = Net::new();
    let cp932 = |rows: &[Vec<String>]| sheets::write(rows, Form::Cp932).unwrap();
    assert_eq!(whole(&net, facilities_list().as_bytes()).unwrap().new, 200);
    let before = counts(&net);
    let mut wrong = member_rows();
    let mut expected = Vec::new();
    for (number, (at, column, cell)) in seeds().into_iter().enumerate() {
        let row = 7 + number * 123;
        wrong[row][at] = cell;
        expected.push((u64::try_from(row).unwrap() + 1, column));
    }
    let started = std::time::Instant::now();
    // A guard would make a formula harmless; the office's own program writes none.
    let bytes = cp932(&wrong);
    let unguarded = encode_plain(&wrong);
    let checked = look(&net, &unguarded);
    eprintln!("checked {} rows, {} bytes in {:?}", checked.rows, bytes.len(), started.elapsed());
    let found: Vec<_> =
        checked.mistakes.iter().map(|mistake| (mistake.line, mistake.column)).collect();
    assert_eq!(found, expected);
    assert!(matches!(whole(&net, &unguarded), Err(NotTaken::Wrong)));
    assert_eq!(counts(&net), before);
    let started = std::time::Instant::now();
    let taken = whole(&net, &cp932(&member_rows())).unwrap();
    eprintln!("took 5,000 members in {:?}", started.elapsed());
    assert_eq!((taken.new, taken.changed), (5_000, 0));
    assert_eq!(counts(&net), (before.0, before.1 + 5_000));
    assert_eq!(whole(&net, &cp932(&member_rows())).unwrap().unchanged, 5_000);
}

/// As another program would write it.
fn encode_plain(rows: &[Vec<String>]) -> Vec<u8> {
    let text: String = rows.iter().map(|row| row.join(",") + "\r\n").collect();
    let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lost);
    bytes.into_owned()
}

#[tokio::test]
async fn a_clerk_sees_what_comes_and_takes_in_exactly_that() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let list = "医療機関コード,種別,施設名,ふりがな\n1519000004,薬局,つばめ薬局,つばめやっきょく\n";
    let sent = clerk.upload("/office/import/files", "list.csv", list.as_bytes()).await;
    let page = clerk.get(&sent.location).await.body;
    assert!(page.contains("つばめ薬局") && page.contains("取り込む"), "{page}");
    let hidden = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (file, seal, state) = (hidden("file"), hidden("seal"), hidden("state"));
    let fields = [("file", &*file), ("seal", &*seal), ("state", &*state)];
    // Somebody registers the same code in between.
    let theirs = "医療機関コード,種別,施設名,ふりがな\n1519000004,薬局,別の薬局,べつのやっきょく\n";
    whole(&net, theirs.as_bytes()).unwrap();
    let late = clerk.post("/office/import/take", &fields).await;
    assert!(late.location.starts_with("/office/import/check"), "{}", late.location);
    let page = clerk.get(&late.location).await.body;
    assert!(page.contains("別の薬局 → <b>つばめ薬局"), "{page}");
    let forged = [("file", &*file), ("seal", "00"), ("state", &*state)];
    assert_eq!(clerk.post("/office/import/take", &forged).await.status.as_u16(), 409);
    let (_, rest) = page.split_once("name=\"state\" value=\"").unwrap();
    let state = rest.split('"').next().unwrap().to_owned();
    let fields = [("file", &*file), ("seal", &*seal), ("state", &*state)];
    let taken = clerk.post("/office/import/take", &fields).await;
    assert_eq!(taken.location, "/office/facilities");
    let list = clerk.get("/office/facilities?q=つばめ").await.body;
    assert!(list.contains("1519000004"), "{list}");
    let page = clerk.get("/office/export?kind=facilities&form=utf8").await;
    assert!(page.body.contains("つばめ薬局"));
}
