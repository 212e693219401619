// The service worker of the offline list (ADR 0037): without a network it answers with the shell of the page and the
// page's files. It keeps nothing else, so no page of a person is ever in its store; names are in the list that
// offline.js keeps. Its place, /staff/offline/, is as far as it reaches.
//
// The server writes VERSION and FILES. The names of files hold the hashes of their contents, and the version is the hash
// of that list: what changes makes another text, which browsers notice, install beside this one and then change over to.

const VERSION = "{version}";
const FILES = "{files}";
const SHELL = `/staff/offline/shell/${VERSION}`;
const STORE = "linbang-offline-";
const PATIENCE_MS = 5000; // a network that answers no sooner is none: the shell does all that the page does

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (FILES.includes(new URL(request.url).pathname)) event.respondWith(file(request));
});

async function install() {
  const store = await caches.open(STORE + VERSION);
  await store.addAll([SHELL, ...FILES]); // all or nothing: half a page is none
  await self.skipWaiting();
}

async function activate() {
  const others = (await caches.keys()).filter((name) => name.startsWith(STORE) && name !== STORE + VERSION);
  await Promise.all(others.map((name) => caches.delete(name)));
  await self.clients.claim();
}

// The server's own page where there is a network, as it says who may look; else the shell.
async function page(event) {
  try {
    const answer = await Promise.race([fetch(event.request), tooLate()]);
    if (answer.status >= 500) throw new Error("away");
    if (answer.ok) event.waitUntil(renewShell());
    return answer;
  } catch {
    return (await kept(SHELL)) ?? Response.error();
  }
}

// The shell is in the language, the colours and the size of type that were chosen last. Where the server has another
// version by now it gives none: this one goes with these files.
async function renewShell() {
  try {
    const store = await caches.open(STORE + VERSION);
    await store.add(SHELL);
  } catch {
    // the one that is there is good
  }
}

async function file(request) {
  return (await kept(request.url)) ?? fetch(request);
}

async function kept(url) {
  const store = await caches.open(STORE + VERSION);
  return store.match(url, { ignoreVary: true });
}

function tooLate() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error("too late")), PATIENCE_MS);
  });
}
