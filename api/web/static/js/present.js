// The screen that shows a licence: counts the seconds, and loads the page again when the code changes or is read.
"use strict";

const stagePart = document.querySelector("[data-show]");
const shownAs = stagePart.dataset.state;
const period = Number(stagePart.dataset.period);
const ring = stagePart.querySelector(".run");
const number = stagePart.querySelector(".ring text");
const words = stagePart.querySelector("[data-seconds]");
let left = Number(stagePart.dataset.left);

function draw() {
  if (!ring) return;
  ring.setAttribute("stroke-dasharray", `${Math.max(0, (left / period) * 100)} 100`);
  number.textContent = String(left);
  words.textContent = words.dataset.seconds.replace("{}", String(left));
}

async function look() {
  const answer = await fetch(stagePart.dataset.show, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) return;
  const { state, seconds } = await answer.json();
  if (state !== shownAs || seconds > left + 3) window.location.reload();
}

window.setInterval(() => {
  if (left > 0) left -= 1;
  draw();
  if (shownAs === "open" && left <= 0) window.location.reload();
}, 1000);
if (shownAs !== "refused") {
  window.setInterval(() => { if (!document.hidden) look().catch(() => {}); }, 1500);
}
