/* Sunhall: what script adds to pages that work without it. No markup is made from text. */
const IN_TEXT = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const SAVED_EVERY_MS = 2000;
const composing = (event) => event.isComposing || event.keyCode === 229;

/* The problems of a form are where the reader is. */
document.querySelector(".errsum")?.focus();

/* Keys of the desks: every one has a visible button; inside text only F-keys, Alt and Ctrl act. */
function named(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key.toLowerCase();
  return (event.ctrlKey || event.metaKey ? "ctrl+" : "") + (event.altKey ? "alt+" : "") + key;
}
function press(target) {
  if (target.tagName === "SUMMARY") {
    target.parentElement.open = true;
    (target.parentElement.querySelector("textarea, select, input:not([type=hidden])") ?? target).focus();
  } else if (target.matches(IN_TEXT)) target.focus();
  else target.click();
}
document.addEventListener("keydown", (event) => {
  if (composing(event) || event.defaultPrevented) return;
  const name = named(event), inText = event.target.matches?.(IN_TEXT);
  if (name === "f1") { event.preventDefault(); return showKeys(); }
  if (name === "ctrl+enter") { const form = event.target.closest?.("form"); if (form) { event.preventDefault(); form.requestSubmit(form.querySelector("[data-submit]") ?? undefined); } return; }
  if (name === "escape" && inText) return event.target.blur();
  if (inText && !/^(f\d+|alt\+.|ctrl\+.)$/.test(name)) return;
  if (!inText && moveRow(name, event)) return;
  const target = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === name && !one.matches("[aria-disabled=true]"));
  if (target) { event.preventDefault(); press(target); }
});

/* Rows: J and K, or the arrows, move; Enter opens. */
function moveRow(name, event) {
  const rows = [...document.querySelectorAll("tr[data-row]")];
  const step = { j: 1, arrowdown: 1, k: -1, arrowup: -1 }[name];
  if (!rows.length || (!step && name !== "enter")) return false;
  let at = rows.findIndex((row) => row === document.activeElement);
  if (at < 0) at = rows.findIndex((row) => row.matches(".cur"));
  if (name === "enter") {
    if (document.activeElement !== rows[at]) return false;
    rows[at].querySelector("a")?.click();
  } else {
    const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
    next.tabIndex = 0;
    next.focus();
  }
  event.preventDefault();
  return true;
}

/* F1: every key of this page with what it does. */
function showKeys() {
  let dialog = document.querySelector("dialog.dlg");
  if (!dialog) {
    dialog = document.body.appendChild(document.createElement("dialog"));
    dialog.className = "dlg flow-s";
    const title = dialog.appendChild(document.createElement("h2"));
    title.textContent = "全部按键";
    title.tabIndex = -1;
    const list = dialog.appendChild(document.createElement("dl"));
    list.className = "sum sum-d";
    const lines = [...document.querySelectorAll("[data-key]")].map((one) => [one.dataset.key, one.dataset.label ?? one.textContent.replace(/\s+/g, " ").trim()]);
    for (const [key, label] of [...lines, ["j / k", "下一行、上一行"], ["ctrl+enter", "提交"], ["esc", "离开输入框"], ["f1", "这张表"]]) {
      const line = list.appendChild(document.createElement("div"));
      const name = line.appendChild(document.createElement("dt"));
      name.appendChild(document.createElement("kbd")).textContent = key.toUpperCase();
      line.appendChild(document.createElement("dd")).textContent = label;
    }
    const close = dialog.appendChild(document.createElement("form"));
    close.method = "dialog";
    const button = close.appendChild(document.createElement("button"));
    button.className = "btn btn-2";
    button.textContent = "关闭";
  }
  dialog.showModal();
  dialog.querySelector("h2").focus();
}

/* Drafts: what is typed into a long form survives a lost network, a closed tab, an expired session; a draft belongs to
   the version it was written on, so what was sent doesn't come back. */
const shelf = (form) => `draft:${location.pathname}:${form.dataset.draft}`;
for (const done of document.querySelectorAll("[data-draft-done]")) sessionStorage.removeItem(`draft:${done.dataset.path ?? location.pathname}:${done.dataset.draftDone}`);
for (const form of document.querySelectorAll("form[data-draft]")) {
  const fields = () => [...form.elements].filter((one) => one.name && !one.name.startsWith("_") && !["hidden", "password", "submit", "button"].includes(one.type));
  const empty = fields().every((one) => ["radio", "checkbox", "select-one"].includes(one.type) || !one.value);
  const kept = JSON.parse(sessionStorage.getItem(shelf(form)) ?? "null");
  const version = form.elements._version?.value ?? "";
  if (kept && empty && kept._version === version) {
    for (const one of fields()) {
      if (!(one.name in kept)) continue;
      if (one.type === "radio" || one.type === "checkbox") one.checked = kept[one.name] === one.value;
      else one.value = kept[one.name];
    }
  }
  let last = "";
  const save = () => {
    const now = { _version: version };
    for (const one of fields()) if (!["radio", "checkbox"].includes(one.type) || one.checked) now[one.name] = one.value;
    const text = JSON.stringify(now);
    if (text === last) return;
    last = text;
    sessionStorage.setItem(shelf(form), text);
    const said = form.querySelector("[data-saved]");
    if (said) said.textContent = `草稿 ${new Date().toTimeString().slice(0, 8)} 已保存`;
  };
  setInterval(save, SAVED_EVERY_MS);
  addEventListener("pagehide", save);
}

/* A second click is not a second ticket. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 5000);
});
