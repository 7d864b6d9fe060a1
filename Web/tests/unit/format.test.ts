import assert from "node:assert/strict";
import { ageInYears, bytes, date, dicomDate, personName, time } from "../../src/core/format.ts";
import { csvField } from "../../src/app/import/result-list.ts";
import { passwordRules } from "../../src/app/password.ts";
import { parseRoute } from "../../src/core/router.ts";

Deno.test("PS3.5 §6.2.1 names show the ideographs first and no carets", () => {
  assert.deepEqual(personName("Zhang^San=张^三="), { primary: "张三", secondary: "Zhang San" });
  assert.deepEqual(personName("Doe^John^^Dr"), { primary: "Doe John Dr", secondary: "" });
  assert.deepEqual(personName("王^小明"), { primary: "王小明", secondary: "" });
  assert.deepEqual(personName(""), { primary: "", secondary: "" });
});

Deno.test("dates and times are shown in ISO form, anything else unchanged", () => {
  assert.equal(date("20260304"), "2026-03-04");
  assert.equal(date("2026.03.04"), "2026-03-04");
  assert.equal(date("2026"), "2026");
  assert.equal(time("0905"), "09:05");
  assert.equal(time("090507.123", true), "09:05:07");
  assert.equal(dicomDate(new Date(2026, 2, 1), 2), "20260227");
});

Deno.test("age counts whole years and is unknown without both dates", () => {
  assert.equal(ageInYears("19600304", "20260303"), 65);
  assert.equal(ageInYears("19600304", "20260304"), 66);
  assert.equal(ageInYears("", "20260304"), null);
  assert.equal(ageInYears("20270101", "20260304"), null);
});

Deno.test("sizes are in binary units", () => {
  assert.equal(bytes(0), "0 B");
  assert.equal(bytes(1536), "1.5 KB");
  assert.equal(bytes(180 * 2 ** 30), "180 GB");
});

Deno.test("CSV fields are quoted, and formulas disarmed", () => {
  assert.equal(csvField('a "b", c'), '"a ""b"", c"');
  assert.equal(csvField("=HYPERLINK(1)"), "'=HYPERLINK(1)");
  assert.equal(csvField("IM 1"), "IM 1");
});

Deno.test("password rules match those of a new installation", () => {
  const broken = (password: string, account = "admin") =>
    passwordRules.filter((rule) => !rule.holds(password, account)).map((rule) => rule.message);
  assert.deepEqual(broken("Blue-lantern-42"), []);
  assert.deepEqual(broken("short1A"), ["password.rule.length"]);
  assert.deepEqual(broken("onlylowercase"), ["password.rule.classes"]);
  assert.deepEqual(broken("twenty lowercase letters"), []);
  assert.deepEqual(broken("Aa1Aa1Aa1Aa1"), ["password.rule.distinct"]);
  assert.deepEqual(broken("Admin-lantern-42"), ["password.rule.name"]);
});

Deno.test("addresses lead to screens, and odd ones to the list", () => {
  assert.deepEqual(parseRoute("/setup/abc-1", ""), { screen: "setup", token: "abc-1" });
  assert.deepEqual(parseRoute("/", "#/setup/abc-1"), { screen: "setup", token: "abc-1" });
  assert.deepEqual(parseRoute("/", "#/viewer/1.2.3"), { screen: "viewer", study: "1.2.3" });
  assert.deepEqual(parseRoute("/", "#/viewer/../../x"), { screen: "studies" });
});
