// Enhancement only: selected words go into the field below, and are replaced at one press.
"use strict";

const reading = document.getElementById("reading"), tokens = document.getElementById("tokens");
if (reading && tokens) {
  const button = document.createElement("button"), line = document.createElement("p");
  Object.assign(button, { type: "button", textContent: "Replace the selected words", disabled: true });
  line.append(button);
  reading.after(line);
  let chosen = "";

  // What is selected within the text, without the numbers of the marks.
  const selected = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return "";
    const range = selection.getRangeAt(0);
    if (!reading.contains(range.commonAncestorContainer)) return "";
    const part = range.cloneContents();
    for (const tag of part.querySelectorAll(".tag")) tag.remove();
    const inTag = range.startContainer.parentElement.closest(".tag");
    return inTag ? "" : part.textContent.trim();
  };
  document.addEventListener("selectionchange", () => {
    const now = selected();
    if (!now && document.activeElement === button) return;
    chosen = now;
    button.disabled = !chosen;
  });
  button.addEventListener("mousedown", (event) => event.preventDefault());  // or the selection goes
  button.addEventListener("click", () => {
    tokens.value = chosen;
    tokens.form.requestSubmit(tokens.form.querySelector("button[value=replace]"));
  });
}
