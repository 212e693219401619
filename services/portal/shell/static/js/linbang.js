// What pages can do beyond links and forms; every page works without it.

const live = () => document.getElementById("live");

// Who logs out leaves no offline list behind. What a device has not brought back yet (offline.js) keeps them here, unless
// it has been saved as a file.
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") !== "/log-out") return;
  const noted = Object.keys(localStorage).filter((key) => key.startsWith("linbang-unsynced-"));
  const unsynced = noted.find((key) => localStorage.getItem(key) !== "saved");
  if (!noted.length) indexedDB.deleteDatabase("linbang-offline");
  if (!unsynced) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  location.assign(`/staff/offline/${unsynced.replace("linbang-unsynced-", "")}#log-out`);
});

// A second tap while the first is under way sends nothing.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.target.dataset.again !== undefined) return;
  if (button.getAttribute("aria-disabled") === "true") { event.preventDefault(); return; }
  setTimeout(() => button.setAttribute("aria-disabled", "true"));
});
addEventListener("pageshow", () => {
  document.querySelectorAll('[aria-disabled="true"]').forEach((button) => button.removeAttribute("aria-disabled"));
});

// The list of faults gets the focus, so that it is read first.
const focusFaults = (within) => within.querySelector(".faults")?.focus();
addEventListener("DOMContentLoaded", () => focusFaults(document));

// After a part of the page has been replaced the focus stays where the work is.
document.addEventListener("htmx:load", (event) => {
  const fresh = event.detail.elt;
  if (fresh === document.body || document.activeElement !== document.body) return;
  const next = fresh.matches("[data-focus]") ? fresh : fresh.querySelector(".faults, [data-focus]");
  if (next) next.focus();
});
document.addEventListener("htmx:sendError", () => { if (live()) live().textContent = document.body.dataset.offline; });

// Filters act as soon as they are changed; without this their button does.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form) form.requestSubmit();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  if (button.dataset.do === "print") print();
  if (button.dataset.do === "read") readAloud(document.getElementById(button.getAttribute("aria-controls")), button);
  if (button.dataset.do === "full") document.documentElement.requestFullscreen?.();
});

function readAloud(text, button) {
  if (speechSynthesis.speaking) { speechSynthesis.cancel(); button.setAttribute("aria-pressed", "false"); return; }
  const speech = new SpeechSynthesisUtterance(text.innerText);
  speech.lang = document.documentElement.lang;
  speech.onend = () => button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", "true");
  speechSynthesis.speak(speech);
}
addEventListener("DOMContentLoaded", () => {
  if ("speechSynthesis" in window) document.querySelectorAll('[data-do="read"]').forEach((button) => { button.hidden = false; });
});

// What changes by itself: one stream for all that the page shows, and only while somebody looks at it.
const RETRY_MS = 3000;
let stream, following = "", told = 0;

function follow() {
  const names = [...new Set([...document.querySelectorAll("[data-live]")].map((each) => each.dataset.live))].sort();
  const wanted = document.hidden ? "" : names.join(" ");
  if (wanted === following && stream) return;
  stream?.close();
  stream = undefined;
  following = wanted;
  if (!wanted) return;
  const query = new URLSearchParams(names.map((name) => ["on", name]));
  query.set("age", Math.ceil((performance.now() - told) / 1000));
  const opened = stream = new EventSource(`/live?${query}`);
  opened.onmessage = (event) => { told = performance.now(); change(JSON.parse(event.data)); };
  opened.onerror = () => {
    if (opened !== stream || opened.readyState === EventSource.CLOSED) return;  // not to come again
    opened.close();
    following = "";
    setTimeout(() => { if (opened === stream) { stream = undefined; follow(); } }, RETRY_MS * (1 + Math.random()));
  };
}

function change({ name, html = {}, marks = {}, say }) {
  for (const [place, words] of Object.entries(html)) {
    document.querySelectorAll(`[data-show="${CSS.escape(place)}"]`).forEach((shown) => { shown.innerHTML = words; });
  }
  if (say && live()) live().textContent = say;
  document.querySelectorAll(`[data-live="${CSS.escape(name)}"][hx-trigger]`).forEach((part) => {
    const { mark, markOf } = part.dataset;
    if (mark !== undefined && mark === (marks[markOf] ?? mark)) return;  // counts alone have changed
    // Of the many who look or wait, not all ask in the same moment.
    setTimeout(askFor, mark !== undefined || name.startsWith("queue:") ? Math.random() * 1000 : 0, part);
  });
}

// A button that was pressed in it gets its answer first.
function askFor(part) {
  if (part.querySelector(".htmx-request")) { setTimeout(askFor, 200, part); return; }
  if (part.dataset.say && live()) live().textContent = part.dataset.say;
  part.dispatchEvent(new Event("live"));
}
addEventListener("pageshow", follow);
addEventListener("pagehide", () => { stream?.close(); stream = undefined; following = ""; });
document.addEventListener("visibilitychange", follow);
document.addEventListener("htmx:load", follow);
