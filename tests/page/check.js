// Checks of a report page in headless Chromium, as TAP: node check.js PAGE [SCREENSHOT-FOLDER [VIEW]]
"use strict";
const path = require("path");
const { chromium } = require("playwright-core");

const page_path = path.resolve(process.argv[2]);
const shots = process.argv[3];
const views = [["phone", 360, 740, "light"], ["phone", 360, 740, "dark"], ["tablet", 768, 1024, "light"], ["laptop", 1280, 800, "light"],
               ["wide", 2200, 1200, "dark"]];

let n = 0;
function report(passed, name, why) {
  console.log(`${passed ? "ok" : "not ok"} ${++n} - ${name}`);
  if (!passed) console.log(`# ${JSON.stringify(why)}`);
}

// What is wrong with the page as it is laid out now; runs inside the page.
function faults() {
  const found = { hidden: [], nameless: [], ids: [], outside: [], crowded: [], unknown: [], mute: [] };
  const seen = new Set();
  for (const element of document.querySelectorAll("[id]")) {
    if (seen.has(element.id)) found.ids.push(element.id);
    seen.add(element.id);
  }
  for (const figure of document.querySelectorAll("figure")) {
    const svg = figure.querySelector("svg"), box = svg.getBoundingClientRect();
    if (box.width < 200 || box.height < 80) found.hidden.push(figure.id);
    if (svg.getAttribute("role") !== "img" || !(svg.getAttribute("aria-label") || "").trim()) found.nameless.push(figure.id);
    const hits = [...svg.querySelectorAll(".hit > title")];
    if (hits.length === 0 || !hits.every(hit => /\d/.test(hit.textContent))) found.mute.push(figure.id);
    const texts = [...svg.querySelectorAll("text")].map(text => [text.textContent.trim(), text.getBoundingClientRect()]);
    for (const [text, at] of texts) {
      if (/null|nan|undefined|inf\b/i.test(text)) found.unknown.push(`${figure.id}: ${text}`);
      if (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1)
        found.outside.push(`${figure.id}: ${text}`);
      for (const [other, there] of texts) {
        const wide = Math.min(at.right, there.right) - Math.max(at.left, there.left);
        const high = Math.min(at.bottom, there.bottom) - Math.max(at.top, there.top);
        if (at !== there && text && other && wide > 1 && high > 0.35 * Math.min(at.height, there.height))
          found.crowded.push(`${figure.id}: ${text} / ${other}`);
      }
    }
  }
  for (const control of document.querySelectorAll("button, select, a"))
    if (!(control.textContent.trim() || control.labels?.length || control.getAttribute("aria-label")))
      found.nameless.push(control.outerHTML.slice(0, 80));
  return found;
}

// The contrast of every text with what lies behind it, after WCAG 2; runs inside the page.
function faint_texts(limit) {
  const parse = colour => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  for (const element of document.querySelectorAll("p, td, th, a, dt, dd, h1, h2, h3, li, svg text")) {
    const style = getComputedStyle(element);
    const front = light(parse(element.closest("svg") ? style.fill : style.color)), back = light(ground(element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (element.textContent.trim() && ratio < limit) faint.add(`${ratio.toFixed(1)}: ${element.textContent.trim().slice(0, 40)}`);
  }
  return [...faint];
}

async function check_table(page) {
  const column = title => page.evaluate(wanted => {
    const table = document.querySelector("table.sortable");
    const i = [...table.tHead.rows[0].cells].findIndex(cell => cell.textContent.startsWith(wanted));
    return [...table.tBodies[0].rows].map(row => row.cells[i].dataset.value ?? row.cells[i].textContent);
  }, title);
  const sorted = (values, sign) => values.every((v, i) => i === 0 || v === "" || sign * (Number(v) - Number(values[i - 1])) >= 0);
  const button = page.locator("table.sortable th button", { hasText: "p99" });
  await button.click();
  report(sorted(await column("p99"), -1), "a click on p99 sorts by it, the largest first", await column("p99"));
  await button.click();
  report(sorted(await column("p99"), 1), "a second click turns the order", await column("p99"));
  await page.locator("table.sortable th button", { hasText: "mode" }).focus();
  await page.keyboard.press("Enter");
  const modes = await column("mode");
  report(modes.join() === [...modes].sort((a, b) => a.localeCompare(b)).join(), "the keyboard sorts, too", modes);
  const all = await page.locator("tbody tr:visible").count();
  await page.selectOption("#workload", { index: 1 });
  const some = await page.locator("tbody tr:visible").count();
  report(some > 0 && some < all, "the list of workloads shows the rows of one", [some, all]);
}

// On A4 with usual margins, which is some 718 points wide, nothing is cut off.
async function check_print(page, label) {
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 718, height: 1000 });
  const cut = await page.evaluate(() => [...document.querySelectorAll("html, .wide, .drawing")]
    .filter(box => box.scrollWidth > box.clientWidth + 1).map(box => `${box.tagName}, ${box.scrollWidth - box.clientWidth} points: ${box.textContent.trim().slice(0, 30)}`));
  report(cut.length === 0, `${label}: nothing is cut off on paper`, cut);
}

async function check_view(browser, [name, width, height, scheme]) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  const complaints = [], requests = [];
  page.on("console", message => complaints.push(message.text()));
  page.on("pageerror", error => complaints.push(error.message));
  page.on("request", request => requests.push(request.url()));
  await page.goto(`file://${page_path}`);
  const label = `${name}, ${scheme}`;
  const across = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  report(across <= 0, `${label}: no scrolling from side to side`, across);
  const choices = await page.evaluate(() => {
    const box = document.querySelector("table.choice").parentElement;
    return box.scrollWidth - box.clientWidth;
  });
  report(choices <= 0, `${label}: the choices can be read without scrolling sideways`, choices);
  const found = await page.evaluate(faults);
  report(found.hidden.length === 0, `${label}: every chart is visible`, found.hidden);
  report(found.nameless.length === 0, `${label}: charts and controls have names`, found.nameless);
  report(found.mute.length === 0, `${label}: values show under the pointer`, found.mute);
  report(found.ids.length === 0, `${label}: identifiers are unique`, found.ids);
  report(found.outside.length === 0, `${label}: texts stay within their charts`, found.outside);
  report(found.crowded.length === 0, `${label}: texts of a chart do not overlap`, found.crowded);
  report(found.unknown.length === 0, `${label}: no text of a chart is a slip`, found.unknown);
  const faint = await page.evaluate(faint_texts, 4.5);
  report(faint.length === 0, `${label}: texts stand out from their ground`, faint);
  if (name === "laptop") await check_table(page);
  report(complaints.length === 0, `${label}: no complaints from the browser`, complaints);
  report(requests.length === 1, `${label}: nothing else is loaded`, requests);
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.${scheme}.png`), fullPage: true });
  if (name === "laptop") await check_print(page, label);
  await page.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  for (const view of views.filter(([name]) => !process.argv[4] || name === process.argv[4]))
    await check_view(browser, view);
  console.log(`1..${n}`);
  await browser.close();
})().catch(error => { console.log(`Bail out! ${error.message}`); process.exitCode = 1; });
