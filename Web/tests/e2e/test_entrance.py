"""First set-up, signing in and out."""

from playwright.sync_api import expect

from mock_server import SETUP_TOKEN
from pages import Entrance, StudyList, until


def test_first_administrator_is_created_and_signed_in(page, server):
    entrance = Entrance(page).open(f"{server.url}/setup/{SETUP_TOKEN}")
    entrance.create_administrator("chief", "Quiet", "Quiet")
    expect(entrance.submit).to_be_disabled()
    expect(page.locator(".rule-met")).to_have_count(2)
    entrance.create_administrator("chief", "Quiet-harbour-7", "Quiet-harbour-8")
    expect(page.locator("#again-note")).to_have_text("两次输入的密码不一致。")
    expect(entrance.submit).to_be_disabled()
    entrance.create_administrator("chief", "Quiet-12345-x")
    entrance.submit.click()
    expect(entrance.alert).to_contain_text("属于最常被猜测的密码")
    entrance.create_administrator("chief", "Quiet-harbour-7")
    entrance.submit.click()
    StudyList(page).shown()
    assert server.state.accounts["chief"] == "Quiet-harbour-7"
    # The token is gone from the address, and the link is spent.
    assert SETUP_TOKEN not in page.url
    entrance.open(f"{server.url}/setup/{SETUP_TOKEN}")
    expect(entrance.alert).to_contain_text("此链接无效或已使用")


def test_wrong_password_is_explained_and_too_many_are_stopped(page, server):
    entrance = Entrance(page).open(server.url)
    entrance.sign_in("reader", "wrong")
    expect(entrance.alert).to_contain_text("用户名或密码不正确")
    expect(entrance.password).to_be_focused()
    expect(entrance.password).to_have_value("")
    server.state.failed_logins = 5
    entrance.sign_in("reader", "wrong")
    expect(entrance.alert).to_contain_text("尝试次数过多")


def test_signing_out_forgets_the_list(page, server, studies):
    studies.search.fill("王")
    studies.open_user_menu().get_by_role("menuitem", name="退出登录").click()
    expect(Entrance(page).name).to_be_visible()
    until(page, lambda: server.state.sessions == {}, "the end of the session")
    assert server.state.csrf_violations == 0
    Entrance(page).sign_in("reader", server.state.accounts["reader"])
    expect(studies.shown().search).to_have_value("")


def test_an_ended_session_leads_to_the_login_and_back(page, server, studies):
    server.state.sessions.clear()
    studies.search.fill("李")
    expect(page.locator(".lead")).to_have_text("会话已结束，请重新登录。")
    Entrance(page).sign_in("reader", server.state.accounts["reader"])
    studies.shown()


def test_reload_keeps_the_session_and_can_still_change_things(page, server, studies):
    page.reload()
    studies.shown().open_user_menu().get_by_role("menuitem", name="退出登录").click()
    expect(Entrance(page).name).to_be_visible()
    assert server.state.csrf_violations == 0
