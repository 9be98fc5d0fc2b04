// Shows what the host says: fetches fragments, puts them in place, sends what was asked for, follows what runs.
// Decides nothing: which buttons there are, what they send and what they say comes with the fragment.

import { listen } from "./events.js";
import { place } from "./place.js";
import { ask, language, token } from "./session.js";

const AGAIN_MS = 1000;
const REFRESH_MS = 5000;

const page = document.getElementById("page");
const dialog = document.getElementById("dialog");
const inside = document.getElementById("inside");
const notice = document.getElementById("gone");

let shown = ""; // The fragment that is shown.
let following = null; // What ends the stream that is followed.
let looking = null; // What ends the look that a dialog waits for.
let turn = 0; // Grows with each screen, so that a late answer is not shown.
let asking = 0; // The screen that is asked for and has not come.

// Only screens: whatever else an address says must not be fetched, let alone shown.
const SCREEN = /^\/(workloads|restores)\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

function view() {
  if (!token.get()) return "/page/login";
  const wanted = location.hash.slice(1);
  return "/page" + (SCREEN.test(wanted) ? wanted : "/workloads");
}

// Where it is heard: what lies outside of an open dialog is not.
function say(text) {
  document.getElementById(dialog.open ? "said-inside" : "said").textContent = text;
}

// HTML that this host made for the page. A document, or what something between here and the host says, is none.
async function fragment(response) {
  if (!response.headers.has("Reforge-Fragment")) throw new TypeError("not a part of this page");
  return response.text();
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Shows the screen of the address. With `arrive` it is a new one: the focus goes to its title.
async function show(arrive) {
  const mine = (turn += 1);
  asking = mine;
  let response;
  let html;
  try {
    response = await ask(view());
    html = await fragment(response);
  } catch {
    return gone(mine);
  } finally {
    if (asking === mine) asking = 0;
  }
  if (mine !== turn) return;
  if (response.status === 401) {
    token.forget();
    dialog.close();
  }
  notice.hidden = true;
  if (html === shown && !arrive) return;
  following?.abort();
  following = null;
  shown = html;
  place(page, html);
  const root = document.getElementById("view");
  document.title = root.dataset.title;
  document.documentElement.lang = root.lang;
  if (arrive) document.getElementById("title").focus();
  follow(mine);
}

// The host does not answer: says so, and shows how things are as soon as it does.
async function gone(mine) {
  notice.hidden = false;
  while (mine === turn) {
    await pause(AGAIN_MS);
    try {
      if (!(await ask("/readyz")).ok) continue;
      shown = "";
      return show(false);
    } catch {
      // Not yet.
    }
  }
}

// Follows a restore that runs until it is over. A browser opens six connections to a host, and each stream takes one of
// them: whoever does not look gives it back.
async function follow(mine) {
  const live = document.getElementById("live");
  if (!live || document.hidden) return;
  following = new AbortController();
  const { signal } = following;
  try {
    const response = await ask("/page" + live.dataset.events, { signal });
    if (response.ok) await listen(response, (name, data) => told(live, name, data));
  } catch {
    if (signal.aborted) return;
  }
  if (signal.aborted || mine !== turn) return;
  await pause(live.dataset.ended ? 0 : AGAIN_MS);
  if (mine !== turn) return;
  shown = "";
  await show(Boolean(live.dataset.ended));
  say(document.getElementById("outcome")?.textContent ?? "");
}

// What was missed meanwhile comes with the stream: it begins with how things are.
document.addEventListener("visibilitychange", () => {
  following?.abort();
  following = null;
  follow(turn);
});

function told(live, name, data) {
  if (name === "live") place(live, data);
  if (name === "said") say(data);
  if (name === "fixed") {
    const cancel = document.getElementById("cancel");
    const isHere = cancel !== null && cancel === document.activeElement;
    cancel?.remove();
    if (isHere) document.getElementById("title").focus();
  }
  if (name === "end") live.dataset.ended = "true";
}

// Sends what a button or a form stands for. What is turned down is told in `told`; what began is gone to with `follow`.
async function send(element) {
  const { post, body = "{}", confirm, busy, done, told = "told", follow: begins } = element.dataset;
  const button = element.matches("button") ? element : element.querySelector("button");
  if (button.getAttribute("aria-disabled")) return;
  const words = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = busy;
  say(busy);
  const answers = document.getElementById(told);
  place(answers, "");
  let again = false;
  try {
    const file = element.querySelector("input[type=file]")?.files[0];
    const response = await ask("/page" + post, { method: "POST", body: file ?? body, confirm });
    if (!response.ok) {
      const html = await fragment(response);
      place(answers.isConnected ? answers : document.getElementById("told"), html);
      say("");
      if (file) element.reset();
      again = true;
    } else if (begins !== undefined) {
      const { id } = await response.json();
      dialog.close();
      location.hash = `#/restores/${id}`;
    } else {
      if (element.closest("dialog")) dialog.close();
      say(done);
      if (!document.getElementById("live")) await show(false);
    }
  } catch {
    dialog.close();
    await gone(turn);
    again = true;
  }
  if (again && button.isConnected) {
    button.removeAttribute("aria-disabled");
    button.textContent = words;
  }
}

// Opens the dialog at once, and fills it when the host has looked.
async function open(button) {
  const { get, post, body, looking: words } = button.dataset;
  const wait = document.createElement("h2");
  wait.id = "dialog-title";
  wait.tabIndex = -1;
  wait.textContent = words;
  inside.replaceChildren(wait);
  dialog.showModal();
  say(words);
  looking?.abort();
  looking = new AbortController();
  const { signal } = looking;
  try {
    const response = await ask("/page" + (post ?? get), post ? { method: "POST", body, signal } : { signal });
    const html = await fragment(response);
    if (signal.aborted) return;
    place(inside, html);
    const first = dialog.querySelector("[autofocus]") ?? dialog.querySelector("button");
    first?.focus({ preventScroll: true });
    dialog.scrollTop = 0;
    say("");
  } catch {
    if (signal.aborted) return;
    dialog.close();
    await gone(turn);
  }
}

// Puts a part of the page where its button says, and goes there.
async function fill(button) {
  const { get, into, busy } = button.dataset;
  const room = document.getElementById(into);
  if (room.getAttribute("aria-busy")) return;
  room.setAttribute("aria-busy", "true");
  button.textContent = busy;
  say(busy);
  try {
    const html = await fragment(await ask("/page" + get));
    if (!room.isConnected) return;
    place(room, html);
    room.removeAttribute("aria-busy");
    room.querySelector("[tabindex]")?.focus();
    say("");
  } catch {
    dialog.close();
    await gone(turn);
  }
}

const acts = {
  language: (button) => {
    language.keep(button.dataset.language);
    shown = "";
    show(false);
  },
  leave: () => {
    token.forget();
    location.hash = "";
    show(true);
  },
  dialog: open,
  fill,
  close: () => dialog.querySelector("[aria-disabled]") || dialog.close(),
  send,
  login: (form) => {
    token.keep(form.elements.token.value.trim());
    show(true);
  },
};

// It comes late: the dialog may be open again, with another look.
dialog.addEventListener("close", () => {
  if (dialog.open) return;
  looking?.abort();
  inside.replaceChildren();
});

// What was asked for is answered where it was asked.
dialog.addEventListener("cancel", (event) => {
  if (dialog.querySelector("[aria-disabled]")) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) acts[button.dataset.act](button);
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const { act, name } = event.target.dataset;
  if (name === undefined || event.target.elements.name.value === name) acts[act](event.target);
});

// Only the workload's whole name enables the button.
document.addEventListener("input", (event) => {
  if (event.target.id !== "name") return;
  const { name } = event.target.form.dataset;
  const { value } = event.target;
  document.getElementById("do").disabled = value !== name;
  const wrong = document.getElementById("wrong");
  wrong.textContent = name.startsWith(value) ? "" : wrong.dataset.wrong;
});

window.addEventListener("hashchange", () => {
  if (dialog.open) dialog.close();
  show(true);
});

setInterval(() => {
  const chosen = [...document.querySelectorAll("input[type=file]")].some((field) => field.files.length > 0);
  const idle = !asking && !dialog.open && !document.hidden && !chosen && !document.querySelector("[aria-disabled]");
  if (idle && document.querySelector("#view[data-refresh]")) show(false);
}, REFRESH_MS);

show(false);
