// Small improvements for every page; each page works without them.
"use strict";

// Buttons that only a script can serve are hidden until it runs.
for (const button of document.querySelectorAll(".needs-script")) button.hidden = false;

// A form is sent once; its button says that it is busy and keeps its words. (`data-repeat`: it leads to a download.)
for (const form of document.querySelectorAll("form:not([data-repeat])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
}
// Coming back by the back button, the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const busy of document.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
});

// Menus close on Escape and on a click elsewhere; the focus returns to what opened them.
const menus = document.querySelectorAll("details.pop");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});

// An ID number is shown in groups of 6, 8 and 4 once the field is left; the server reads any form.
function grouped(text) {
  const plain = text.normalize("NFKC").replace(/[\s\u2010-\u2015-]/g, "").toUpperCase();
  return /^\d{17}[\dX]$/.test(plain) ? `${plain.slice(0, 6)} ${plain.slice(6, 14)} ${plain.slice(14)}` : text;
}
for (const input of document.querySelectorAll("input.idno")) {
  input.addEventListener("blur", () => { input.value = grouped(input.value); });
}
