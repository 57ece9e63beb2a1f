/* Sunhall's desks: drafts kept by the hall, proposals while somebody types, look-ups by pinyin, calls, who else looks. */
const SAVED_EVERY_MS = 2000, CALL_ASKED_EVERY_MS = 1000, PAUSE_MS = 500, BEAT_MS = 8000, WAIT_MS = 8000, FRESH_MS = 2000;
const composing = (event) => event.isComposing || event.keyCode === 229;
async function send(path, body) {
  const headers = { "Content-Type": "application/json", "X-Csrf-Token": document.querySelector("[name=_csrf]").value };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(WAIT_MS) });
  if (!answer.ok) throw Object.assign(new Error(path), { status: answer.status });
  return answer.json();
}

/* The draft of a call lies in the hall, sealed; in this browser only while the hall can't be reached. */
const call = document.querySelector("form[data-keep]");
if (call) keep(call);
function keep(form) {
  const own = `unsent:${form.dataset.who}:`, place = form.dataset.keep, said = form.querySelector("[data-saved]");
  const dropped = document.querySelector("[data-dropped]");
  if (dropped) localStorage.removeItem(own + dropped.dataset.dropped);
  const read = () => Object.fromEntries([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !/^_|^(place|call|know)$/.test(name)));
  const tell = (words, lost) => { said.textContent = words; said.classList.toggle("err", lost); };
  let last = JSON.stringify(read()), saving = null, away = false;
  const left = JSON.parse(localStorage.getItem(own + place) ?? "{}");
  for (const [name, value] of Object.entries(left)) if (form.elements[name]) {
    form.elements[name].value = value;
    if (value) form.elements[name].closest?.("details")?.setAttribute("open", ""); // nothing is sent that isn't seen
  }
  for (const key of Object.keys(localStorage)) if (key.startsWith(own) && key !== own + place) {
    send("/api/v1/drafts", { place: key.slice(own.length), fields: JSON.parse(localStorage.getItem(key)) }).then(() => localStorage.removeItem(key), () => {});
  }
  const save = async () => {
    const fields = read(), now = JSON.stringify(fields);
    if (now === last) return;
    localStorage.setItem(own + place, now);
    try {
      const { saved_at } = await send("/api/v1/drafts", { place, fields });
      [last, away] = [now, false];
      localStorage.removeItem(own + place);
      tell(`草稿 ${saved_at.slice(11, 19)} 已保存`, false);
    } catch (wrong) {
      const why = { 401: "登录已到期", 403: "登录已到期", 413: "内容太长", 422: "内容太长" }[wrong.status] ?? "网络中断";
      away = !wrong.status;
      tell(`${why}：内容留在这台电脑，恢复后自动保存`, true);
    }
  };
  const soon = () => { saving ??= save().finally(() => { saving = null; }); };
  let timer = setInterval(soon, SAVED_EVERY_MS);
  addEventListener("online", soon);
  addEventListener("pagehide", () => { if (JSON.stringify(read()) !== last) localStorage.setItem(own + place, JSON.stringify(read())); });
  form.addEventListener("submit", (event) => {
    if (!saving && !away && navigator.onLine) return;
    event.preventDefault();
    event.stopPropagation();
    const button = event.submitter;
    clearInterval(timer);
    (saving ?? save()).finally(() => {
      if (!away && navigator.onLine) return form.requestSubmit(button);
      tell("网络中断：还没有登记，内容留在这台电脑，恢复后请再登记", true);
      timer = setInterval(soon, SAVED_EVERY_MS);
    });
  });
}

/* While somebody types: asked after a pause, never inside a composition; of two answers the later question counts. */
function whileTyping(box, ask) {
  let timer, asked = 0;
  const go = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++asked;
      try { const show = await ask(); if (mine === asked) show(); } catch { /* proposals are a help, not a condition */ }
    }, PAUSE_MS);
  };
  box.addEventListener("input", (event) => { if (!composing(event)) go(); });
  box.addEventListener("compositionend", go);
}

/* What is typed is split into its parts by the hall; what somebody wrote into a field themselves stays. */
for (const box of document.querySelectorAll("[data-split]")) whileTyping(box, async () => {
  const parts = await send(box.dataset.split, { content: box.value });
  return () => {
    for (const one of box.form.querySelectorAll("[data-element]")) {
      const part = parts[one.dataset.element] ?? "";
      if (one.tagName === "OUTPUT") one.value = part || "—";
      else if (!one.value || one.value === one.dataset.taken) one.value = one.dataset.taken = part;
    }
  };
});

/* Category, agency, duplicates: lines of one mould, each with its key. */
function lines(list, found) {
  const { first, name, to, none } = list.dataset, chosen = call.elements[to].value;
  list.replaceChildren(...found.map((one, n) => {
    const row = document.getElementById("opt").content.firstElementChild.cloneNode(true), button = row.querySelector("button");
    const digit = Number(first ?? 1) + n;
    row.querySelector("kbd").textContent = first ? `Alt ${digit}` : digit;
    row.querySelector(".n").textContent = one.n ?? "";
    row.querySelector(".why").textContent = one.why;
    row.classList.toggle("top", one.value === chosen);
    Object.assign(button, { textContent: one.title, name, value: one.value });
    Object.assign(button.dataset, { fill: `${to}=${one.value}`, key: first ? `alt+${digit}` : String(digit), label: `选用 ${row.querySelector("kbd").textContent}` });
    return row;
  }));
  if (!found.length) list.appendChild(document.createElement("li")).append(document.createElement("span"), none);
}
/* How the like was answered: to read, not to take over. */
function told(list, found) {
  list.replaceChildren(...found.map((one) => {
    const row = document.createElement("li"), link = document.createElement("a");
    Object.assign(link, { textContent: one.title, href: `/hotline/tickets/${one.no}` });
    const [share, agency, why] = [[`${Math.round(one.p * 100)}%`, "n"], [one.agency, ""], [`${one.answer || "没有您可以看到的答复"}　相同：${one.words.map((word) => `“${word}”`).join("")}`, "why"]].map(([textContent, className]) => Object.assign(document.createElement("span"), { textContent, className }));
    row.append(share, link, agency, why);
    return row;
  }));
  if (!found.length) list.appendChild(document.createElement("li")).append(document.createElement("span"), list.dataset.none);
}
for (const box of document.querySelectorAll("[data-suggest]")) whileTyping(box, async () => {
  const { title, caller_phone: phone } = box.form.elements;
  const asked = { title: title.value || box.value.slice(0, 40), content: box.value };
  if (/^[\d +-]{5,20}$/.test(phone.value)) asked.phone = phone.value;
  const { categories, agencies, duplicates, answered } = await send(box.dataset.suggest, asked);
  const shown = (name) => document.querySelector(`[data-list=${name}]`);
  return () => {
    lines(shown("categories"), categories.map((one) => ({ value: one.code, title: one.name, n: `${Math.round(one.p * 100)}%`, why: `依据：${one.words.map((word) => `“${word}”`).join("")}` })));
    lines(shown("agencies"), agencies.slice(0, 3).map((one) => ({ value: one.code, title: one.name, why: one.reason })));
    told(shown("answered"), answered);
    lines(shown("duplicates"), duplicates.slice(0, 5).map((one) => ({ value: one.no, title: one.title, why: `${one.state_label}　${one.no}` })));
  };
});

/* Look-ups: arrows choose, Enter takes over into a list of units or a text. */
for (const box of document.querySelectorAll("[data-find]")) {
  const list = document.getElementById(box.dataset.list), target = document.getElementById(box.dataset.pick);
  let found = [], at = 0;
  box.closest("[hidden]")?.removeAttribute("hidden");
  const draw = () => list.replaceChildren(...found.map((one, n) => {
    const row = document.createElement("li"), button = document.createElement("button");
    row.classList.toggle("top", n === at);
    Object.assign(button, { type: "button", className: "btn btn-t", textContent: one.title });
    button.addEventListener("click", () => take(one));
    row.append(document.createElement("span"), button, one.edition ? `第 ${one.edition} 版` : "");
    return row;
  }));
  const look = async () => {
    const asked = box.value.trim();
    const items = asked ? (await (await fetch(`${box.dataset.find}?limit=5&q=${encodeURIComponent(asked)}`)).json()).items : [];
    if (asked !== box.value.trim()) return;
    [found, at] = [items, 0];
    draw();
  };
  const take = async (one) => {
    const form = target.form;
    if (target.tagName === "SELECT") {
      for (const option of target.options) if (option.value === one.code) option.selected = true;
      if (box.dataset.reason) form.elements.basis.value = box.dataset.reason + one.title;
      form.querySelector("[data-submit]").focus();
    } else {
      target.value = one.text ?? (await (await fetch(`/api/v1/knowledge/${one.no}`)).json()).body;
      if (form.elements.article) [form.elements.article.value, form.elements.type.value] = [`${one.no}@${one.edition}`, "consult"];
      target.focus();
      const gap = target.value.indexOf("【");
      if (gap >= 0) target.setSelectionRange(gap, target.value.indexOf("】", gap) + 1);
    }
    [box.value, found] = ["", []];
    list.replaceChildren(`已选：${one.title}`);
  };
  box.addEventListener("input", (event) => { if (!composing(event)) look().catch(() => {}); });
  box.addEventListener("compositionend", () => look().catch(() => {}));
  box.addEventListener("keydown", async (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (composing(event) || event.ctrlKey || !(step || event.key === "Enter")) return;
    event.preventDefault();
    if (step) { at = Math.min(Math.max(at + step, 0), found.length - 1); return draw(); }
    if (!found.length) await look().catch(() => {});
    if (found[at]) await take(found[at]);
  });
}

/* A call that rings at this desk: an empty desk shows it at once, one that is being written at says so; any other page
   of the operator's says it in the bar. What became of the call that is shown is said beside it. */
const pop = document.querySelector("[data-pop]"), way = document.querySelector('.bar nav a[href="/hotline/new"]');
const STATES = { true: "通话中", false: "正在响铃" };
const sign = pop ? null : way?.appendChild(Object.assign(document.createElement("span"), { role: "status" }));
function ringing(call) {
  if (sign) {
    const words = call ? STATES[call.answered] : "";
    if (sign.textContent === words) return;
    sign.textContent = words;
    if (call) Object.assign(way.dataset, { key: "f2", label: "接听" });
    else delete way.dataset.key;
    return;
  }
  const mine = pop.dataset.pop, other = call && String(call.id) !== mine, state = document.querySelector("[data-call]");
  if (mine && state && !other) state.textContent = call ? STATES[call.answered] : "已挂断";
  if (other && !document.getElementById("content").value) location.assign(`?call=${call.id}`);
  else pop.hidden = !other;
}
if (pop || sign) setInterval(async () => {
  if (sign && document.visibilityState !== "visible") return;
  try { ringing((await (await fetch("/api/v1/calls/current")).json()).call); } catch { /* asked again in a moment */ }
}, CALL_ASKED_EVERY_MS);

/* Who else has this ticket open, as long as it is looked at. */
const here = document.querySelector("[data-present]");
if (here) (async function beat() {
  if (document.visibilityState === "visible") try {
    const { others } = await send(here.dataset.present, {});
    here.textContent = others.length ? `${others.join("、")}正在看` : "";
    here.hidden = !others.length;
  } catch { /* the sign is soft: without the line nobody is shown */ here.hidden = true; }
  setTimeout(beat, BEAT_MS);
})();

/* A page that lives: a stream says that something happened, the page's own parts are fetched and take their places.
   What a reader has opened stays open, and the focus stays where it is. */
const live = document.querySelector("[data-live]");
if (live) watch(live, document.querySelector("[data-hold]"));
function watch(said, hold) {
  let last = said.dataset.after, line, timer, held = false;
  const tell = (words) => { said.textContent = words; };
  const take = (fresh) => {
    for (const old of document.querySelectorAll("[data-part]")) {
      const found = fresh?.querySelector(`[data-part=${old.dataset.part}]`);
      if (!found) return location.reload();
      const part = document.importNode(found, true), marks = "a, summary, [tabindex]";
      const here = document.activeElement, at = [...old.querySelectorAll(marks)].indexOf(here);
      const shown = part.querySelectorAll("details");
      old.querySelectorAll("details").forEach((one, n) => { if (shown[n]) shown[n].open = one.open; });
      old.replaceWith(part);
      const all = [...part.querySelectorAll(marks)], same = (one) => one?.getAttribute("href") === here.getAttribute("href");
      if (at >= 0) (same(all[at]) ? all[at] : all.find(same) ?? all[at])?.focus({ preventScroll: true }); // rows come and go above
    }
  };
  const again = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (held) return;
      const page = new XMLHttpRequest();
      page.open("GET", location.href);
      page.responseType = "document";
      page.onload = () => { if (page.status === 200) take(page.response); };
      page.send();
    }, FRESH_MS);
  };
  const listen = () => {
    line = new EventSource(`${said.dataset.live}?after=${last}`);
    line.onopen = () => tell("实时更新");
    line.onerror = () => {
      tell("连接断开，正在重连");
      if (line.readyState === EventSource.CLOSED) setTimeout(listen, WAIT_MS);
    };
    for (const name of ["moved", "anew"]) line.addEventListener(name, (event) => { last = event.lastEventId; again(); });
    line.addEventListener("over", () => { line.close(); tell("登录已结束，重新登录后继续"); });
  };
  hold.hidden = false;
  hold.addEventListener("click", () => {
    held = !held;
    hold.textContent = held ? "继续更新" : "停止更新";
    if (!held) again();
  });
  listen();
}
