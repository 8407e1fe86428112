// Asking for a seal: the picture follows what is typed. Without this script a button does the same.
"use strict";

const form = document.getElementById("design");
const picture = document.getElementById("sketch");
const size = document.getElementById("sketch-size");
let waiting = 0;
let asked = 0;

async function look() {
  const turn = ++asked;
  const filled = new FormData(form);
  filled.delete("file"); // a scan is sent once, by its button
  const answer = await fetch("/office/seals/new/look", {
    method: "POST", body: filled, headers: { Accept: "application/json" },
  });
  if (turn !== asked || !answer.headers.get("content-type")?.startsWith("application/json")) return;
  const said = await answer.json();
  size.textContent = said.refused ?? said.size;
  if (!said.picture) return;
  picture.src = said.picture;
  picture.hidden = false;
}

function soon(event) {
  if (["reason", "file", "replaces"].includes(event.target.name)) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => look().catch(() => {}), 350);
}
form.addEventListener("input", soon);

form.elements.file.addEventListener("change", () => {
  if (form.elements.file.files.length === 0) return;
  form.requestSubmit(form.querySelector("button[formaction]"));
});
