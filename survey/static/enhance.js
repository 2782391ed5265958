// Enhancement only: every page works without this file.
"use strict";

function element(tag, values, role = "") {
  const made = Object.assign(document.createElement(tag), values);
  if (role) made.setAttribute("role", role);
  return made;
}

// Leave now: forget what was typed, blank the page, then replace this entry of the history.
// Three presses of Shift do the same.
function leave(link) {
  for (const form of document.forms) form.reset();
  document.title = "";
  document.documentElement.replaceChildren();
  location.replace(link.href);
}
const exits = document.querySelectorAll("a[data-exit]");
for (const link of exits) {
  link.addEventListener("click", (event) => { event.preventDefault(); leave(link); });
}
let shifts = 0, timer;
document.addEventListener("keyup", (event) => {
  if (event.key !== "Shift" || !exits.length) { shifts = 0; return; }
  clearTimeout(timer);
  timer = setTimeout(() => { shifts = 0; }, 2000);
  if (++shifts === 3) leave(exits[0]);
});

// A page kept in the browser's memory is hidden there, and asked for anew when somebody comes back.
addEventListener("pagehide", () => { document.documentElement.hidden = true; });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// What is no number arrives as nothing: so the browser says so. All else on a page is told by the server.
for (const form of document.forms) form.noValidate = true;
addEventListener("submit", (event) => {
  const bad = [...event.target.elements].find((box) => box.validity?.badInput);
  if (!bad || event.submitter?.formNoValidate) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  bad.reportValidity();
}, { capture: true });

// Every form of a study is sent at one length, so that a network which sees lengths learns no answer.
const whole = Number(document.body.dataset.post);
addEventListener("submit", ({ target: form, submitter }) => {
  if (!whole || !form.elements.pad) return;
  form.elements.pad.value = "";
  const data = new FormData(form), sent = new URLSearchParams();
  if (submitter?.name) data.append(submitter.name, submitter.value);
  // A form sends a line end as two characters.
  for (const [name, value] of data) sent.append(name, value.replace(/\r?\n|\r/g, "\r\n"));
  const over = sent.toString().length % whole;
  form.elements.pad.value = "0".repeat(over ? whole - over : 0);
});
document.getElementById("unscripted")?.remove();  // what a page says where this file does not run

// A shared device: warn when nobody touches the page, then go back to a fresh first page.
const kiosk = document.querySelector("aside[data-after]");
if (kiosk) {
  const { after, to, warning, title, lead, stay } = kiosk.dataset;
  const end = () => { for (const form of document.forms) form.reset(); location.replace(to); };
  let ending;
  const warn = () => {
    const box = element("div", { className: "note idle", ariaLabel: title }, "alertdialog");
    const button = element("button", { type: "button", className: "primary", textContent: stay });
    const before = document.activeElement;
    button.addEventListener("click", () => { box.remove(); before?.focus({ preventScroll: true }); wait(); });
    box.append(element("h2", { textContent: title }), element("p", { textContent: lead }), button);
    document.body.append(box);
    button.focus({ preventScroll: true });  // the page stays where it was read
    clearTimeout(ending);
    ending = setTimeout(end, warning * 1000);
  };
  const wait = () => {
    clearTimeout(ending);
    ending = setTimeout(warning ? warn : end, after * 1000);
  };
  if (warning) for (const event of ["input", "keydown", "pointerdown", "scroll"]) {
    addEventListener(event, () => { if (!document.querySelector(".idle")) wait(); }, { passive: true });
  }
  wait();
}

// Offline: keep the page with what was chosen on it, instead of the browser's own error.
addEventListener("submit", (event) => {
  if (navigator.onLine !== false) return;
  event.preventDefault();
  const said = document.getElementById("offline") ?? element("p", { id: "offline", className: "note" }, "alert");
  const ways = event.target.querySelector(".ways");
  if (ways) ways.before(said); else event.target.append(said);
  said.textContent = event.target.dataset.offline ?? "";
});

// Before consent nothing is kept on the server: what is missing is said here, and every tick stays.
function faulty(part) {
  const choice = part.querySelector("input[id]");
  const blamed = choice.type === "checkbox" ? choice : part;
  const said = element("p", { className: "error", id: `${choice.id}-error`, textContent: part.dataset.needed });
  const legend = part.querySelector("legend");
  if (legend) legend.after(said); else part.prepend(said);
  blamed.setAttribute("aria-invalid", "true");
  blamed.setAttribute("aria-describedby", said.id);
  return choice;
}
const entrance = document.querySelector("form[data-lead]");
entrance?.addEventListener("submit", (event) => {
  if (event.submitter?.formNoValidate) return;
  const parts = [...entrance.querySelectorAll("[data-needed]")];
  const missing = parts.filter((part) => !part.querySelector("label:not(.clear) input:checked"));
  if (!missing.length) return;
  event.preventDefault();
  document.getElementById("summary")?.remove();
  for (const part of parts) {
    part.querySelector(".error")?.remove();
    for (const blamed of [part, ...part.querySelectorAll("[aria-invalid]")]) {
      blamed.removeAttribute("aria-invalid");
      blamed.removeAttribute("aria-describedby");
    }
  }
  const [first] = missing.map(faulty);
  const summary = element("div", { className: "summary", id: "summary", tabIndex: -1 }, "alert");
  const link = element("a", { href: `#${first.id}`, textContent: entrance.dataset.lead });
  summary.append(element("h2", { textContent: entrance.dataset.title }), link);
  document.getElementById("main").prepend(summary);
  summary.focus();
});

// Before the answers end by themselves, say so while there is time to keep them.
const walk = document.querySelector("form[data-idle]");
if (walk) {
  const opened = Date.now(), { idle, notice, kept } = walk.dataset;
  const remind = () => {
    if (document.getElementById("kept") || Date.now() - opened < (idle - notice) * 1000) return;
    const said = element("p", { id: "kept", className: "note" }, "status");
    walk.querySelector(".ways").before(said);
    said.textContent = kept;
  };
  setTimeout(remind, (idle - notice) * 1000);
  document.addEventListener("visibilitychange", remind);  // timers rest while a phone sleeps
}

// Errors: move to the summary, so that it is read out first.
document.getElementById("summary")?.focus();

// A question that an answer opened on the same page: to the first of them.
if (!document.getElementById("summary")) document.querySelector("[data-new]")?.focus();

// An invitation after the # of a link: into its field and out of the address shown. The browser's
// history keeps the link as it was opened, which the page then says first.
const invitation = document.getElementById("invitation");
if (invitation && location.hash.length > 1 && location.hash !== "#invitation") {
  invitation.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  const linked = document.getElementById("linked");
  linked.className = "note";
  document.querySelector(".lead").after(linked);
}

// How many characters are left in a text, counted as the server does. Spoken at 100 and at 20 only,
// and when there are too many.
for (const area of document.querySelectorAll("textarea[data-limit]")) {
  const { limit, left, over } = area.dataset;
  area.removeAttribute("maxlength");  // a browser would cut a paste, and say nothing
  const count = element("p", { className: "small count" });
  const spoken = element("span", { className: "hidden" }, "status");
  area.after(count, spoken);
  let before = Infinity;
  const say = () => {
    const rest = limit - [...area.value.trim()].length;
    count.textContent = (rest < 0 ? over : left).replace("{}", Math.abs(rest));
    count.classList.toggle("over", rest < 0);
    const crossed = [100, 20, -1].some((mark) => rest <= mark && before > mark && before !== Infinity);
    if (crossed) spoken.textContent = count.textContent;
    before = rest;
  };
  area.addEventListener("input", say);
  say();
}

// A slider beside the number box. The box is the answer; the slider shows no place while it is empty.
function slide(box) {
  const { min, max, empty, clear } = box.dataset;
  const slider = element("input", { type: "range", min, max, step: 1 });
  slider.setAttribute("aria-label", box.closest("fieldset").querySelector("legend").textContent);
  const button = element("button", { type: "button", className: "link", textContent: clear });
  const show = () => {
    const typed = box.value.trim(), sound = /^\d+$/.test(typed) && +typed >= min && +typed <= max;
    slider.value = sound ? typed : (Number(min) + Number(max)) / 2;
    slider.classList.toggle("untouched", !sound);
    slider.setAttribute("aria-valuetext", sound ? typed : empty);
    button.hidden = !box.value;
  };
  const set = (value) => { box.value = value; box.dispatchEvent(new Event("input", { bubbles: true })); };
  // A click in the very middle moves nothing, so "input" alone would miss it.
  for (const event of ["input", "click"]) slider.addEventListener(event, () => set(slider.value));
  box.addEventListener("input", show);
  button.addEventListener("click", () => { set(""); box.focus(); });
  show();
  box.closest("p").before(slider);
  box.after(" ", button);
}
for (const box of document.querySelectorAll(".analogue .number")) slide(box);

// Typed and refused cannot both hold: the later act does. What was typed comes back with "Clear".
for (const box of document.querySelectorAll(".question .number, .question textarea")) {
  const radios = [...box.closest(".question").querySelectorAll(".apart [type=radio]")];
  const none = radios.find((radio) => radio.closest(".clear"));
  let typed = "";
  const put = (value) => { box.value = value; box.dispatchEvent(new Event("input", { bubbles: true })); };
  if (none) box.addEventListener("input", () => { if (box.value.trim()) none.checked = true; });
  for (const radio of radios) radio.addEventListener("change", () => {
    if (radio !== none && box.value) { typed = box.value; put(""); }
    else if (radio === none && typed && !box.value) { put(typed); typed = ""; }
  });
}

// "Prefer not to answer" and the like stand alone.
document.addEventListener("change", (event) => {
  const input = event.target, set = input.closest("fieldset");
  if (input.type !== "checkbox" || !set || !input.checked) return;
  const alone = input.hasAttribute("data-alone");
  for (const other of set.querySelectorAll("input[type=checkbox]")) {
    if (other !== input && (alone || other.hasAttribute("data-alone"))) other.checked = false;
  }
});

// The deletion code can be copied where the browser allows it.
const code = document.getElementById("thecode");
if (code && navigator.clipboard) {
  const { copy, copied, failed } = code.closest("p").dataset;
  const button = element("button", { type: "button", className: "secondary", textContent: copy });
  const said = element("span", {}, "status");
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(code.textContent).then(
      () => { said.textContent = copied; },
      () => { said.textContent = failed; },
    );
  });
  const line = element("p", { className: "box copy" });
  line.append(button, said);
  code.closest("p").after(line);
}

// Print everything, folded parts too.
const folded = new Set();
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details:not([open])")) { part.open = true; folded.add(part); }
});
addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
  folded.clear();
});
