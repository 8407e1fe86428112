// Log-in: show the password on request; fill in a demo account.
"use strict";

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? button.dataset.off : button.dataset.on;
    button.setAttribute("aria-pressed", String(!shown));
  });
}
for (const button of document.querySelectorAll("[data-fill-identifier]")) {
  button.addEventListener("click", () => {
    document.getElementById("identifier").value = button.dataset.fillIdentifier;
    document.getElementById("password").value = button.dataset.fillPassword;
    document.querySelector("form button[type=submit]").focus();
  });
}
