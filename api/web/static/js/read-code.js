// The reader's page asks whether the holder has answered, and loads itself again when they have.
"use strict";

const waitingPart = document.querySelector("[data-waiting]");

async function askAgain() {
  const answer = await fetch(waitingPart.dataset.waiting, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.ok && (await answer.json()).state !== "waiting") window.location.reload();
}

if (waitingPart) window.setInterval(() => { if (!document.hidden) askAgain().catch(() => {}); }, 2000);
