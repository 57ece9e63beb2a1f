/* Sunhall: what script adds to pages that work without it. No markup is made from text. */
const IN_TEXT = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const FIRST_FIELD = "textarea, select, input:not([type=hidden])";
const SAVED_EVERY_MS = 2000;
const composing = (event) => event.isComposing || event.keyCode === 229;

/* The problems of a form are where the reader is. */
document.querySelector(".errsum")?.focus();

/* Keys of the desks: every one has a visible button; inside text only F-keys, Alt and Ctrl act. */
function named(event) {
  return (event.ctrlKey || event.metaKey ? "ctrl+" : "") + (event.altKey ? "alt+" : "") + event.key.toLowerCase();
}
function press(target) {
  const shut = target.closest("details:not([open])");
  if (shut) shut.open = true;
  if (target.tagName === "SUMMARY") (target.parentElement.querySelector(FIRST_FIELD) ?? target).focus();
  else if (shut) target.focus();
  else {
    if (target.dataset.set) fill(target.form, target.dataset.set);
    if (target.matches(IN_TEXT)) target.focus();
    else target.click();
  }
}
document.addEventListener("keydown", (event) => {
  if (composing(event) || event.defaultPrevented) return;
  const name = named(event), at = event.target, inText = at.matches?.(IN_TEXT);
  if (name === "f1") { event.preventDefault(); return showKeys(); }
  if (name === "ctrl+enter") return submit(at.closest?.("form"), event);
  if (name === "escape" && inText) return at.blur();
  if (inText && !/^(f\d+|alt\+.|ctrl\+.)$/.test(name)) return;
  if (!inText && (moveRow(name, event) || choose(name, event))) return;
  if (name === "enter" && (event.repeat || !(at === document.body || at.matches(".cur")))) return;
  const target = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === name && !one.matches("[aria-disabled=true]"));
  if (target) { event.preventDefault(); press(target); }
});

/* Ctrl+Enter: the form one is in, or the one that the page is for. */
function submit(form, event) {
  const button = form?.querySelector("[data-submit]") ?? [...document.querySelectorAll("[data-submit]")].find((one) => one.checkVisibility?.() ?? one.offsetParent);
  form ??= button?.form;
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(button?.form === form ? button : undefined);
}

/* A proposal is taken over into its field: `category=010203`. */
function fill(form, text) {
  const [name, value] = text.split("=");
  form.elements[name].value = value;
}
for (const button of document.querySelectorAll("button[data-fill]")) button.addEventListener("click", (event) => {
  event.preventDefault();
  fill(button.form, button.dataset.fill);
  for (const one of button.closest("ul").children) one.classList.toggle("top", one.contains(button));
});

/* Digits choose in a bar of choices and go on to the next one. */
function choose(name, event) {
  const bar = event.target.closest?.(".seg"), chosen = bar?.querySelectorAll("input")[name - 1];
  if (!chosen || !/^[1-9]$/.test(name)) return false;
  event.preventDefault();
  chosen.checked = true;
  const bars = [...chosen.form.querySelectorAll(".seg")], next = bars[bars.indexOf(bar) + 1];
  (next?.querySelector("input:checked") ?? next?.querySelector("input") ?? chosen.form.querySelector("[data-submit]"))?.focus();
  return true;
}

/* Rows: J and K, or the arrows, move; Enter opens, on the row in hand it is left to the page. */
function moveRow(name, event) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const step = { j: 1, arrowdown: 1, k: -1, arrowup: -1 }[name];
  if (!rows.length || (!step && name !== "enter") || event.target.closest?.(".seg")) return false;
  let at = rows.findIndex((row) => row === document.activeElement);
  if (name === "enter") {
    if (at < 0 || rows[at].matches(".cur")) return false;
    rows[at].querySelector("a")?.click();
  } else {
    if (at < 0) at = rows.findIndex((row) => row.matches(".cur"));
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
    const seen = new Set();
    for (const [key, label] of [...lines, ["j / k", "下一行、上一行"], ["1 … 9", "在一排选项里选第几个"], ["ctrl+enter", "提交"], ["esc", "离开输入框"], ["f1", "这张表"]]) {
      if (!key || seen.has(key)) continue;
      seen.add(key);
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

/* Drafts: what is typed into a long form survives a lost network, another page, an expired session. A draft belongs to
   what it was written about (the form's own address) and to its version, so what was sent doesn't come back, and what
   was written about one ticket never stands in the form of the next. */
const shelf = (form) => `draft:${new URL(form.action).pathname}`;
for (const done of document.querySelectorAll("[data-draft-done]")) sessionStorage.removeItem(`draft:${done.dataset.draftDone}`);
for (const form of document.querySelectorAll("form[data-draft]")) {
  const fields = () => [...form.elements].filter((one) => one.name && !one.name.startsWith("_") && !["hidden", "password", "submit", "button"].includes(one.type));
  const empty = fields().every((one) => one.type !== "textarea" || !one.value);
  const kept = JSON.parse(sessionStorage.getItem(shelf(form)) ?? "null");
  const version = form.elements._version?.value ?? "";
  if (kept && empty && kept._version === version) {
    for (const one of fields()) {
      if (!(one.name in kept)) continue;
      if (one.type === "radio" || one.type === "checkbox") one.checked = kept[one.name] === one.value;
      else if (one.type === "select-one" || !one.value) one.value = kept[one.name];
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
