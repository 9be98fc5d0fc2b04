// Puts fragments of this host into the page, and keeps the focus where it was.

import { language } from "./session.js";

// The one door through which text becomes elements.
const fragments = window.trustedTypes?.createPolicy("fragments", { createHTML: (html) => html });

export function place(into, html) {
  const focused = document.activeElement?.closest("#" + into.id) ? document.activeElement.id : "";
  const typed = focused && document.activeElement.type !== "file" && document.activeElement.value;
  into.innerHTML = fragments ? fragments.createHTML(html) : html;
  localise(into);
  const again = focused && document.getElementById(focused);
  if (again && into.contains(again)) {
    if (typed) again.value = typed;
    again.focus({ preventScroll: true });
  }
}

// Instants come in Greenwich's time; only the browser knows where it is.
function localise(root) {
  const tag = language.get() === "ru" ? "ru" : "en-GB";
  const format = new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.textContent;
      time.textContent = format.format(at);
    }
  }
}
