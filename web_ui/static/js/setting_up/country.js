// Where the box is: a country to choose, for the channels that its Wi-Fi may use. The box has the list, the phone the names.

import { put } from "../api.js";
import { t } from "../base/texts.js";
import { attempt, field, select } from "./asking.js";

const WORLD = "00"; // what is allowed everywhere

export class CountryField {
  // node; `chosen`: what stands in it, "" for nothing. Where nothing was said yet it begins with the phone's own country.
  constructor(id, view) {
    this.view = view;
    const options = view.countries.map((code) => [code, named(code)]).sort((a, b) => a[1].localeCompare(b[1]));
    this.choice = select([["", t("network.country.none")], [WORLD, t("network.country.world")], ...options], view.country || phones(view.countries));
    this.node = field(id, t("network.country"), this.choice, help(view));
  }

  get chosen() {
    return this.choice.value;
  }

  async say(notices) {
    // Tell the box what is chosen, if it is new. False when it refused.
    if (!this.chosen || this.chosen === this.view.country) return true;
    return (await attempt(notices, () => put("network/country", { country: this.chosen }))) !== null;
  }
}

/** Whether there is a radio that a country matters to, and that the box may set. */
export const asksFor = (view) => view.radio && !view.why_not;

function help({ country, country_in_force: now }) {
  const others = now && now !== WORLD ? named(now) : "";
  if (!country) return others ? t("network.country.machine", { country: others }) : t("network.country.unsaid");
  return t(country === WORLD ? "network.country.everywhere" : "network.country.help");
}

function phones(countries) {
  // The region of the phone's first language that has one.
  return navigator.languages.map((each) => new Intl.Locale(each).region ?? "").find((each) => countries.includes(each)) ?? "";
}

function named(code) {
  return new Intl.DisplayNames([document.documentElement.lang, "en"], { type: "region" }).of(code) ?? code;
}
