// The offline list of a shift (portal.md, section 8): it is kept in this browser; who came and went is noted in entries,
// each signed by the device's key and naming the one before it; with a network they are brought back. Which of them
// count, and with what times, activities decides. Every word is the page's.

const page = document.getElementById("offline");
const shift = location.pathname.split("/").pop();
const language = document.documentElement.lang;
const UNSYNCED = `linbang-unsynced-${shift}`; // linbang.js looks here before it lets anybody log out
const A_MINUTE = 60_000;
const A_BATCH = 200;
const PATIENCE_MS = 20_000;
const OFF_BY = 5 * A_MINUTE; // a clock that is further off is told of: activities marks what it notes
let database, list, entries = [];

// ---- the store: one list a shift, and its entries in the order of their chain

const finished = (request) => new Promise((good, bad) => {
  request.onsuccess = () => good(request.result);
  request.onerror = () => bad(request.error);
});
const ended = (transaction) => new Promise((good, bad) => {
  transaction.oncomplete = good;
  transaction.onabort = () => bad(transaction.error);
});
const chain = (of) => IDBKeyRange.bound([of, 0], [of, Infinity]);

function openDatabase() {
  const request = indexedDB.open("linbang-offline", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("lists", { keyPath: "shift" });
    request.result.createObjectStore("entries", { keyPath: ["shift", "sequence"] });
  };
  return finished(request);
}

// Another open page may have changed what is there.
async function read() {
  const stores = database.transaction(["lists", "entries"]);
  const requests = [stores.objectStore("lists").get(shift), stores.objectStore("entries").getAll(chain(shift))];
  const [kept, noted] = await Promise.all(requests.map(finished));
  entries = noted;
  if (kept?.signed === list?.signed) return;
  list = undefined;
  if (kept) list = { ...kept, content: await opened(kept.signed, kept.key) };
}

async function write(change) {
  const transaction = database.transaction(["lists", "entries"], "readwrite");
  change(transaction.objectStore("lists"), transaction.objectStore("entries"));
  await ended(transaction);
}

// A list is kept until a day after its shift; what nobody has synced stays until it is saved.
async function forgetExpired() {
  const stores = database.transaction(["lists", "entries"]);
  const [lists, noted] = await Promise.all(["lists", "entries"].map((name) => finished(stores.objectStore(name).getAll())));
  const over = lists.filter((one) => Date.parse(one.expires) < Date.now() && !noted.some((each) => each.shift === one.shift && isUnsynced(each)));
  await write((all, notes) => over.forEach((one) => { all.delete(one.shift); notes.delete(chain(one.shift)); }));
}

// ---- signatures: compact JWS, ES256

const bytesOf = (text) => new TextEncoder().encode(text);
const hashOf = (bytes) => crypto.subtle.digest("SHA-256", bytes);
const hexOf = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const encoded = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+/]/g, (sign) => ({ "+": "-", "/": "_" })[sign]).replace(/=/g, "");
const decoded = (text) => Uint8Array.from(atob(text.replace(/[-_]/g, (sign) => ({ "-": "+", _: "/" })[sign])), (one) => one.charCodeAt(0));
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

async function signed(content) {
  const said = `${encoded(bytesOf('{"alg":"ES256"}'))}.${encoded(bytesOf(JSON.stringify(content)))}`;
  return `${said}.${encoded(await crypto.subtle.sign(ES256, list.deviceKey, bytesOf(said)))}`;
}

// What a list says, where activities has signed it; an error where it has not.
async function opened(text, jwk) {
  const key = await crypto.subtle.importKey("jwk", jwk, CURVE, false, ["verify"]);
  const [head, content, signature] = text.split(".");
  if (!(await crypto.subtle.verify(ES256, key, decoded(signature), bytesOf(`${head}.${content}`)))) throw new SaidError("forged");
  return JSON.parse(new TextDecoder().decode(decoded(content)));
}

function uuid7(at) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 5, rest = at; place >= 0; place -= 1, rest = Math.floor(rest / 256)) bytes[place] = rest % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// ---- the server

// A fault that the page has words for, or the server.
class SaidError extends Error {
  constructor(name, text = page.dataset[name]) {
    super(text);
    this.name = name;
  }
}

async function send(what, body) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  let answer;
  try {
    answer = await fetch(`/staff/offline/${shift}/${what}`, {
      method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, redirect: "manual", signal: stop.signal,
    });
    if (answer.ok) return await answer.json();
  } catch {
    throw new SaidError("away");
  } finally {
    clearTimeout(timer);
  }
  if (answer.type === "opaqueredirect") throw new SaidError("loggedOut");
  if (answer.status >= 500) throw new SaidError("away");
  const problem = await answer.json().catch(() => ({}));
  throw new SaidError("refused", problem.faults?.[0]?.message ?? problem.detail ?? problem.title ?? page.dataset.failed);
}

async function keepThePage() {
  const registered = navigator.serviceWorker.register("/staff/offline/sw.js");
  const { installing, waiting, active } = await registered.catch(() => { throw new SaidError("away"); });
  const worker = installing ?? waiting ?? active;
  if (worker.state === "activated") return;
  await new Promise((good, bad) => worker.addEventListener("statechange", () => {
    if (worker.state === "activated") good();
    if (worker.state === "redundant") bad(new SaidError("away"));
  }));
}

async function download() {
  await keepThePage();
  navigator.storage?.persist?.().catch(() => {}); // asked for, not waited for: some browsers ask the person
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  const asked = Date.now();
  const given = await send("list", {
    device_key_jwk: await crypto.subtle.exportKey("jwk", pair.publicKey), device_time: new Date(asked).toISOString(),
  });
  const content = await opened(given.signed_list, given.key);
  if (content.shift_id !== shift || content.device_id !== given.device_id) throw new SaidError("forged");
  await write((lists, notes) => {
    notes.delete(chain(shift));
    lists.put({
      shift, signed: given.signed_list, key: given.key, deviceKey: pair.privateKey, expires: content.expires_at,
      offset: Date.parse(content.server_time) - asked,
    });
  });
}

// ---- entries

const isUnsynced = (entry) => entry.sign_up && !entry.verdict;
const mayChange = (entry) => !entry.verdict || entry.verdict.verdict === "waiting";

// One at a time, also of two open pages: each entry names the one before it.
function append(kind, signUp, told) {
  return navigator.locks.request("linbang-offline-chain", async () => {
    await read();
    if (signUp && entries.some((entry) => entry.sign_up === signUp && entry.kind === kind)) return;
    const at = Date.now();
    const before = entries.at(-1);
    const content = {
      id: uuid7(at), sequence: (before?.sequence ?? 0) + 1, previous: hexOf(await hashOf(bytesOf(before?.signed ?? list.signed))),
      kind, sign_up_id: signUp ?? null, device_time: new Date(at).toISOString(), ...(told ? { server_time: told } : {}),
    };
    const entry = { shift, sequence: content.sequence, kind, sign_up: signUp, at, signed: await signed(content) };
    await write((_, notes) => notes.add(entry));
  });
}

// The clock is read after what is to count and before it is brought: times in between follow from both readings.
function sync() {
  return navigator.locks.request("linbang-offline-sync", async () => {
    await read();
    const device = list.content.device_id;
    if (entries.some(isUnsynced)) await append("clock", undefined, (await send("entries", { device_id: device })).server_time);
    await read();
    const open = entries.some((entry) => entry.sign_up && mayChange(entry)) ? entries.filter(mayChange) : [];
    for (let first = 0; first < open.length; first += A_BATCH) {
      const batch = open.slice(first, first + A_BATCH);
      const { items } = await send("entries", { device_id: device, entries: batch.map((entry) => entry.signed) });
      await write((_, notes) => batch.forEach((entry, place) => notes.put({ ...entry, verdict: items[place] })));
    }
    return open.length;
  });
}

// Whoever brings the file has no reading of this device's clock: that there was none is noted, so that all before it counts.
async function saveFile() {
  if (entries.at(-1)?.kind !== "clock") await append("clock");
  await read();
  const listed = new Map(list.content.sign_ups.map((person) => [person.sign_up_id, person]));
  const shown = entries.map((entry) => ({
    name: listed.get(entry.sign_up)?.name_masked, number_last_four: listed.get(entry.sign_up)?.number_last_four,
    kind: entry.kind, about: new Date(entry.at + list.offset).toISOString(), signed: entry.signed,
  }));
  const file = new Blob([JSON.stringify({ shift_id: shift, device_id: list.content.device_id, signed_list: list.signed, entries: shown }, null, 1)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `linbang-${shift}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
  localStorage.setItem(UNSYNCED, "saved");
}

// ---- the page

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const parts = (name) => document.querySelectorAll(`[data-part="${name}"]`);
const filled = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);
const format = (options) => new Intl.DateTimeFormat(language, { timeZone: "Asia/Shanghai", hourCycle: "h23", ...options });
const clock = format({ hour: "2-digit", minute: "2-digit" });
const moment = format({ month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });

function say(text, kind = "") {
  for (const said of parts("said")) {
    said.textContent = said.closest("[hidden]") ? "" : text;
    said.className = `meta ${kind}`;
  }
}

function askToLogIn(isNeeded) {
  for (const link of parts("log-in")) link.hidden = !isNeeded;
}

// How somebody stands: what the list said, and what was noted since. A second entry of a kind is not made.
function standing(person) {
  const [came, left] = ["check_in", "check_out"].map((kind) => entries.find((entry) => entry.sign_up === person.sign_up_id && entry.kind === kind));
  const wasHere = person.state !== "confirmed";
  return { came, left, isIn: wasHere || Boolean(came), isOut: Boolean(left) || ["completed", "missing_check_out"].includes(person.state) };
}

const timeOf = (entry) => clock.format(entry.verdict?.counted_at ? Date.parse(entry.verdict.counted_at) : entry.at + list.offset);

function showPerson(row, person) {
  const { came, left, isIn, isOut } = standing(person);
  const both = [came, left].filter(Boolean);
  const has = (verdict) => both.some((entry) => entry.verdict?.verdict === verdict);
  const shown = {
    "check_in": !isIn,
    // A second tap in the same place is no check-out: that cannot be taken back without a network.
    "check_out": isIn && !isOut && !(came && Date.now() - came.at < A_MINUTE),
    in: isIn && !isOut, out: isOut, unsynced: both.some(isUnsynced), waiting: has("waiting"), superseded: has("superseded"), refused: has("refused"),
    confirm: both.some((entry) => entry.verdict?.to_confirm && entry.verdict.verdict === "accepted"),
  };
  for (const element of row.querySelectorAll("[data-if]")) element.hidden = !shown[element.dataset.if];
  row.querySelector("[data-times]").textContent = [came ? timeOf(came) : "", left ? timeOf(left) : ""].join(left ? " – " : "");
}

function makeRow(person) {
  const row = part("person").content.firstElementChild.cloneNode(true);
  row.dataset.id = person.sign_up_id;
  row.querySelector("[data-name]").textContent = person.name_masked ?? "—";
  for (const element of row.querySelectorAll("[data-four]")) element.textContent = person.number_last_four;
  return row;
}

function show() {
  const isThere = Boolean(list);
  part("download").hidden = isThere;
  part("list").hidden = !isThere;
  if (!isThere) return;
  const { content } = list;
  const unsynced = entries.filter(isUnsynced).length;
  if (!unsynced) localStorage.removeItem(UNSYNCED);
  else if (localStorage.getItem(UNSYNCED) !== "saved") localStorage.setItem(UNSYNCED, unsynced);
  part("unsynced").hidden = !unsynced;
  part("unsynced-text").textContent = filled(page.dataset.unsynced, { n: unsynced });
  part("synced").hidden = unsynced > 0;
  part("save").hidden = !unsynced;
  part("again").hidden = unsynced > 0;
  part("title").textContent = content.activity_title;
  part("span").textContent = moment.formatRange(Date.parse(content.starts_at), Date.parse(content.ends_at));
  part("kept").textContent = filled(page.dataset.kept, { from: moment.format(Date.parse(content.server_time)), until: moment.format(Date.parse(content.expires_at)) });
  part("clock").hidden = Math.abs(list.offset) <= OFF_BY;
  part("clock-text").textContent = filled(page.dataset.clock, { n: Math.round(Math.abs(list.offset) / A_MINUTE) });
  part("came").textContent = content.sign_ups.filter((person) => standing(person).isIn).length;
  part("of").textContent = content.sign_ups.length;
  if (part("people").childElementCount !== content.sign_ups.length) part("people").replaceChildren(...content.sign_ups.map(makeRow));
  content.sign_ups.forEach((person, place) => showPerson(part("people").children[place], person));
  const soon = entries.filter((entry) => entry.kind === "check_in" && Date.now() - entry.at < A_MINUTE).map((entry) => entry.at + A_MINUTE - Date.now());
  if (soon.length) setTimeout(show, Math.min(...soon));
  find();
}

// By the beginning of the name, by the last four digits, or by the whole number, which the list has as a salted hash.
async function find() {
  const typed = part("search").value.trim();
  const salt = Uint8Array.from(list.content.salt.match(/../g), (pair) => parseInt(pair, 16));
  const number = encoded(await hashOf(new Uint8Array([...salt, ...bytesOf(typed)])));
  let found = 0;
  list.content.sign_ups.forEach((person, place) => {
    const matches = person.name_masked?.startsWith(typed) || person.number_last_four.includes(typed) || person.number_hash === number;
    part("people").children[place].hidden = !matches;
    found += matches ? 1 : 0;
  });
  part("nobody").hidden = found > 0;
}

async function refresh() {
  await read();
  show();
}

// Do something that may fail, say what came of it, and show how things stand.
async function attempt(work, done) {
  let said = "", kind = "";
  const failed = (error) => {
    [said, kind] = [error instanceof SaidError ? error.message : page.dataset.failed, "fault"];
    askToLogIn(error.name === "loggedOut");
  };
  askToLogIn(false);
  await Promise.resolve().then(work).then((came) => { said = done?.(came) ?? ""; }, failed);
  await refresh().catch(failed);
  say(said, kind);
}

const syncNow = () => attempt(sync, (count) => page.dataset[count ? "syncedNow" : "nothingToSync"]);
const syncIfOpen = () => { if (list && entries.some((entry) => entry.sign_up && mayChange(entry))) syncNow(); };

function listen() {
  for (const name of ["get", "again"]) part(name).addEventListener("click", () => attempt(download, () => page.dataset.ready));
  part("sync").addEventListener("click", syncNow);
  part("save").addEventListener("click", () => attempt(saveFile, () => page.dataset.saved));
  part("search").addEventListener("input", find);
  part("people").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-if]");
    if (button) note(button);
  });
  addEventListener("online", syncIfOpen);
  addEventListener("hashchange", refuseLogOut);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) syncIfOpen(); });
}

async function note(button) {
  const row = button.closest("[data-id]");
  localStorage.removeItem(UNSYNCED); // what was saved is not all any more
  const who = row.querySelector("h3").textContent.trim();
  await attempt(() => append(button.dataset.if, row.dataset.id), () => filled(page.dataset.noted, { who, what: button.dataset.word }));
  (row.querySelector("button:not([hidden])") ?? row).focus();
}

// Where linbang.js has sent somebody who wanted to log out.
function refuseLogOut() {
  if (location.hash !== "#log-out") return;
  history.replaceState(null, "", location.pathname);
  say(page.dataset.logOut, "fault");
}

async function begin() {
  if (!(window.isSecureContext && window.indexedDB && navigator.serviceWorker && navigator.locks)) return;
  database = await openDatabase();
  database.onversionchange = () => database.close();
  for (const link of document.querySelectorAll("a[data-of-shift]")) link.href = filled(link.dataset.ofShift, { shift });
  document.getElementById("without").hidden = true;
  page.hidden = false;
  listen();
  await forgetExpired();
  await attempt(() => {});
  if (list) keepThePage().catch(() => {}); // a newer page, where there is a network
  if (location.hash === "#log-out") refuseLogOut();
  else syncIfOpen();
}

begin();
