// Sets the sample again a moment after the last key; without scripts the button does the same.
"use strict";

const editor = document.querySelector("form[data-live]");
const sample = document.querySelector("[data-sample]");
const fault = document.querySelector("[data-fault]");
const PAUSE = 700; // milliseconds
let waiting = 0;
let asked = 0;

async function show() {
  const turn = ++asked;
  try {
    const answer = await fetch(editor.dataset.live, { method: "POST", body: new URLSearchParams(new FormData(editor)) });
    const told = await answer.json();
    if (turn !== asked) return; // an older answer
    fault.textContent = told.error || "";
    if (told.picture) {
      sample.src = told.picture;
      sample.hidden = false;
    }
  } catch {
    // the button still works
  }
}

editor.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, PAUSE);
});
