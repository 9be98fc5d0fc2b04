// Who looks and in which language: both stay in this browser, and go with every request. Never shown, never in an address.

const TOKEN = "reforge-token";
const LANGUAGE = "reforge-language";

export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  keep: (text) => sessionStorage.setItem(TOKEN, text),
  forget: () => sessionStorage.removeItem(TOKEN),
};

export const language = {
  get: () => localStorage.getItem(LANGUAGE) ?? document.documentElement.lang,
  keep: (tag) => localStorage.setItem(LANGUAGE, tag),
};

// Asks this host. Throws only if it does not answer.
export function ask(path, { method = "GET", body, confirm, signal } = {}) {
  const headers = { "Accept-Language": language.get() };
  // A header holds no letter of every alphabet; a token has none of those.
  if (token.get()) headers.Authorization = `Bearer ${encodeURIComponent(token.get())}`;
  if (body !== undefined) headers["Content-Type"] = body instanceof File ? "application/gzip" : "application/json";
  if (confirm) headers["X-Confirm-Restore"] = confirm;
  return fetch(path, { method, headers, body, signal, cache: "no-store", credentials: "omit" });
}
