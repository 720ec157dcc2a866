// The model that runs, and what it was trained on.

import { Model } from "../../model.js";

export const title = "setup.model.title";

export function create(box, card) {
  const model = new Model(card);
  return { status: (status) => model.show(status.bundle) };
}
