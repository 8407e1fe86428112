// Goes on when every portal's frame has answered, and after a few seconds whether or not they have.
// Not deferred: a frame that is quick must not answer before somebody listens.
"use strict";

const LONGEST = 5000; // milliseconds
let frames = null; // how many there are, once the page is read
let answered = 0;
let over = false;

function goOn() {
  if (over) return;
  over = true;
  document.getElementById("telling").hidden = true;
  document.getElementById("told").hidden = false;
  const onward = document.querySelector("a[data-onward]");
  if (onward) location.replace(onward.href);
}

function count(event) {
  if (event.target instanceof HTMLIFrameElement) answered += 1;
  if (frames !== null && answered >= frames) goOn();
}
document.addEventListener("load", count, true); // does not bubble, but is seen on its way down
document.addEventListener("error", count, true);
document.addEventListener("DOMContentLoaded", () => {
  frames = document.querySelectorAll("iframe").length;
  if (answered >= frames) goOn();
  setTimeout(goOn, LONGEST);
});
