// Tells that there are new security events, a few times a minute and only while somebody looks; nothing moves by itself.
"use strict";

const live = document.querySelector("[data-live]");
const PAUSE = 10_000; // milliseconds

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(live.dataset.live, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { events } = await answer.json();
    const words = events === 1 ? live.dataset.one : live.dataset.many.replace("{n}", events);
    const link = live.querySelector("a");
    if (events && link.textContent !== words) {
      link.textContent = words;
      live.hidden = false;
    }
  } catch {
    // the next look may reach it
  }
}

setInterval(look, PAUSE);
document.addEventListener("visibilitychange", look);
