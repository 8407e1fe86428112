// Looks again by itself, and changes the part that waits only when its state is another: what is being read stays.
// The server says in the new part whether, and where, to look once more; without script the page reloads itself.
"use strict";

const EVERY = 5000;

async function look() {
  const part = document.querySelector("[data-again]");
  if (!part) return;
  try {
    const answer = await fetch(part.dataset.again, { headers: { Accept: "text/html" } });
    const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    if (!fresh) return;
    if (fresh.dataset.state !== part.dataset.state) {
      part.replaceChildren(...fresh.childNodes);
      part.dataset.state = fresh.dataset.state;
    }
    if (fresh.dataset.again) part.dataset.again = fresh.dataset.again;
    else delete part.dataset.again;
  } catch {
    // no way to the service at this moment: the next look may find one
  }
  setTimeout(look, EVERY);
}
setTimeout(look, EVERY);
