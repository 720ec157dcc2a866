// The networks: what the box is connected to, the Wi-Fis to join, its own Wi-Fi, the country. Made for a phone that may
// lose the page by what it asks for: the box has one radio, so joining ends its own Wi-Fi. The page says so before.

import { get, post, put } from "../api.js";
import { el, setText } from "../base/dom.js";
import { qrCode } from "../base/qr.js";
import { t } from "../base/texts.js";
import { attempt, button, fetched, field, radios } from "./asking.js";
import { CountryField } from "./country.js";

const AGAIN_MS = 2000; // while the box does something, and while the own list is young
const HIDDEN = " "; // no Wi-Fi is called so: the choice to type a name

export function inWords(view) {
  // What stands on the section's line.
  if (view.doing === "joining") return t("network.joining", { name: view.target });
  if (view.wifi) return view.wifi;
  if (view.wired) return t("network.wired");
  return view.own.on ? view.own.name : t("network.none");
}

export class NetworkForm extends EventTarget {
  // Events: "view", with the view as detail.
  constructor(notices) {
    super();
    this.notices = notices;
    this.node = el("div", { class: "form", id: "networks" });
    this.chosen = "";
    this.typed = { name: "", password: "" };
    this.drawn = "";
    this.timer = 0;
    this.card = null;
  }

  async load({ look = false } = {}) {
    if (look) await attempt(this.notices, () => post("network/look", { look: true })).catch(() => null);
    const view = await fetched(this.notices, () => get("network"));
    if (!view) return;
    this.dispatchEvent(new CustomEvent("view", { detail: view }));
    const same = JSON.stringify({ ...view, near_age_s: 0, near: view.near.map(({ strength, ...rest }) => ({ ...rest, bars: bars(strength) })) });
    if (same !== this.drawn) this.#draw(view);
    this.drawn = same;
    clearTimeout(this.timer);
    if (view.doing) this.timer = setTimeout(() => this.load(), AGAIN_MS);
  }

  rest() {
    clearTimeout(this.timer);
  }

  #draw(view) {
    if (view.why_not) {
      this.node.replaceChildren(el("p", { class: "lead" }, view.why_not), el("p", { class: "help" }, t("network.docs")));
      return;
    }
    this.node.replaceChildren(...this.#now(view), ...(view.radio ? this.#radio(view) : [el("p", { class: "help" }, t("network.no_radio"))]));
  }

  #radio(view) {
    const country = this.#country(view);
    return [...(view.country ? [] : country), ...this.#join(view), ...this.#saved(view), ...this.#own(view), ...(view.country ? country : [])];
  }

  #now(view) {
    const said = view.failed ? [el("p", { class: "said", role: "status" }, t(`network.why.${view.why}`, { name: view.failed }))] : [];
    const problem = view.own.problem ? [el("p", { class: "said", role: "status" }, view.own.problem)] : [];
    return [...said, ...problem];
  }

  #join(view) {
    const words = (near) => el("span", { class: "row-words" }, el("strong", {}, near.ssid),
      el("small", {}, [t(`network.bars.${bars(near.strength)}`), near.locked ? "" : t("network.open"),
        near.why_not ? t(`network.why_not.${near.why_not}`) : ""].filter(Boolean).join(", ")));
    const options = view.near.map((near) => [near.ssid, words(near), Boolean(near.why_not)]);
    const name = el("input", { class: "pick", type: "text", maxLength: 32, autocomplete: "off", autocapitalize: "off", spellcheck: false, value: this.typed.name });
    const password = el("input", { class: "pick", type: "password", maxLength: 63, autocomplete: "off", autocapitalize: "off", spellcheck: false, value: this.typed.password });
    name.addEventListener("input", () => { this.typed.name = name.value; });
    password.addEventListener("input", () => { this.typed.password = password.value; });
    const asked = el("div", { class: "form" });
    const join = button("", async () => {
      const ssid = this.chosen === HIDDEN ? name.value : this.chosen;
      if (!(await this.country.say(this.notices))) return;
      if ((await attempt(this.notices, () => post("network/join", { ssid, password: password.value }))) === null) return;
      this.typed = { name: "", password: "" };
      this.load();
    }, { strong: true });
    const choose = (ssid) => {
      this.chosen = ssid;
      const near = view.near.find((each) => each.ssid === ssid);
      const knows = view.saved.includes(ssid);
      setText(join, t("network.join", { name: ssid === HIDDEN ? t("network.hidden") : ssid }));
      asked.replaceChildren(
        ...(ssid === HIDDEN ? [field("wifi-name", t("network.name"), name)] : []),
        ...(ssid === HIDDEN || near?.locked ? [field("wifi-password", t("network.password"), password, knows ? t("network.password.saved") : "")] : []),
        ...(view.own.on ? [el("p", { class: "said" }, t("network.leaves", { own: view.own.name, host: address(view.host) }))] : []), join);
    };
    const list = radios(t("network.near"), [...options, [HIDDEN, t("network.hidden")]], this.chosen, choose);
    if (this.chosen) choose(this.chosen);
    const age = view.near_age_s === null ? t("network.near.never") : t("network.near.age", { minutes: Math.ceil(view.near_age_s / 60) });
    return [el("h3", {}, t("network.near")), el("p", { class: "help" }, view.own.on ? `${age} ${t("network.near.hosting")}` : age), list, asked,
      ...(view.own.on ? [] : [button(t("network.look"), () => this.load({ look: true }))])];
  }

  #saved(view) {
    if (!view.saved.length) return [];
    const line = (ssid) => el("li", { class: "line" }, el("span", { class: "line-title" }, ssid), button(t("network.forget"), async () => {
      await attempt(this.notices, () => post("network/forget", { ssid }));
      setTimeout(() => this.load(), AGAIN_MS / 2);
    }, { small: true }));
    return [el("h3", {}, t("network.saved")), el("ul", { class: "lines" }, ...view.saved.map(line))];
  }

  #own(view) {
    const own = view.own;
    const guests = own.guests === null ? "" : t("network.own.guests", { count: own.guests });
    const said = own.on ? t(own.asked ? "network.own.stays" : "network.own.on", { name: own.name }) : t("network.own.off", { name: own.name });
    const place = el("div", { class: "form" });
    const draw = () => place.replaceChildren(el("dl", { class: "facts" }, ...this.#fact(t("network.name"), this.card.name), ...this.#fact(t("network.password"), this.card.password)),
      qrCode(this.card.qr, t("network.own.code", { name: this.card.name })));
    const show = button(t("network.own.show"), async () => {
      this.card = await attempt(this.notices, () => get("network/own/card"));
      if (this.card) draw();
    });
    const turn = button(t(own.on ? "network.own.close" : "network.own.open"), async () => {
      if (own.on || (await this.country.say(this.notices))) await attempt(this.notices, () => put("network/own", { on: !own.on }));
      this.load();
    });
    place.append(show);
    return [el("h3", {}, t("network.own")), el("p", { class: "lead" }, said, guests ? ` ${guests}` : ""), place,
      ...(own.on ? [] : [el("p", { class: "help" }, t("network.own.leaves"))]), turn];
  }

  #fact(name, value) {
    return [el("dt", {}, name), el("dd", { class: "address" }, value)];
  }

  #country(view) {
    // Until somebody has said it, it stands first: what is chosen is told when the box joins or opens a Wi-Fi, or at once.
    this.country = new CountryField("wifi-country", view);
    const say = async () => {
      await this.country.say(this.notices);
      this.load();
    };
    if (view.country) {
      this.country.choice.addEventListener("change", say);
      return [this.country.node];
    }
    const use = button(t("network.country.use"), say);
    const look = () => { use.disabled = !this.country.chosen; };
    this.country.choice.addEventListener("change", look);
    look();
    return [this.country.node, el("p", { class: "help" }, t("network.country.first")), use];
  }
}

const bars = (strength) => (strength >= 60 ? "good" : strength >= 35 ? "fair" : "weak");
const address = (host) => `http://${host}${location.port ? `:${location.port}` : ""}/`;
