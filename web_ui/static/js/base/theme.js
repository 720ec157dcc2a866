// Sets the theme that this phone has chosen, before anything is drawn. A plain script, because modules run later.

(() => {
  const KEY = "hushbox.theme";
  const GROUND = { dark: "#0e1012", light: "#f5f3ef" };
  const kept = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is forbidden here: use dark, which suits a stage
    }
  };
  const show = (theme) => {
    document.documentElement.dataset.theme = theme;
    document.querySelector('meta[name="theme-color"]').content = GROUND[theme];
  };
  show(kept() === "light" ? "light" : "dark");
  addEventListener("storage", ({ key }) => key === KEY && show(kept() === "light" ? "light" : "dark"));
  addEventListener("hushbox-theme", ({ detail }) => {
    show(detail);
    try {
      localStorage.setItem(KEY, detail);
    } catch {
      // Then it holds until the page is closed.
    }
  });
})();
