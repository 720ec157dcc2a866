// Loads a section of Set up when it is shown, and again while it is in front: when the box's set-up has changed (following),
// or when the box is back after it was away (returning).

export function following(connection, load, told = () => {}) {
  // told(news): every news of the set-up. Returns {shown, show(), hide(), forget()} for the section's view.
  let revision = 0;
  const news = (detail) => {
    told(detail);
    if (detail.revision === revision) return;
    revision = detail.revision;
    if (view.shown) load();
  };
  connection.addEventListener("setup", ({ detail }) => news(detail));
  const view = {
    shown: false,
    show() {
      if (connection.told.setup) news(connection.told.setup);
      view.shown = true;
      load();
    },
    hide() {
      view.shown = false;
    },
    forget() {
      revision = 0;
    },
  };
  return view;
}

export function returning(connection, load, rest = () => {}) {
  // rest(): it is no longer in front. Returns {shown, show(), hide()} for the section's view.
  const view = {
    shown: false,
    show() {
      view.shown = true;
      load();
    },
    hide() {
      view.shown = false;
      rest();
    },
  };
  connection.addEventListener("state", ({ detail: { state } }) => state === "live" && view.shown && load());
  return view;
}
