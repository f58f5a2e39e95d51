"use strict";
(() => {
  const light = {{ light | tojson }};
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const figures = JSON.parse(document.getElementById("figures").textContent);

  // A figure names its colours by the light theme's values: each is replaced by the value that the theme has now.
  const inTheme = (figure, printed) => {
    const style = getComputedStyle(document.documentElement);
    let text = JSON.stringify(figure);
    if (dark.matches && !printed)
      for (const [name, value] of Object.entries(light)) text = text.replaceAll(value, style.getPropertyValue("--" + name).trim());
    return JSON.parse(text);
  };
  const draw = (printed) => {
    for (const [name, figure] of Object.entries(figures)) {
      const place = document.getElementById("chart-" + name);
      if (!place) continue;
      const { data, layout } = inTheme(figure, printed);
      Plotly.react(place, data, { ...layout, width: printed ? 640 : undefined, autosize: !printed }, { displayModeBar: false, responsive: true });
    }
  };
  draw(false);
  dark.addEventListener("change", () => draw(false));
  addEventListener("beforeprint", () => draw(true));
  addEventListener("afterprint", () => draw(false));

  const form = document.getElementById("filters");
  if (!form) return;
  const items = [...document.querySelectorAll(".items > li")];
  const shown = document.getElementById("shown");
  const filter = () => {
    const words = form.elements.words.value.toLowerCase();
    const wanted = (name) => form.elements[name] ? form.elements[name].value : "";
    let count = 0;
    for (const item of items) {
      const fits = (!wanted("kind") || item.dataset.kind === wanted("kind"))
        && (!wanted("category") || item.dataset.category === wanted("category"))
        && item.textContent.toLowerCase().includes(words);
      item.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${items.length} shown`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
