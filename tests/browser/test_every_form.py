"""Every form that stands on a page: sent with nonsense, it comes back as it was sent and says what is wrong."""

import re

import pytest
from lxml import html
from playwright.async_api import Browser

from tests.browser.test_every_page import PEOPLE, VISITS
from tests.browsing import signed_in
from tests.halls import Hall

# what takes no words, or ends the session the test sits in
NOT_WORDS = re.compile(
    r"sign-out|sign-in|step-up|/look|/end$|/disable|/reset|/no-factor|/unlock|download|revoke|inbox/read"
)
SECRET = {"code"}  # is never shown again
# every form of words on the page, sent with nonsense: where to, as what, the answer
SENT = """async (skip) => {
  const told = [];
  for (const form of document.querySelectorAll('form[method=post]')) {
    const action = form.getAttribute('action') || location.pathname;
    const words = [...form.elements].filter(e => e.name && (e.tagName === 'TEXTAREA' || e.tagName === 'SELECT' ||
      e.tagName === 'INPUT' && !['hidden', 'submit', 'checkbox', 'radio', 'file'].includes(e.type)));
    if (!words.length || new RegExp(skip).test(action)) continue;
    const sent = new URLSearchParams(), typed = [];
    for (const e of form.elements) if (e.name && e.type === 'hidden') sent.append(e.name, e.value);
    for (const e of words) {
      const plain = e.tagName === 'TEXTAREA' || ['text', 'search', 'email', 'tel'].includes(e.type);
      sent.set(e.name, plain ? '~' : '~~');
      if (plain && e.autocomplete !== 'one-time-code' && !e.name.startsWith('_')) typed.push(e.name);
    }
    const answer = await fetch(action, {method: 'POST', body: sent, headers: {accept: 'text/html'}});
    if (!answer.redirected) told.push([action, typed, answer.status, await answer.text()]);  // else it was taken
  }
  return told;
}"""


@pytest.mark.parametrize("who", PEOPLE, ids=[who or "nobody" for who in PEOPLE])
async def test_a_form_that_is_refused_stands_there_again_with_what_was_typed(
    hall: Hall, browser: Browser, who: str
) -> None:
    page = await signed_in(hall, browser, who)
    seen, wrong = set[str](), list[str]()
    for path in [path for visits in VISITS.values() for name, path in visits if name == who and "{" not in path]:
        await page.goto(hall.url + path)
        for action, typed, status, answer in await page.evaluate(SENT, NOT_WORDS.pattern):
            if alike(action) not in seen:
                seen.add(alike(action))
                wrong += [f"{path}: {action}: {problem}" for problem in missed(action, typed, status, answer)]
    assert not wrong, "\n".join(wrong)


def missed(action: str, typed: list[str], status: int, answer: str) -> list[str]:
    page = html.fromstring(answer)
    again = [form for form in page.forms if alike(form.get("action") or "") == alike(action)]
    kept = {name for form in again for name, value in form.form_values() if value.strip() == "~"}
    outside = [part for form in again for part in page.xpath("//*[@form=$id]", id=form.get("id") or "-")]
    kept |= {part.get("name") for part in outside if part.get("value") == "~"}
    problems = [] if status in {409, 422} else [f"answers {status}"]  # 409: a form above it was taken, this one is old
    problems += [] if page.find_class("errsum") else ["says nothing of what is wrong"]
    if not again:
        return [*problems, "the form is gone"]
    return problems + [f"what was typed in {name} is gone" for name in typed if name not in kept | SECRET]


def alike(action: str) -> str:
    return re.sub(r"[0-9]+", "N", action)
