// Computes what a form asks for before one more try (see puzzle-worker.js); a form that is sent early waits for it.
"use strict";

for (const box of document.querySelectorAll("[data-puzzle-name]")) {
  const form = box.closest("form");
  const number = box.querySelector("input[name=puzzle_number]");
  const state = box.querySelector("[data-puzzle-state]");
  const worker = new Worker(box.dataset.puzzleWorker);
  let sent = false;

  const send = () => {
    if (form.reportValidity()) form.requestSubmit();
    sent = false;
  };
  // on its way down, before the page's own listener notes that the form was sent
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target !== form || number.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      sent = true;
      state.textContent = box.dataset.puzzleWaits;
    },
    true,
  );
  worker.addEventListener("message", (event) => {
    number.value = String(event.data);
    state.textContent = box.dataset.puzzleDone;
    box.dataset.puzzleSolved = "";
    worker.terminate();
    if (sent) send();
  });
  worker.addEventListener("error", () => {
    state.textContent = box.dataset.puzzleFailed;
  });
  state.textContent = box.dataset.puzzleWorks;
  state.hidden = false;
  worker.postMessage({ name: box.dataset.puzzleName, bits: Number(box.dataset.puzzleBits) });
}
