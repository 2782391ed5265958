"use strict";
// Passkeys: the one thing in the board's room that needs script. It asks the browser for a
// signature or a new passkey, puts the answer into the form, and sends the form.
(() => {
  const fromText = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const withIds = (list) => (list || []).map((one) => ({ ...one, id: fromText(one.id) }));

  const read = (options) => ({
    ...options,
    challenge: fromText(options.challenge),
    ...(options.user && { user: { ...options.user, id: fromText(options.user.id) } }),
    ...(options.allowCredentials && { allowCredentials: withIds(options.allowCredentials) }),
    ...(options.excludeCredentials && { excludeCredentials: withIds(options.excludeCredentials) }),
  });

  const written = (credential) => {
    const response = {};
    for (const part of ["clientDataJSON", "authenticatorData", "signature", "attestationObject"]) {
      if (credential.response[part]) response[part] = toText(credential.response[part]);
    }
    return JSON.stringify({
      id: credential.id, rawId: toText(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button.passkey");
    const told = form.querySelector(".told");
    if (!window.PublicKeyCredential) {
      told.textContent = "This browser has no passkeys here. A key file works everywhere.";
      continue;
    }
    button.disabled = false;
    button.addEventListener("click", async () => {
      const publicKey = read(JSON.parse(form.dataset.passkey));
      try {
        const credential = form.dataset.does === "make"
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
        form.elements.passkey.value = written(credential);
        form.submit();
      } catch (error) {
        told.textContent = `Nothing was sent: ${error.message}`;
      }
    });
  }
})();
