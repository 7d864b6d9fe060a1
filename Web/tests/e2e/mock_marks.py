"""The part of the stand-in server that keeps marks, as Documentation/marks.md has it."""

import json


class MarkKeeper:
    """Working copies by account and study, published marks by study, and what can go wrong."""

    def __init__(self):
        self.drafts: dict = {}
        self.attempts: dict = {}
        self.published: dict = {}
        self.saves = 0
        # Every request is answered 503, as while a server starts again.
        self.down = False

    def draft(self, user: str, study: str) -> dict:
        return self.drafts.get((user, study), {"revision": 0, "marks": [], "deleted": []})

    def marks(self, user: str, study: str) -> list:
        return self.draft(user, study)["marks"]

    def answer(self, handler, method: str, user: str, study: str, rest: list) -> None:
        if self.down:
            return handler.error(503, "starting", "")
        if rest == ["draft"] and method == "GET":
            return handler.json(self.draft(user, study))
        if rest == ["draft"] and method == "PUT":
            return self.put(handler, user, study, json.loads(handler.body))
        if rest == [] and method == "POST":
            return self.publish(handler, user, study, json.loads(handler.body))
        if rest == [] and method == "GET":
            return handler.json({"marks": list(self.published.get(study, {}).values())})
        handler.error(404, "http404", "")

    def put(self, handler, user: str, study: str, body: dict) -> None:
        attempt = body.pop("attempt")
        if attempt in self.attempts:
            return handler.json({"revision": self.attempts[attempt]})
        now = self.draft(user, study)
        if body["revision"] != now["revision"]:
            error = {"code": "draftConflict", "message": "", "remedy": ""}
            return handler.json({"error": error} | now, 409)
        revision = now["revision"] + 1
        author = {"name": user, "displayName": user}
        marks = [mark | {"author": author} for mark in body["marks"]]
        self.drafts[(user, study)] = {"revision": revision, "marks": marks, "deleted": body["deleted"]}
        self.attempts[attempt] = revision
        self.saves += 1
        handler.json({"revision": revision})

    def publish(self, handler, user: str, study: str, body: dict) -> None:
        kept = self.published.setdefault(study, {})
        origin = {"sopInstanceUID": "1.9.1", "seriesInstanceUID": "1.9", "kind": "SR", "created": "2026-01-02T03:04:05.678Z"}
        for mark in body["marks"]:
            kept[mark["uid"]] = mark | {"origin": origin, "author": {"name": user, "displayName": user}}
        instance = {"sopInstanceUID": "1.9.1", "seriesInstanceUID": "1.9", "sopClassUID": "1.2.840.10008.5.1.4.1.1.88.34"}
        handler.json({"instances": [instance | {"marks": [mark["uid"] for mark in body["marks"]]}]}, 201)
