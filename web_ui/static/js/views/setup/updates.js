// Updates: which version runs, what is newer and what it changes, installing it, going back, and what came of the last one.
// While the box changes versions the page loses it; the view is asked for again when the connection is back.

import { get, post } from "../../api.js";
import { opened } from "../../base/dialog.js";
import { el, setText } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { markdown } from "../../base/markdown.js";
import { attempt, button, fetched } from "../../setting_up/asking.js";
import { fact } from "../../setting_up/facts.js";
import { returning } from "../../setting_up/following.js";
import { t } from "../../base/texts.js";

export const title = "updates.title";
export const needs = "owner";
const BUSY_MS = 1000;
const LATER = new Set(["page", "sound", "crash", "apply", "cut"]); // codes whose sentence says what the new version did

export function create({ connection, notices }, card) {
  const says = el("p", { class: "said", role: "status", hidden: true });
  const facts = el("dl", { class: "facts" });
  const found = el("div", { class: "form" });
  const keys = el("div", { class: "form" });
  const help = el("p", { class: "help" });
  card.body.append(says, facts, found, keys, help);
  let timer = 0;
  const front = returning(connection, load, () => clearTimeout(timer));

  function side({ doing, offer, result }) {
    const back = result?.result === "back";
    card.side(doing && doing !== "look" ? t("updates.side.busy") : back ? t("updates.side.back", { old: result.old })
      : offer ? t("updates.side.newer", { version: offer.version }) : "", back);
  }

  async function load() {
    clearTimeout(timer);
    const view = await fetched(notices, () => get("updates"));
    if (!view) return;
    draw(view);
    if (front.shown && view.doing) timer = setTimeout(load, BUSY_MS);
  }

  function draw(view) {
    side(view);
    const words = sentence(view);
    says.hidden = !words;
    setText(says, words);
    facts.replaceChildren(...[["version", view.version], ["previous", view.previous]]
      .filter(([, version]) => version).map(([name, version]) => fact([t(`updates.${name}`), version])));
    facts.hidden = !facts.children.length;
    const { offer, doing, why_not } = view;
    found.hidden = !offer || Boolean(doing);
    if (offer) {
      found.replaceChildren(
        el("h3", {}, t("updates.offer", { version: offer.version, made: offer.made, size: number(offer.megabytes, 1) })),
        ...(offer.changes.length ? [el("p", {}, t("updates.changes")), markdown(offer.changes.map((line) => `- ${line}`).join("\n"))] : []),
        button(t("updates.install", { version: offer.version }), () => sure(view, offer.version, "install"), { strong: true }));
    }
    const looks = view.sources.map(({ id, kind }) =>
      button(t(kind === "stick" ? "updates.look.stick" : "updates.look"), () => begin(() => post("updates/look", { source: id }))));
    const back = view.previous && !why_not ? [button(t("updates.back", { version: view.previous }), () => sure(view, view.previous, "back"))] : [];
    keys.replaceChildren(...(why_not ? [] : looks), ...back);
    for (const key of keys.children) key.disabled = Boolean(doing);
    const source = view.sources.find(({ kind }) => kind === "source");
    setText(help, why_not ? "" : view.looks_daily ? t("updates.help.daily")
      : source ? t("updates.help.source", { where: source.where }) : view.sources.length ? t("updates.help") : `${t("updates.no_source")} ${t("updates.help")}`);
  }

  async function begin(ask) {
    await attempt(notices, ask);
    load();
  }

  function sure(view, version, what) {
    // Nothing stops the sound before somebody has read that it does.
    const time = view.silent_s ? t("updates.time.last", { seconds: number(Math.ceil(view.silent_s), 0) }) : t("updates.time.some");
    const cancel = button(t("shell.cancel"), () => node.close());
    const go = button(t(`updates.${what}`, { version }), () => {
      node.close();
      begin(() => what === "install" ? post("updates/install", { version, sound_may_stop: true }) : post("updates/back", { sound_may_stop: true }));
    }, { strong: true });
    const node = opened(t(`updates.${what}.ask`, { version, time }), el("p", {}, t("updates.install.back", { version: view.version })),
      el("div", { class: "dialog-buttons" }, cancel, go));
  }

  return { ...front, glance: async () => side(await get("updates")) };
}

function sentence({ version, doing, phase, progress, looked, offer, problem, why_not, result, clock_is_wrong }) {
  // What is going on, else what went wrong just now, else what came of the last update.
  if (why_not) return why(why_not, {});
  if (doing === "look") return t("updates.looking");
  if (doing === "get") return t("updates.fetching", { percent: number(100 * progress, 0) });
  if (doing) return t(`updates.phase.${phase || "waiting"}`);
  const parts = [];
  if (problem) parts.push(why(problem, {}));
  else if (looked && !offer) parts.push(t("updates.newest"));
  if (clock_is_wrong) parts.push(t("updates.clock"));
  if (!parts.length && result) {
    const { old, when } = result;
    const values = { ...result.problem?.values, version: result.version };
    parts.push(t(`updates.result.${result.result}`, { version: result.version, old: old || version, when, why: result.problem ? why(result.problem, values) : "" }));
    if (result.restored.length) parts.push(t("updates.restored", { version: result.version, list: result.restored.join(", ") }));
  }
  return parts.join(" ");
}

function why({ code, words, values }, more) {
  // The page's own sentence where it has one; the box's own words add what a sentence cannot.
  const key = `updates.why.${code}`;
  const own = t(key, { ...values, ...more });
  if (own === key) return words;
  return LATER.has(code) || Object.keys(values).length ? own : `${own} (${words})`;
}
