/* Sunhall: what script adds to pages that work without it. No markup is made from text. */
const IN_TEXT = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const FIRST_FIELD = "textarea, select, input:not([type=hidden])", FIRST = "[data-first] input, [data-scope] button";
const SAVED_EVERY_MS = 2000;
const composing = (event) => event.isComposing || event.keyCode === 229;

/* The problems of a form are where the reader is. */
document.querySelector(".errsum")?.focus();

/* Keys of the desks: every one has a visible button; inside text only F-keys, Alt and Ctrl act. */
function named(event) {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  return (event.ctrlKey || event.metaKey ? "ctrl+" : "") + (event.altKey ? "alt+" : "") + key;
}
function press(target) {
  const shut = target.closest("details:not([open])"), { set, focus } = target.dataset;
  if (shut) shut.open = true;
  if (set) fill(target.closest("form"), set);
  if (focus !== undefined) enter(focus ? document.getElementById(focus) : target);
  else if (target.tagName === "SUMMARY") {
    const first = target.parentElement.querySelector(FIRST) ?? target.parentElement.querySelector(FIRST_FIELD);
    if (first) first.focus();
    else if (!shut) target.parentElement.open = false;
  } else if (target.matches(IN_TEXT)) target.focus();
  else if (shut && !set) target.focus();
  else target.click();
}
function enter(place) {
  (place.matches(FIRST_FIELD + ", button") ? place : place.querySelector(FIRST_FIELD + ", button"))?.focus();
}
/* Of several with the same key the one nearest to where one is: the row, the open group; digits count only there. */
function keyed(name, at) {
  const near = at.closest?.("[data-row], [data-scope]")?.querySelectorAll("[data-key]") ?? [];
  const all = [...near, ...(/^\d$/.test(name) ? [] : document.querySelectorAll("[data-key]"))];
  const fit = all.filter((one) => one.dataset.key === name && !one.matches("[aria-disabled=true]"));
  return fit.find((one) => one.checkVisibility()) ?? fit.find((one) => one.closest("details:not([open])"));
}
document.addEventListener("keydown", (event) => {
  if (composing(event) || event.defaultPrevented) return;
  const name = named(event), at = event.target, inText = at.matches?.(IN_TEXT);
  const onRow = at === document.body || at.matches(".cur, [data-row]");
  if (name === "f1") { event.preventDefault(); return showKeys(); }
  if (name === "ctrl+enter") return submit(at.closest?.("form"), event);
  if (name === "escape" && inText) return at.blur();
  if (inText && (!/^(f\d+|alt\+.|ctrl\+.)$/.test(name) || /^ctrl\+[acvxz]$/.test(name))) return;
  if (!inText && (pick(name, event, onRow) || moveRow(name, event) || choose(name, event))) return;
  if ((name === "enter" && (event.repeat || !onRow)) || (name === "space" && !onRow)) return;
  const target = keyed(name === "alt+/" ? "/" : name, at);
  if (target) { event.preventDefault(); press(target); }
});
document.addEventListener("click", (event) => {
  const target = event.target.closest?.("a[data-focus]");
  if (target && event.isTrusted) { event.preventDefault(); press(target); }
});

/* Rows are chosen for one step with many: space, all, none. */
function pick(name, event, onRow) {
  const boxes = [...document.querySelectorAll("[data-row] .pick")];
  if (!boxes.length || !(name === "ctrl+a" || name === "escape" || (name === "space" && onRow))) return false;
  const row = event.target.closest("[data-row]") ?? document.querySelector("[data-row].cur");
  if (name === "space") {
    const box = row?.querySelector(".pick");
    if (box) box.checked = !box.checked;
    moveRow("j", event);
  } else for (const box of boxes) box.checked = name === "ctrl+a";
  event.preventDefault();
  return true;
}

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
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-fill]");
  if (!button) return;
  event.preventDefault();
  fill(button.form, button.dataset.fill);
  for (const one of button.closest("ul").children) one.classList.toggle("top", one.contains(button));
});

/* Digits choose in a bar of choices and go on to the next one. */
function choose(name, event) {
  const bar = event.target.closest?.(".seg"), chosen = bar?.querySelectorAll("input")[name - 1];
  if (!chosen || !/^[1-9]$/.test(name)) return false;
  event.preventDefault();
  if (chosen.type === "checkbox") return (chosen.checked = !chosen.checked, true);
  chosen.checked = true;
  const bars = [...chosen.form.querySelectorAll(".seg")], next = bars[bars.indexOf(bar) + 1];
  (document.getElementById(bar.dataset.then) ?? next?.querySelector("input:checked") ?? next?.querySelector("input") ?? chosen.form.querySelector("[data-submit]"))?.focus();
  return true;
}

/* Rows: J and K, or the arrows, move; Enter opens, on the row in hand it is left to the page. */
function moveRow(name, event) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const step = { j: 1, arrowdown: 1, k: -1, arrowup: -1 }[name];
  if (!rows.length || (!step && name !== "enter") || event.target.closest?.(".seg")) return false;
  let at = rows.findIndex((row) => row.contains(document.activeElement));
  if (name === "enter") {
    if (at < 0 || rows[at] !== document.activeElement || rows[at].matches(".cur") || document.querySelector(".pick:checked")) return false;
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

/* What is left of a limit, said when one pauses. */
for (const box of document.querySelectorAll("textarea[data-count]")) {
  const said = document.querySelector(`[data-left="${box.id}"]`);
  box.addEventListener("input", () => {
    said.hidden = false;
    said.textContent = `还可以写 ${box.maxLength - [...box.value].length} 字`;
  });
}

/* A password may be looked at by who types it. */
for (const button of document.querySelectorAll("[data-show]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const box = document.getElementById(button.dataset.show), shown = box.type === "password";
    box.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
}

/* Dialogs are native: Esc closes, the focus goes to the heading and returns. */
for (const button of document.querySelectorAll("[data-dialog]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const dialog = document.getElementById(button.dataset.dialog);
    dialog.showModal();
    dialog.querySelector("[tabindex]").focus();
  });
}

/* Reading aloud by the browser's own voice; where there is none, there is no button. */
for (const button of document.querySelectorAll("[data-speak]")) {
  if (!("speechSynthesis" in window)) break;
  button.parentElement.hidden = false;
  const words = button.querySelector("span");
  const told = (speaking) => {
    button.setAttribute("aria-pressed", String(speaking));
    words.textContent = speaking ? "停下来" : "读出来";
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") { speechSynthesis.cancel(); return told(false); }
    const said = new SpeechSynthesisUtterance(document.querySelector("main").innerText);
    said.lang = "zh-CN";
    said.rate = 0.9;
    said.onend = said.onerror = () => told(false);
    speechSynthesis.speak(said);
    told(true);
  });
  addEventListener("pagehide", () => speechSynthesis.cancel());
}

/* Files go ahead of their form, in parts, and go on where a broken line left them; without script they go with it. */
const PART = 2 ** 20, TRIES = 8;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
async function ask(form, method, path, body, type = "application/json") {
  const headers = { "Content-Type": type, "X-Csrf-Token": form.elements._csrf.value, "X-Form-Key": form.elements._files_key.value };
  const answer = await fetch(`/api/v1/files/uploads${path}`, { method, headers, body }), told = await answer.json();
  if (answer.ok || answer.status === 409 && told.error.code === "wrong_offset") return told;
  throw Object.assign(new Error(told.error.text), { status: answer.status, final: answer.status < 500 && answer.status !== 429 && answer.status !== 408 });
}
async function steadily(step) {
  for (let n = 1; ; n++) {
    try { return await step(); } catch (wrong) {
      if (wrong.final || n === TRIES) throw wrong;
      await wait(500 * n);
    }
  }
}

/* An upload that is open is found again by the page after this one: under the slot and what tells one file from another,
   with the key of the form it began under. How much is there, the server says. It ends with the sign-in. */
const UPLOADS = "upload:", SIGNED_OUT = [401, 403];
const openUploads = (slot = "") => Object.keys(sessionStorage).filter((name) => name.startsWith(`${UPLOADS}${slot}`));
document.addEventListener("submit", (event) => {
  if (new URL(event.target.action).pathname === "/sign-out") for (const name of openUploads()) sessionStorage.removeItem(name);
});
async function opened(form, slot, file, place) {
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "null");
  if (kept) {
    try { return await steadily(() => ask(form, "GET", `/${kept.upload}`)); } catch (wrong) {
      if (!wrong.final || SIGNED_OUT.includes(wrong.status)) throw wrong;
      sessionStorage.removeItem(place);
    }
  }
  const begun = await steadily(() => ask(form, "POST", "", JSON.stringify({ name: file.name, size: file.size, slot })));
  sessionStorage.setItem(place, JSON.stringify({ upload: begun.upload, key: form.elements._files_key.value }));
  return begun;
}
async function sendFile(form, slot, file, bar) {
  const place = `${UPLOADS}${slot}/${file.size}/${file.lastModified}/${file.name}`;
  const { upload, received: there } = await opened(form, slot, file, place);
  try {
    bar.value = there;
    while (bar.value < file.size) bar.value = await steadily(() => sendPart(form, upload, file));
    const done = await steadily(() => ask(form, "POST", `/${upload}/complete`, "{}"));
    sessionStorage.removeItem(place);
    return done.file;
  } catch (wrong) {
    if (wrong.final && !SIGNED_OUT.includes(wrong.status)) sessionStorage.removeItem(place);
    throw wrong;
  }
}
async function sendPart(form, upload, file) {
  const there = (await ask(form, "GET", `/${upload}`)).received;
  if (there === file.size) return there;
  return (await ask(form, "PUT", `/${upload}?offset=${there}`, file.slice(there, there + PART), "application/octet-stream")).received ?? there;
}
for (const field of document.querySelectorAll("[data-files]")) {
  const input = field.querySelector("input[type=file]"), list = field.querySelector("ul"), form = input.form;
  const before = openUploads(`${field.dataset.files}/`)[0];
  if (before && !list.children.length) form.elements._files_key.value = JSON.parse(sessionStorage.getItem(before)).key;
  let sending = Promise.resolve(), waiting = 0;
  const add = async (file) => {
    const line = document.createElement("li"), label = document.createElement("label"), bar = document.createElement("progress");
    const sent = list.querySelectorAll("input:checked").length + list.querySelectorAll("progress").length;
    label.append(`${file.name} `, bar);
    bar.max = file.size;
    line.append(label);
    list.append(line);
    if (sent >= field.dataset.max) return label.replaceChildren(`${file.name}：最多 ${field.dataset.max} 个文件，这个没有上传`);
    waiting++;
    await (sending = sending.then(async () => {
      try {
        const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "_file", checked: true });
        box.value = await sendFile(form, field.dataset.files, file, bar);
        label.replaceChildren(box, ` ${file.name}　已上传`);
      } catch (wrong) {
        label.replaceChildren(wrong.final ? wrong.message : `${file.name}：网络中断，没有传完，请重新选择`);
      }
      waiting--;
    }));
  };
  input.addEventListener("change", () => {
    for (const file of input.files) if (file.size) add(file);
    input.value = "";
  });
  form.addEventListener("submit", (event) => {
    if (!waiting) return;
    event.preventDefault();
    event.stopPropagation();
    const button = event.submitter;
    sending.then(() => form.requestSubmit(button));
  });
}

/* Suggestions below a search box: a combobox (ARIA 1.2). Without script, or without an answer, it is a plain form. */
const ASKED_AFTER_MS = 150;
function suggest(box) {
  const list = document.createElement("ul");
  let asked = "", timer, at = -1;
  const mark = (place) => {
    at = place;
    [...list.children].forEach((one, n) => one.setAttribute("aria-selected", n === at));
    if (at < 0) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const show = (open) => { list.hidden = !open; box.setAttribute("aria-expanded", open); mark(-1); };
  const take = (one) => { box.value = asked = one.textContent; show(false); box.form.requestSubmit(); };
  const ask = async () => {
    const words = asked = box.value.trim();
    let found = [];
    try {
      if (words.length > 1) found = (await (await fetch(`/api/v1/suggestions?q=${encodeURIComponent(words)}`)).json()).items ?? [];
    } catch { /* a plain form, then */ }
    if (words !== asked) return;
    list.replaceChildren(...[...new Set(found.map((one) => one.title))].map((title, n) => {
      const one = Object.assign(document.createElement("li"), { id: `${list.id}-${n}`, textContent: title });
      one.setAttribute("role", "option");
      return one;
    }));
    show(list.children.length > 0 && document.activeElement === box);
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(ask, ASKED_AFTER_MS); };
  Object.assign(list, { id: `${box.id}-list`, className: "sugg", hidden: true });
  for (const [name, value] of [["role", "listbox"], ["aria-label", "联想的标题"]]) list.setAttribute(name, value);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", false], ["aria-controls", list.id]]) box.setAttribute(name, value);
  box.form.append(list);
  box.addEventListener("input", (event) => event.isComposing || later());
  box.addEventListener("compositionend", later);
  box.addEventListener("blur", () => show(false));
  box.addEventListener("keydown", (event) => {
    const many = list.children.length, step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (composing(event)) return;
    if (step && many) {
      const from = list.hidden ? -1 : at;
      show(true);
      mark((from + 1 + step + many + 1) % (many + 1) - 1);
    } else if (event.key === "Escape" && !list.hidden) show(false);
    else if (event.key === "Enter" && at >= 0) take(list.children[at]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { const one = event.target.closest("li"); if (one) take(one); });
}
for (const box of document.querySelectorAll("form[action='/search'] input[name=q]")) suggest(box);
