// What people do with pages, in the words that stand on them.

/** Ends on whatever page the log-in leads to. */
export async function logIn(page, site, { facilityCode, userId, password }) {
  await page.goto(`${site}/login`);
  await page.getByLabel('医療機関コード', { exact: true }).fill(facilityCode);
  await page.getByLabel('利用者ID').fill(userId);
  await page.getByLabel('パスワード').fill(password);
  await page.getByRole('button', { name: 'ログインする' }).click();
  await page.waitForURL((url) => url.pathname !== '/login');
}

/** After the first log-in nothing else is shown. */
export async function choosePassword(page, initial, chosen) {
  await page.getByLabel('初期パスワード').fill(initial);
  await page.getByLabel('新しいパスワード', { exact: true }).fill(chosen);
  await page.getByLabel('新しいパスワード（もう一度）').fill(chosen);
  await page.getByRole('button', { name: 'パスワードを変更する' }).click();
  await page.waitForURL((url) => url.pathname !== '/me/password');
}

/** Answers the address of the facility's page. */
export async function registerFacility(page, site, { code, kind, name, kana }) {
  await page.goto(`${site}/office/facilities/new`);
  await page.getByLabel('医療機関コード').fill(code);
  await page.getByLabel('施設の種別').selectOption({ label: kind });
  await page.getByLabel('施設名', { exact: true }).fill(name);
  await page.getByLabel('施設名のふりがな').fill(kana);
  await page.getByLabel('住所', { exact: true }).fill('ひだまり市みどり町1-2-3');
  await page.getByLabel('電話番号').fill('000-0000-0000');
  await page.getByRole('button', { name: '施設を登録する' }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  return page.url();
}

export async function registerMember(page, facility, { family, given, kana, job, userId }) {
  await page.goto(`${facility}/members/new`);
  await page.getByLabel('姓', { exact: true }).fill(family);
  await page.getByLabel('名', { exact: true }).fill(given);
  await page.getByLabel('セイ').fill(kana[0]);
  await page.getByLabel('メイ').fill(kana[1]);
  await page.getByLabel('職種', { exact: true }).selectOption({ label: job });
  await page.getByLabel('利用者ID').fill(userId);
  await page.getByRole('button', { name: '職員を登録する' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/members/new'));
}

/** Cards for everybody of a facility, as `カード` or `手紙`; ends on the paper. */
export async function issueCards(page, facility, format) {
  await page.goto(facility);
  await page.getByLabel('全員を選ぶ').check();
  await page.locator('.segments label', { hasText: format }).click();
  await page.getByRole('button', { name: '選んだ職員のカードを発行する' }).click();
  await page.locator('[data-shown-once]').waitFor();
}

/** What somebody reads from one card of a sheet. */
export async function readCard(page, name) {
  const card = page.locator('.user-card, .card-letter').filter({ hasText: name });
  const [password] = await card.locator('.uc-password dd, .cl-password dd').allInnerTexts();
  const text = (await card.innerText()).replace(/\s+/g, ' ');
  return {
    facilityCode: text.match(/医療機関コード (\d{10})/)[1],
    userId: text.match(/利用者ID ([\w.]+)/)[1],
    password: password.replace(/\s+/g, '-'),
    number: text.match(/カード番号 ([0-9A-Z-]{9})/)[1],
    secret: text.match(/登録コード ([0-9A-Z-]{14})/)[1],
  };
}

/** A new device opens its card's address; answers the six digits that it shows. */
export async function askForDevice(page, address, name) {
  await page.goto(address);
  await page.getByText('カードを読み取りました').waitFor();
  await page.getByLabel('この端末の名前').fill(name);
  await page.getByRole('button', { name: '登録を始める' }).click();
  const digits = page.locator('.digits');
  await digits.waitFor();
  return (await digits.getAttribute('aria-label')).replace('確認番号 ', '');
}

/** The office compares the digits on the page that is open, and approves. */
export async function approve(page, digits) {
  const asked = page.locator('.approval', { has: page.getByLabel(`確認番号 ${digits}`) });
  await asked.waitFor();
  await asked.getByRole('button', { name: '承認する' }).click();
  await asked.waitFor({ state: 'detached' });
}

/** The approved device fetches its certificate into a file; answers the file's password. */
export async function takeCertificate(page, file) {
  await page.getByRole('heading', { name: '承認されました' }).waitFor();
  const password = (await page.locator('.secret span').allInnerTexts()).join('');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: '証明書を受け取る' }).click(),
  ]);
  await download.saveAs(file);
  return password;
}

/** Starts a mail to somebody who is found by a part of a name. */
export async function writeTo(page, site, part, name) {
  await page.goto(`${site}/mail/inbox`);
  await page.getByRole('button', { name: 'メールを書く' }).click();
  await page.getByLabel('宛先を検索').fill(part);
  await page.getByRole('button', { name: new RegExp(`宛先に追加.*${name}`) }).click();
  await page.locator('.to').getByText(name).waitFor();
}
