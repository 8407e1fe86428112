// Placing the seal: drag it, or move it by arrow keys (1 mm; Shift 10 mm). The form's numbers are the truth.
"use strict";

const sheet = document.getElementById("sheet");
const grip = document.getElementById("grip");
const form = document.getElementById("place");
const fields = { x: form.elements.x_mm, y: form.elements.y_mm };
const limits = { x: Number(sheet.dataset.width), y: Number(sheet.dataset.height) };

function clamp(axis, value) {
  return Math.min(limits[axis], Math.max(0, Math.round(value * 10) / 10));
}
function show(x, y) {
  grip.setAttribute("transform", `translate(${x} ${y})`);
  const words = form.dataset.words;
  document.getElementById("where").textContent = words
    .replace("{page}", form.elements.page.value).replace("{x}", x).replace("{y}", y);
}
function place(x, y) {
  const to = { x: String(clamp("x", x)), y: String(clamp("y", y)) };
  // Setting a value, even the same one, would undo the selection of somebody who is tabbing through the fields.
  for (const axis of ["x", "y"]) if (Number(fields[axis].value) !== Number(to[axis])) fields[axis].value = to[axis];
  show(fields.x.value, fields.y.value);
}
function now() {
  return { x: Number(fields.x.value) || 0, y: Number(fields.y.value) || 0 };
}

const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
grip.addEventListener("keydown", (event) => {
  const step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  const far = event.shiftKey ? 10 : 1;
  place(now().x + step[0] * far, now().y + step[1] * far);
});

function millimetres(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(sheet.getScreenCTM().inverse());
  return { x: point.x, y: point.y };
}
let held = null;
grip.addEventListener("pointerdown", (event) => {
  const at = millimetres(event);
  held = { x: at.x - now().x, y: at.y - now().y };
  grip.setPointerCapture(event.pointerId);
});
grip.addEventListener("pointermove", (event) => {
  if (!held) return;
  const at = millimetres(event);
  place(at.x - held.x, at.y - held.y);
});
for (const end of ["pointerup", "pointercancel"]) grip.addEventListener(end, () => { held = null; });
for (const field of Object.values(fields)) field.addEventListener("change", () => place(now().x, now().y));

// Going to another page keeps what was chosen.
for (const link of document.querySelectorAll("a.thumb")) {
  link.addEventListener("click", () => {
    const chosen = new URLSearchParams(new FormData(form));
    chosen.delete("csrf");
    chosen.set("page", link.dataset.page);
    link.href = `${form.action}?${chosen}`;
  });
}
// Another way of placing: what was found the former way is no longer what will happen.
for (const mode of form.querySelectorAll("input[name=mode], input[name=paging]")) {
  mode.addEventListener("change", () => {
    const way = form.elements.mode.value;
    grip.classList.toggle("away", way === "words" || way === "field");
    for (const seen of document.querySelectorAll(".seal-seen, .found, .mark-count")) seen.remove();
  });
}
for (const pick of form.querySelectorAll("input[name=seal]")) {
  pick.addEventListener("change", () => {
    for (const label of form.querySelectorAll(".pick")) label.classList.toggle("on", label.contains(pick) && pick.checked);
    grip.querySelector("image").setAttribute("href", pick.closest("label").querySelector("img").src);
  });
}
