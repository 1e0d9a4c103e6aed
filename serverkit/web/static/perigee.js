// The one script of the consoles. Events are taken at the document, so that nothing has to be bound again after a swap.
const root = document.documentElement;
root.classList.add("js");
const words = (name, n) => (document.getElementById("words")?.dataset[name] ?? "").replace("{n}", n ?? "");
const inField = (e) => e.target.closest?.("input, textarea, select, [contenteditable], .ts-control") !== null;
const toast = (text, bad) => {
  const box = document.getElementById("toasts");
  const line = document.createElement("div");
  line.className = bad ? "toast-line bad" : "toast-line";
  const said = document.createElement("span");
  said.textContent = text;
  const close = document.createElement("button");
  close.type = "button"; close.className = "plain"; close.dataset.dismiss = ""; close.textContent = words("close");
  line.append(said, close);
  box?.append(line);
};

// Copy, show a password, close a message, select all.
document.addEventListener("click", async (e) => {
  const at = e.target.closest?.("[data-copy], [data-reveal], [data-dismiss], [data-all], [data-menu], .side-close, [data-close]");
  if (!at) return closeMenus(e);
  if (at.dataset.copy !== undefined) {
    try { await navigator.clipboard.writeText(at.dataset.copy); } catch { const f = at.parentElement.querySelector("input"); f?.select(); document.execCommand("copy"); }
    toast(words("copied"));
  } else if (at.dataset.reveal) {
    const field = document.getElementById(at.dataset.reveal);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    at.setAttribute("aria-pressed", String(!shown));
  } else if (at.dataset.dismiss !== undefined) at.closest(".toast-line")?.remove();
  else if (at.dataset.close !== undefined) { e.preventDefault(); at.closest("dialog")?.close(); }
  else if (at.dataset.menu !== undefined) { e.preventDefault(); const nav = document.getElementById("menu"); nav.classList.add("open"); nav.querySelector("a")?.focus(); }
  else if (at.classList.contains("side-close")) { e.preventDefault(); document.getElementById("menu").classList.remove("open"); document.querySelector("[data-menu]")?.focus(); }
  else if (at.dataset.all !== undefined) { for (const box of at.closest("table").querySelectorAll("[name=key]")) box.checked = at.checked; count(at.closest("form")); }
});
const closeMenus = (e) => { for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(e.target)) menu.open = false; };

// The selection: its number, a range with shift, the bar that appears with it.
let last = null;
const count = (form) => {
  if (!form) return;
  const boxes = [...form.querySelectorAll("[name=key]")];
  const all = form.querySelector("[name=all]");
  const n = boxes.filter((box) => box.checked).length;
  form.classList.toggle("some", n > 0 || Boolean(all?.checked));
  const said = form.querySelector("[data-count]");
  if (said) said.textContent = words("selected", n);
  for (const box of boxes) box.closest("tr").classList.toggle("picked", box.checked);
};
document.addEventListener("click", (e) => {
  const box = e.target.closest?.("[data-bulk] [name=key]");
  if (!box) return;
  if (e.shiftKey && last?.isConnected) {
    const boxes = [...box.form.querySelectorAll("[name=key]")];
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
  }
  last = box;
});
document.addEventListener("change", (e) => { if (e.target.closest?.("[data-bulk]")) count(e.target.form); });

// A confirmation page as a dialog: the page itself is fetched; without script the link leads to it.
document.addEventListener("click", async (e) => {
  const link = e.target.closest?.("a[data-dialog], a[data-help]");
  if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
  const drawer = link.dataset.help !== undefined;
  const box = document.getElementById(drawer ? "drawer" : "dialog");
  if (!box?.showModal) return;
  e.preventDefault();
  const [address, anchor] = link.href.split("#");
  let page;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.redirected) { location.href = link.href; return; }
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch { toast(words("failed"), true); return; }
  const body = page.querySelector(drawer ? ".helptext" : "[data-dialog-body]");
  if (!body) { location.href = link.href; return; }
  const title = document.createElement("h2");
  title.id = drawer ? "drawer-title" : "dialog-title";
  title.textContent = page.querySelector("h1")?.textContent ?? "";
  const close = document.createElement("button");
  close.type = "button"; close.className = "btn drawer-close"; close.dataset.close = ""; close.textContent = words("close");
  box.replaceChildren(...(drawer ? [close, title, body] : [title, body]));
  for (const away of box.querySelectorAll(".form-acts a.btn")) away.dataset.close = "";
  arm(box);
  box.showModal();
  if (drawer && anchor) box.querySelector(`#${CSS.escape(anchor)}`)?.scrollIntoView();
  (box.querySelector(".form-acts a.btn") ?? close).focus?.();
});

// What nothing brings back: its button can be pressed once the name is typed.
const same = (text) => text.normalize("NFC").split(/\s+/).filter(Boolean).join(" ");
const arm = (within) => { for (const field of within.querySelectorAll("[data-typed]")) field.form.querySelector("[type=submit]").disabled = same(field.value) !== same(field.dataset.typed); };
document.addEventListener("input", (e) => { if (e.target.dataset?.typed !== undefined) arm(e.target.form); });

// The request that does the same follows what is typed; a secret is never shown in it.
const quoted = (text) => `'${text.replaceAll("'", `'"'"'`)}'`;
const member = (kind, field) => kind === "bool" ? field.checked : kind === "secret" ? "..." : kind === "int" && /^\s*-?\d+\s*$/.test(field.value) ? Number(field.value) : kind === "list" ? field.value.split(/[,\n]/).map((one) => one.trim()).filter(Boolean) : field.value;
document.addEventListener("input", (e) => {
  const code = e.target.form && document.querySelector(`[data-request][data-form="${CSS.escape(e.target.form.id)}"]`);
  if (!code) return;
  const body = {};
  for (const [name, kind] of Object.entries(JSON.parse(code.dataset.fields))) {
    const field = e.target.form.elements[name];
    const value = field && member(kind, field);
    if (value !== undefined && value !== "" && value !== null && value.length !== 0) body[name] = value;
  }
  code.textContent = `${code.dataset.request} \\\n  -d ${quoted(JSON.stringify(body))}`;
});

// A confirmation that was refused stays in its page; files are sent with progress and a cap.
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (form.dataset.upload === undefined) return;
  const file = form.querySelector("input[type=file]")?.files?.[0];
  const said = form.querySelector(".upload-said");
  if (file && file.size > Number(form.dataset.most)) { e.preventDefault(); said.textContent = words("toolarge"); return; }
  e.preventDefault();
  const bar = form.querySelector("progress");
  const send = new XMLHttpRequest();
  send.open("POST", form.action);
  send.setRequestHeader("Accept", "text/html");
  send.upload.onprogress = (p) => { if (p.lengthComputable) { bar.hidden = false; bar.value = (100 * p.loaded) / p.total; said.textContent = words("sending", Math.round(bar.value)); } };
  send.upload.onload = () => { said.textContent = words("checking"); };
  send.onload = () => {
    // The answer is the page that follows; opening it again would lose what it says once.
    const page = new DOMParser().parseFromString(send.responseText, "text/html");
    if (!page.getElementById("main")) { said.textContent = words("failed"); return; }
    if (send.responseURL !== form.action && send.status < 400) history.pushState({}, "", send.responseURL);
    document.title = page.title;
    for (const part of [".frame", ".chips"]) { const now = document.querySelector(part), next = page.querySelector(part); if (now && next) now.replaceWith(next); }
    window.htmx?.process(document.body);
    dress(document);
    (document.getElementById("verdict") ?? document.getElementById("main")).focus();
  };
  send.onerror = () => { said.textContent = words("broken"); bar.hidden = true; };
  send.send(new FormData(form));
});
// A form that tells this computer's time beside the server's.
document.addEventListener("submit", (e) => { const now = e.target.querySelector("[data-now]"); if (now) now.value = new Date().toISOString(); });
for (const kind of ["dragover", "dragleave", "drop"]) document.addEventListener(kind, (e) => {
  const drop = e.target.closest?.(".drop");
  if (!drop) return;
  e.preventDefault();
  drop.classList.toggle("over", kind === "dragover");
  if (kind === "drop" && e.dataTransfer.files.length) drop.querySelector("input[type=file]").files = e.dataTransfer.files;
});

// Keys: off in fields, with modifiers, and where a person switched them off.
let began = 0;
const rows = () => [...document.querySelectorAll("table.rows tbody tr[data-row]")];
const move = (by) => {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.classList.contains("here"));
  const next = all[Math.min(all.length - 1, Math.max(0, now + by))];
  all[now]?.classList.remove("here");
  next.classList.add("here");
  (next.querySelector("a") ?? next.querySelector("input"))?.focus();
  next.scrollIntoView({ block: "nearest" });
};
const palette = () => {
  const box = document.getElementById("palette");
  const form = document.querySelector(".search").cloneNode(true);
  const input = form.querySelector("input");
  input.id = "palette-q"; form.querySelector("label").htmlFor = "palette-q"; input.value = "";
  const list = document.createElement("ul");
  const links = [...document.querySelectorAll(".side a[href]:not(.side-close)")];
  const fill = () => list.replaceChildren(...links.filter((a) => a.textContent.toLowerCase().includes(input.value.toLowerCase())).map((a) => { const li = document.createElement("li"); const to = document.createElement("a"); to.href = a.href; to.textContent = a.textContent.trim(); li.append(to); return li; }));
  input.addEventListener("input", fill);
  fill();
  box.replaceChildren(form, list);
  box.showModal();
  input.focus();
};
// In the palette the arrows go from what is typed to what was found, and back.
document.addEventListener("keydown", (e) => {
  const box = e.target.closest?.("#palette");
  if (!box || !["ArrowDown", "ArrowUp"].includes(e.key)) return;
  e.preventDefault();
  const all = [box.querySelector("input"), ...box.querySelectorAll("a")];
  all[(all.indexOf(document.activeElement) + (e.key === "ArrowDown" ? 1 : all.length - 1)) % all.length].focus();
});
document.addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && e.key === "k") { e.preventDefault(); if (document.querySelector(".search")) palette(); return; }
  if (e.key === "Escape") { for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); } document.getElementById("menu")?.classList.remove("open"); return; }
  if (root.dataset.keys === "off" || inField(e) || e.ctrlKey || e.metaKey || e.altKey || String(getSelection()).length || document.querySelector("dialog[open]")) return;
  if (began && performance.now() - began < 1500) {
    began = 0;
    const to = document.querySelector(`[data-go="${CSS.escape(e.key)}"]`);
    if (to) { e.preventDefault(); location.href = to.href; return; }
  }
  const here = document.querySelector("tr.here");
  const act = {
    "/": () => document.querySelector("[data-hotkey='/']")?.focus(),
    "?": () => { location.href = "/help/keys"; },
    g: () => { began = performance.now(); },
    j: () => move(1), k: () => move(-1),
    f: () => document.querySelector("[data-filter]")?.focus(),
    n: () => document.querySelector("[data-page-key=n]")?.click(),
    p: () => document.querySelector("[data-page-key=p]")?.click(),
    x: () => here?.querySelector("[name=key]")?.click(),
    X: () => { const box = here?.querySelector("[name=key]"); box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: true })); },
  }[e.key];
  if (act) { e.preventDefault(); act(); }
});

// htmx: say when the server is away; stop polling where nobody looks; keep the focus by id.
document.addEventListener("htmx:sendError", () => toast(words("failed"), true));
document.addEventListener("htmx:beforeRequest", (e) => {
  const polls = e.detail.requestConfig?.triggeringEvent === undefined && e.target.getAttribute?.("hx-trigger")?.includes("every");
  if (polls && (document.hidden || performance.now() > 1_800_000)) e.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (e) => {
  // A whole page in answer to a part (a refusal, say) goes in the place of the page.
  if (e.detail.xhr.responseText.trimStart().startsWith("<!doctype")) {
    const page = new DOMParser().parseFromString(e.detail.xhr.responseText, "text/html");
    const main = page.getElementById("main");
    if (main) { e.detail.shouldSwap = false; document.getElementById("main").replaceWith(main); (document.getElementById("verdict") ?? main).focus(); }
  }
});
const dress = (within) => {
  for (const field of within.querySelectorAll("[data-tags]:not(.tomselected)")) if (window.TomSelect) { new window.TomSelect(field, { create: true, options: (field.dataset.options || "").split("\n").filter(Boolean).map((one) => ({ value: one, text: one })), delimiter: ",", persist: false, plugins: ["remove_button"] }); field.setAttribute("aria-hidden", "true"); }
  for (const form of within.querySelectorAll("[data-bulk]")) count(form);
  arm(within);
};
document.addEventListener("htmx:afterSwap", () => dress(document));
dress(document);
document.getElementById("verdict")?.focus();
