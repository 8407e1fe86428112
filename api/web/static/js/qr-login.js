// The screen of a QR log-in asks what became of its code, counts the seconds, and loads the page again on a change.
"use strict";

const screenPart = document.querySelector("[data-qr-state]");
const shownState = screenPart.dataset.qrState;
const counted = screenPart.querySelector(".counter-code .soft b");

async function look() {
  const answer = await fetch("/login/qr/state", { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) return;
  const { state, seconds } = await answer.json();
  if (state !== shownState) {
    window.location.replace("/login/qr/wait");
    return;
  }
  if (shownState === "waiting" && counted) counted.textContent = counted.textContent.replace(/\d+/, String(seconds));
}

if (shownState === "waiting" || shownState === "scanned") {
  window.setInterval(() => { if (!document.hidden) look().catch(() => {}); }, 1500);
}
