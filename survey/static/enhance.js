// Enhancement only: every page works without this file.
"use strict";

// Leave now: blank the page first, then replace this entry; three presses of Shift do the same.
function leave(link) {
  document.documentElement.replaceChildren();
  document.title = "";
  for (const form of document.forms) form.reset();
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

// Errors: move to the summary, so that it is read out first.
document.getElementById("summary")?.focus();

// How many characters are left in a text.
for (const area of document.querySelectorAll("textarea[maxlength]")) {
  const count = document.createElement("p");
  count.className = "small count";
  area.after(count);
  const say = () => { count.textContent = `${area.maxLength - area.value.length} characters left`; };
  area.addEventListener("input", say);
  say();
}

// A slider beside the number box; it says nothing until it is touched.
for (const box of document.querySelectorAll(".analogue input[type=number]")) {
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: box.min, max: box.max, step: 1 });
  slider.setAttribute("aria-label", box.closest("fieldset").querySelector("legend").textContent);
  slider.value = box.value || (Number(box.min) + Number(box.max)) / 2;
  slider.classList.toggle("untouched", !box.value);
  slider.addEventListener("input", () => { box.value = slider.value; clear(box); });
  slider.addEventListener("click", () => { box.value = slider.value; clear(box); });
  box.addEventListener("input", () => { if (box.value) slider.value = box.value; clear(box); });
  box.closest("p").before(slider);
}
function clear(box) {
  for (const radio of box.closest("fieldset").querySelectorAll(".missing input")) radio.checked = false;
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

// A half-typed page must not come back from the browser's memory after leaving.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
