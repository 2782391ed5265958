// Enhancement only: every page works without this file.
"use strict";

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

// A shared device: warn when nobody touches the page, then go back to a fresh first page.
const kiosk = document.querySelector("aside[data-after]");
if (kiosk) {
  const { after, to, warning, title, lead, stay } = kiosk.dataset;
  const end = () => { for (const form of document.forms) form.reset(); location.replace(to); };
  let ending;
  const warn = () => {
    const box = document.createElement("div"), heading = document.createElement("h2");
    const words = document.createElement("p"), button = document.createElement("button");
    box.className = "idle";
    box.setAttribute("role", "alertdialog");
    box.setAttribute("aria-label", title);
    heading.textContent = title;
    words.textContent = lead;
    Object.assign(button, { type: "button", className: "primary", textContent: stay });
    button.addEventListener("click", () => { box.remove(); wait(); });
    box.append(heading, words, button);
    document.body.append(box);
    button.focus();
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
  let said = document.getElementById("offline");
  if (!said) {
    said = document.createElement("p");
    Object.assign(said, { id: "offline", className: "note" });
    said.setAttribute("role", "alert");
    event.target.append(said);
  }
  said.textContent = "You seem to be offline. What you chose is still here. Try again when you are connected.";
});

// Errors: move to the summary, so that it is read out first.
document.getElementById("summary")?.focus();

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

// How many characters are left in a text.
for (const area of document.querySelectorAll("textarea[maxlength]")) {
  const count = document.createElement("p");
  count.className = "small count";
  area.after(count);
  const say = () => { count.textContent = `${area.maxLength - area.value.length} characters left`; };
  area.addEventListener("input", say);
  say();
}

// A slider beside the number box. The box is the answer; the slider shows no place while it is empty.
for (const box of document.querySelectorAll(".analogue [type=number]")) {
  const set = box.closest("fieldset"), refusals = set.querySelectorAll(".apart input");
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: box.min, max: box.max, step: 1 });
  slider.setAttribute("aria-label", set.querySelector("legend").textContent);
  const show = () => {
    slider.value = box.value || (Number(box.min) + Number(box.max)) / 2;
    slider.classList.toggle("untouched", !box.value);
    slider.setAttribute("aria-valuetext", box.value || "no answer yet");
  };
  const answered = () => {
    if (box.value) for (const radio of refusals) radio.checked = false;
    show();
  };
  // A click in the very middle moves nothing, so "input" alone would miss it.
  for (const event of ["input", "click"]) {
    slider.addEventListener(event, () => { box.value = slider.value; answered(); });
  }
  box.addEventListener("input", answered);
  for (const radio of refusals) radio.addEventListener("change", () => { box.value = ""; show(); });
  show();
  box.closest("p").before(slider);
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
  const button = document.createElement("button"), said = document.createElement("span");
  Object.assign(button, { type: "button", className: "secondary", textContent: "Copy the code" });
  said.setAttribute("role", "status");
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(code.textContent).then(
      () => { said.textContent = "Copied. Paste it somewhere only you can find it."; },
      () => { said.textContent = "This browser did not copy it. Please write it down."; },
    );
  });
  const line = document.createElement("p");
  line.className = "box copy";
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
