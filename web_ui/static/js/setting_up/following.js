// Loads a section of Set up when it is shown, and again when the box's set-up has changed while it is in front.

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
