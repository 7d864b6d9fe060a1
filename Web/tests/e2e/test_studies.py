"""The study list: search, filters, order, paging, keyboard, live updates."""

import re
from datetime import date

from playwright.sync_api import expect

import synthetic
from pages import expect_heard, until


def texts(server):
    return [query.get("q", [""])[0] for query in server.state.queries]


def typed(studies, *texts: str) -> None:
    """One after the other without a pause, however slow the machine."""
    studies.search.evaluate("""(box, texts) => {
        for (const text of texts) {
            box.value = text;
            box.dispatchEvent(new InputEvent('input', { bubbles: true }));
        }
    }""", texts)


def test_search_while_typing_asks_after_a_pause_and_shows_the_last_answer(server, studies):
    server.state.query_delay = 0.3
    typed(studies, "司", "司马")
    studies.page.wait_for_timeout(250)
    typed(studies, "司马建")
    expect(studies.count).to_have_text(re.compile("^[1-9]"))
    expect(studies.page.locator(".study-link", has_text="司马建国").first).to_be_visible()
    studies.page.wait_for_timeout(500)
    assert set(studies.names()) == {"司马建国"}
    assert texts(server)[1:] in (["司马", "司马建"], ["司马建"])


def test_names_ids_accessions_and_descriptions_are_found(server, studies):
    for wanted, index in (("ouyang", 2), ("P2400074", 2), ("甲状腺", 4)):
        studies.search.fill(wanted)
        expect(studies.row(synthetic.study_uid(index))).to_be_visible()
        expect(studies.row(synthetic.study_uid(0))).to_have_count(0)


def test_markup_in_a_name_stays_text(server, studies):
    server.state.add_study(900, patientName="<script>alert(1)</script>^X", studyDescription="<img src=x onerror=alert(1)>")
    studies.search.fill("onerror")
    expect(studies.rows).to_have_count(1)
    assert studies.names() == ["<script>alert(1)</script> X"]
    assert studies.page.locator(".study-table td img, .study-table td script").count() == 0


def test_period_and_modality_filters_and_clearing_them(server, studies):
    studies.periods.nth(0).click()
    today = date.today().strftime("%Y%m%d")
    expect(studies.rows).to_have_count(6)
    assert server.state.queries[-1]["from"] == [today]
    studies.modality("CT").click()
    expect(studies.rows).to_have_count(3)
    studies.modality("MR").click()
    expect(studies.rows).to_have_count(4)
    assert server.state.queries[-1]["modality"] == ["CT", "MR"]
    studies.page.keyboard.press("Escape")
    expect(studies.count).to_have_text("260 个检查")


def test_sorting_tells_its_direction(server, studies):
    header = studies.header("name")
    expect(header).to_have_attribute("aria-sort", "none")
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(studies.rows.first).to_contain_text("陈")
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    until(studies.page, lambda: server.state.queries[-1]["sort"] == ["-patientName"], "the question to the server")


def test_the_list_pages_on_while_scrolling_with_few_rows_in_the_page(server, studies):
    def at_the_end() -> bool:
        studies.page.keyboard.press("End")
        return studies.selected.get_attribute("data-key") == synthetic.study_uid(259)

    until(studies.page, at_the_end, "the end of the list")
    assert studies.rows.count() < 80
    assert [query["cursor"] for query in server.state.queries if "cursor" in query] != []
    expect(studies.table).to_have_attribute("aria-rowcount", "261")


def test_keyboard_walks_opens_and_returns_to_the_same_place(page, server, studies):
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(studies.selected).to_have_attribute("data-key", synthetic.study_uid(2))
    expect(studies.selected).to_be_focused()
    page.keyboard.press("PageDown")
    chosen = studies.selected.get_attribute("data-key")
    page.keyboard.press("/")
    expect(studies.search).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(f"#/viewer/{chosen}")))
    expect(page.locator(".identity-name")).not_to_be_empty()
    page.keyboard.press("q")
    expect(studies.shown().selected).to_have_attribute("data-key", chosen)


def test_search_box_hands_over_to_the_list(page, studies):
    studies.search.fill("王")
    page.keyboard.press("ArrowDown")
    expect(studies.selected).to_be_focused()


def test_a_composing_input_method_does_not_search_yet(page, server, studies):
    before = len(server.state.queries)
    studies.search.focus()
    client = page.context.new_cdp_session(page)
    client.send("Input.imeSetComposition", {"text": "zhang", "selectionStart": 5, "selectionEnd": 5})
    page.wait_for_timeout(350)
    assert len(server.state.queries) == before
    client.send("Input.insertText", {"text": "张"})
    expect(studies.page.locator(".study-link").first).to_have_text(re.compile("^张"))
    assert texts(server)[-1] == "张"


def test_a_study_that_arrives_appears_without_moving_the_selection(server, studies):
    studies.page.keyboard.press("ArrowDown")
    expect(studies.selected).to_be_focused()
    server.state.add_study(901, studyDate="29990101", patientName="Xin^Lai=新^来")
    expect(studies.rows.first).to_contain_text("新来")
    expect(studies.rows.first).to_have_class(re.compile("has-arrived"))
    expect(studies.selected).to_have_attribute("data-key", synthetic.study_uid(1))
    expect(studies.selected).to_be_focused()
    expect_heard(studies.page, "1 个检查已到达或更新")


def test_a_double_click_opens_the_row_it_began_on_whatever_arrives_meanwhile(server, studies):
    page, meant = studies.page, studies.rows.nth(1)
    key = meant.get_attribute("data-key")
    box = meant.bounding_box()
    # Beside the name, which is a link.
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    page.mouse.down(click_count=1)
    page.mouse.up(click_count=1)
    server.state.add_study(905, studyDate="29990101", patientName="Xin^Lai=新^来")
    expect(studies.rows.nth(2)).to_have_attribute("data-key", key)
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    page.wait_for_url(re.compile(re.escape(key)))


def test_arrivals_do_not_push_the_rows_being_read(server, studies):
    scroller = studies.page.locator(".study-table")
    scroller.evaluate("element => element.scrollTop = 34 * 20")
    expect(studies.row(synthetic.study_uid(25))).to_be_visible()
    before = studies.row(synthetic.study_uid(25)).bounding_box()["y"]
    for i in range(3):
        server.state.add_study(910 + i, studyDate="29990101")
    expect(studies.count).to_have_text("263 个检查")
    row = studies.row(synthetic.study_uid(25))
    until(studies.page, lambda: abs(row.bounding_box()["y"] - before) < 2, "that the rows stand where they stood")


def test_a_failure_is_explained_and_can_be_tried_again(server, studies):
    server.state.fail_queries = 1
    studies.search.fill("王")
    banner = studies.page.locator(".banner-error")
    expect(banner).to_contain_text("服务器未能完成此操作")
    banner.get_by_role("button", name="重试").click()
    expect(banner).to_have_count(0)
    expect(studies.rows.first).to_contain_text("王")


def test_nothing_found_and_nothing_stored_say_what_to_do(page, server, studies):
    studies.search.fill("不存在的人")
    expect(page.locator(".empty")).to_contain_text("没有符合条件的检查")
    page.locator(".empty button").click()
    expect(studies.count).to_have_text("260 个检查")
    server.state.studies.clear()
    page.reload()
    expect(page.locator(".empty")).to_contain_text("还没有影像")
    expect(page.locator(".empty")).to_contain_text("192.168.1.20:11112")


def test_storage_running_low_and_full_is_told(page, server, studies):
    expect(page.locator(".status-bar")).to_contain_text("APUS 192.168.1.20:11112")
    for state, text in (("low", "存储空间偏低"), ("full", "存储空间已满")):
        server.state.storage = state
        page.reload()
        expect(page.locator(".banner")).to_contain_text(text)


def test_the_line_tells_when_updates_stop(page, server, studies):
    expect(page.locator(".status-bar .status-live").first).to_contain_text("实时更新")
    for listener in list(server.state.listeners):
        listener.put(None)
    expect(page.locator(".status-lost")).to_contain_text("连接中断")
    expect(page.locator(".status-live.status-live")).to_contain_text("实时更新")
