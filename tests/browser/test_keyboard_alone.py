"""Whole pieces of work by keyboard alone: Tab, arrows, Enter and what is typed; nobody touches a mouse."""

from playwright.async_api import Browser, Page, expect

from tests.halls import PASSWORD, Hall

TABS_MAX, ARROWS_MAX = 90, 90  # a page that needs more has lost who sits before it


class Hands:
    """On a keyboard, before a page: what they get hold of is only what Tab reaches."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def reach(self, selector: str) -> None:
        for _ in range(TABS_MAX):
            if await self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{TABS_MAX} tabs on {self.page.url} don't reach {selector}")

    async def follow(self, selector: str) -> None:
        await self.reach(selector)
        await self.send("Enter")

    async def send(self, key: str = "Control+Enter") -> None:
        async with self.page.expect_navigation():
            await self.page.keyboard.press(key)
        assert not await self.page.locator(".errsum").count(), await self.page.inner_text(".errsum")

    async def write(self, selector: str, words: str) -> None:
        await self.reach(selector)
        await self.page.keyboard.press("Control+a")
        await self.page.keyboard.type(words)

    async def choose(self, selector: str, label: str) -> None:
        """The first option of a list whose words begin so."""
        await self.reach(selector)
        for _ in range(ARROWS_MAX):
            if (await self.page.evaluate("document.activeElement.selectedOptions[0].text")).startswith(label):
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no option of {selector} begins with {label}")

    async def tick(self, name: str, value: str) -> None:
        """One of a few: Tab reaches the group, an arrow or the space bar the one that is meant."""
        await self.reach(f"input[name={name}]")
        await self.page.keyboard.press("Space")
        for _ in range(ARROWS_MAX):
            if await self.page.evaluate("document.activeElement.value") == value:
                return
            await self.page.keyboard.press("ArrowRight")
        raise AssertionError(f"{name} is never {value}")

    async def go(self, address: str) -> None:
        """Along the bar: what doesn't fit stands under 更多."""
        link = f".bar nav a[href='{address}']"
        if not await self.page.locator(link).is_visible():
            await self.reach(".bar nav summary")
            await self.page.keyboard.press("Enter")
        await self.follow(link)


async def sits_down(hall: Hall, browser: Browser, username: str) -> Hands:
    page = await (await browser.new_context(viewport={"width": 1366, "height": 768})).new_page()
    await page.goto(f"{hall.url}/sign-in")
    hands = Hands(page)
    await hands.write("#username", username)
    await hands.write("#password", PASSWORD)
    await hands.send("Enter")
    await page.goto(f"{hall.url}/me")
    return hands


async def test_an_article_is_written_by_one_and_published_by_another(hall: Hall, browser: Browser) -> None:
    editor = await sits_down(hall, browser, "editor")
    await editor.go("/hotline/articles")
    await editor.follow("a[href='/hotline/articles/new']")
    await editor.write("#title", "停水以后水发黄怎么办")
    await editor.write("#body", "先放水五分钟；仍发黄的，请记下时间和地址，拨打供水热线派人上门检测。")
    await editor.write("#source", "《城市供水条例》第二十条")
    await editor.choose("#owner", "澜州市水务集团")
    await editor.choose("#category", "城建公用 / 供水 / 水压水质")
    await editor.tick("visibility", "public")
    await editor.write("#valid_to", "2030-12-31")
    await editor.send()
    await editor.follow("form[action$='/submit'] button[data-submit]")
    await expect(editor.page.locator(".sbar")).to_contain_text("待审定")

    manager = await sits_down(hall, browser, "manager")
    await manager.go("/hotline/articles")
    await manager.follow("a[href='?state=submitted']")
    await manager.follow(f"tbody a[href$='{editor.page.url.rsplit('/', 1)[1]}']")
    await manager.send()
    await expect(manager.page.locator(".sbar")).to_contain_text("已发布")
    await editor.page.reload()
    await expect(editor.page.locator("main")).to_contain_text("第 1 版")


async def test_a_policy_is_changed_by_one_and_published_by_another(hall: Hall, browser: Browser) -> None:
    manager = await sits_down(hall, browser, "manager")
    await manager.go("/hotline/policies")
    await manager.follow("a[href='/hotline/policies/new']")
    await manager.choose("#base", "default-v1")
    await manager.write("#no", "keys-2030-1")
    await manager.write("#title", "求助类签收改为四个工作小时")
    await manager.send()
    if "/edit" not in manager.page.url:
        await manager.follow("a[href$='/keys-2030-1/edit']")
    cell = await manager.page.get_attribute("input[aria-label^='签收，求助']", "id")
    await manager.write(f"[id='{cell}']", "4 个工作小时")
    await manager.send()
    await expect(manager.page.locator("main")).to_contain_text("有 1 处不同")
    await manager.follow("form[action$='/submit'] button[data-submit]")

    supervisor = await sits_down(hall, browser, "supervisor")
    await supervisor.go("/hotline/policies")
    await supervisor.follow("tbody a[href$='/keys-2030-1']")
    await expect(supervisor.page.locator("main")).to_contain_text("有 1 处不同")
    await supervisor.write("#publish-effective_from", "2030-01-01")
    await supervisor.send()
    await expect(supervisor.page.locator(".sbar")).to_contain_text("待生效")


async def test_an_objection_is_ruled_with_what_the_agency_wrote_before_ones_eyes(hall: Hall, browser: Browser) -> None:
    judge = await sits_down(hall, browser, "adjudicator")
    await judge.go("/hotline/ruling")
    waiting = await judge.page.locator("tr[data-row]").count()
    await expect(judge.page.locator("#one")).to_contain_text("依据：职责清单")
    await judge.page.keyboard.press("j")
    address = await judge.page.get_attribute("#one h2 a", "href")
    await judge.page.keyboard.press("v")
    await judge.tick("granted", "false")
    await judge.write("#rule_objection-reason", "三定方案第五条写明由你单位办理。")
    await judge.send()
    assert await judge.page.locator("tr[data-row]").count() == waiting - 1
    await judge.page.goto(f"{hall.url}{address}")
    await expect(judge.page.locator("main")).to_contain_text("异议不成立")
