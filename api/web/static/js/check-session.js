// The provider's frame of OpenID Connect Session Management 1.0 §3.2: tells a portal whether the session has changed.
// It answers the sender alone, about the sender's own origin, and holds nothing else.
"use strict";

const cookieName = document.documentElement.dataset.cookie;
const LONGEST = 512;

function browserState() {
  for (const pair of document.cookie.split("; ")) {
    if (pair.startsWith(`${cookieName}=`)) return pair.slice(cookieName.length + 1);
  }
  return null;
}

async function digest(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function judge(message, origin) {
  if (typeof message !== "string" || message.length > LONGEST) return "error";
  const [clientId, given, ...rest] = message.split(" ");
  const [, salt] = /^[0-9a-f]{64}\.([A-Za-z0-9_-]{1,64})$/.exec(given ?? "") ?? [];
  if (!clientId || !salt || rest.length) return "error";
  const state = browserState();
  // Our cookie is always there, also after a log-out. Where it is not, the browser keeps it from this frame, and
  // that must not pass for a log-out: the portal would ask us again and again.
  if (state === null) return "error";
  return given === `${await digest(`${clientId} ${origin} ${state} ${salt}`)}.${salt}` ? "unchanged" : "changed";
}

window.addEventListener("message", async (event) => {
  if (!event.source || event.source === window || !event.origin.startsWith("http")) return; // `null`: nobody to answer
  event.source.postMessage(await judge(event.data, event.origin), event.origin);
});
