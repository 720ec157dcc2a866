// Learn from anywhere on the page: opens the sheet of mappings, already listening for the control that is to do an action.
//
//   learnFor(box, action)   box: {connection, params, notices}, as views get it; action: {do, param, …}, as the box takes it
//   actionFor(view)         the usual action of a parameter: a switch is switched, everything else follows a knob
//
// Loaded when first used: const { learnFor, actionFor } = await import("../front/learn.js")

import { get, Refusal } from "../api.js";
import { mapSheet } from "./map_sheet.js";

let following = false;

export function actionFor(view) {
  if (view.choices.length === 2 && view.choices[0] === "off") return { do: "toggle", param: view.id };
  return view.choices.length ? { do: "step", param: view.id, by: 1 } : { do: "sweep", param: view.id };
}

export async function learnFor({ connection, params, notices }, action) {
  const sheet = mapSheet(params);
  if (!following) {
    following = true;
    connection.addEventListener("learn", ({ detail }) => sheet.learning(detail));
    connection.addEventListener("state", ({ detail: { state } }) => state !== "live" && sheet.forget());
  }
  try {
    await sheet.listen(await get("panel/setup"), action);
  } catch (error) {
    if (error instanceof Refusal) notices.say(error.message);
  }
}
