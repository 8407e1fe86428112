// Passkeys (W3C WebAuthn): a form's options go to the authenticator, its answer goes into the form.
"use strict";

const octets = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const written = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const withIds = (list) => list.map((one) => ({ ...one, id: octets(one.id) }));

// The options as the server wrote them, with octets where the browser wants octets.
function read(text) {
  const options = JSON.parse(text);
  options.challenge = octets(options.challenge);
  if (options.user) options.user.id = octets(options.user.id);
  if (options.excludeCredentials) options.excludeCredentials = withIds(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = withIds(options.allowCredentials);
  return options;
}

// The credential as JSON, by hand: not every browser has `toJSON` yet.
function told(credential) {
  const { response } = credential;
  const said = { clientDataJSON: written(response.clientDataJSON) };
  if (response.attestationObject) {
    said.attestationObject = written(response.attestationObject);
    said.transports = response.getTransports?.() ?? [];
  } else {
    said.authenticatorData = written(response.authenticatorData);
    said.signature = written(response.signature);
    if (response.userHandle) said.userHandle = written(response.userHandle);
  }
  return JSON.stringify({ rawId: written(credential.rawId), type: credential.type, response: said });
}

let waiting = new AbortController();

async function ask(form, mediation) {
  waiting.abort();
  waiting = new AbortController();
  const publicKey = read(form.dataset.options);
  const wish = { publicKey, signal: waiting.signal };
  if (mediation) wish.mediation = mediation;
  const credential = await navigator.credentials[form.dataset.passkey](wish);
  form.elements.answer.value = told(credential);
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const line = form.querySelector(".passkey-said");
  const tell = (words) => {
    if (!line) return;
    line.querySelector("span").textContent = words;
    line.hidden = words === "";
  };
  if (!window.PublicKeyCredential) {
    tell(line?.dataset.unable ?? "");
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    continue;
  }
  if (form.dataset.mediation === "conditional") {
    // The browser offers passkeys in the field of the log-in page; nobody has to ask for them.
    PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => {
      if (can) ask(form, "conditional").catch(() => {});
    });
    continue;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell("");
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    ask(form).catch(() => {
      tell(line?.dataset.refused ?? "");
      button?.removeAttribute("aria-busy");
    });
  });
}
