// A long press, a right click or the keyboard's menu key: what else a control can do.

const LONG_MS = 500;
const STILL_PX = 10;

export function onLongPress(node, then) {
  // then() after a long press on `node`. The click that ends it does nothing else.
  let timer = 0;
  let from = null;
  let done = false;
  const stop = () => clearTimeout(timer);
  const act = () => {
    stop();
    done = true;
    then();
  };
  node.addEventListener("pointerdown", (event) => {
    done = false;
    if (event.button) return;
    from = event;
    stop();
    timer = setTimeout(act, LONG_MS);
  });
  node.addEventListener("pointermove", (event) => from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL_PX && stop());
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) node.addEventListener(name, stop);
  node.addEventListener("contextmenu", (event) => {
    event.preventDefault(); // the phone's own long press comes at about the same time
    if (!done) act();
  });
  node.addEventListener("click", (event) => {
    if (!done || !event.detail) return; // the keyboard's click has no detail
    done = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
}
