// Asks the browser for a passkey where a page wants one: forms with data-passkey="get" (sign in, end the second factor) or "create" (add
// one), and buttons in data-passkey="prove", with which somebody proves who they are in the place of the password. The site works without
// this file; without passkeys in the browser it shows nothing.
"use strict";
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // What went wrong, in words; browsers give names.
  const words = (wrong) => {
    if (wrong.name === "NotAllowedError") return "No passkey was used: it was called off, took too long, or there is none for this site.";
    if (wrong.name === "InvalidStateError") return "There is a passkey for your account on this device already.";
    if (wrong.name === "ConstraintError" || wrong.name === "NotSupportedError")
      return "This device cannot keep such a passkey. Try another one, or a security key with a PIN.";
    if (wrong.name === "SecurityError") return "The browser allows no passkeys at this address.";
    return wrong.said || "The passkey could not be used. Check your connection and try again.";
  };

  // Sends the fields; gives the answer, or throws what the site said was wrong.
  const send = async (path, fields) => {
    const answer = await fetch(path, { method: "POST", headers: { Accept: "application/json" }, body: fields });
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    const { wrong } = await answer.json();
    throw { said: wrong.charAt(0).toUpperCase() + wrong.slice(1) + "." };
  };

  // Has an authenticator answer what the site asks; gives the answer as the site reads it.
  const ask = async (kind, options) => {
    const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    if (kind === "create") {
      publicKey.user = { ...options.user, id: bytes(options.user.id) };
      publicKey.excludeCredentials = known(options.excludeCredentials);
    } else {
      publicKey.allowCredentials = known(options.allowCredentials);
    }
    const made = await navigator.credentials[kind]({ publicKey });
    const response = { clientDataJSON: text(made.response.clientDataJSON) };
    if (kind === "create") {
      response.attestationObject = text(made.response.attestationObject);
    } else {
      response.authenticatorData = text(made.response.authenticatorData);
      response.signature = text(made.response.signature);
      if (made.response.userHandle) response.userHandle = text(made.response.userHandle);
    }
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
  };

  // Does something for a form; what goes wrong is said at its end. Pressed again meanwhile, it does nothing.
  const attempt = async (form, work) => {
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    form.querySelector("[role=alert]")?.remove();
    try {
      await work();
    } catch (wrong) {
      const said = document.createElement("p");
      said.className = "form-error";
      said.setAttribute("role", "alert");
      form.append(said);
      said.textContent = words(wrong);
    }
    delete form.dataset.busy;
  };

  for (const none of document.querySelectorAll("[data-passkey=none]")) none.hidden = true;

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(form, async () => {
        const kind = form.dataset.passkey;
        const options = await send(form.getAttribute("action") + "/begin", new URLSearchParams(new FormData(form)));
        form.elements.answer.value = await ask(kind, options);
        form.submit();
      });
    });
  }

  // One proof is good for all forms of the page: their password fields go, and the person presses the button that they want.
  const places = document.querySelectorAll("[data-passkey=prove]");
  const proven = (here) => {
    for (const place of places) {
      place.closest("form").elements.proof?.closest("label").remove();
      place.hidden = place !== here;
    }
    here.setAttribute("role", "status");
    here.tabIndex = -1;
    here.textContent = "Your passkey has shown that it is you. Go on with the form.";
    here.focus();
  };

  for (const place of places) {
    place.hidden = false;
    place.querySelector("button").addEventListener("click", () => {
      attempt(place.closest("form"), async () => {
        const answer = await ask("get", await send("/account/passkeys/proof/begin"));
        await send("/account/passkeys/proof", new URLSearchParams({ answer }));
        proven(place);
      });
    });
  }
})();
