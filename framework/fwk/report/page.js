"use strict";
// Draws the figures of the page; each is JSON beside its holder. Panels stand side by side, or stacked where it is narrow.
(() => {
  const config = {displaylogo: false, modeBarButtons: [["zoom2d", "pan2d", "autoScale2d", "resetScale2d"]]};

  function arranged(holder, room = holder.clientWidth) {
    const panels = Number(holder.dataset.panels);
    const across = Math.max(1, Math.min(panels, Math.floor(room / 340)));
    const rows = Math.ceil(panels / across);
    const change = {width: room, height: 40 + 370 * rows};
    for (let panel = 0; panel < panels; panel++) {
      const number = panel ? panel + 1 : "";
      const column = panel % across, row = Math.floor(panel / across);
      const gap = Math.min(0.4 / across, 80 / room), lift = rows > 1 ? 95 / change.height : 0;
      const width = (1 - gap * (across - 1)) / across, height = (1 - lift * (rows - 1)) / rows;
      const left = column * (width + gap), top = 1 - row * (height + lift);
      change[`xaxis${number}.domain`] = [left, Math.min(1, left + width)];
      change[`yaxis${number}.domain`] = [Math.max(0, top - height), top];
    }
    return change;
  }

  function visible(figure, state) {
    return figure.data.map(({meta}) =>
      !state.hidden.has(meta.method) && (meta.layer === "both" || state.layer === undefined || meta.layer === state.layer));
  }

  function press(buttons, chosen) {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
  }

  for (const place of document.querySelectorAll(".place")) {
    const hidden = new Set();
    const charts = [...place.querySelectorAll(".chart")].map((holder) => {
      const figure = JSON.parse(document.getElementById(`${holder.id}-figure`).textContent);
      const state = {hidden, layer: "mean"};
      Plotly.newPlot(holder, figure.data, figure.layout, config).then(() => Plotly.relayout(holder, arranged(holder)));
      const buttons = [...holder.parentElement.querySelectorAll("[data-choice]")];
      for (const button of buttons) {
        button.addEventListener("click", () => {
          press(buttons, button);
          const choice = button.dataset.choice;
          if (choice === "log" || choice === "linear") {
            const change = {};
            for (const axis of Object.keys(figure.layout).filter((key) => key.startsWith("xaxis"))) {
              change[`${axis}.type`] = choice;
              change[`${axis}.autorange`] = true;
              change[`${axis}.tickmode`] = choice === "log" ? "array" : "auto";
            }
            Plotly.relayout(holder, change);
          } else {
            state.layer = choice;
            Plotly.restyle(holder, {visible: visible(figure, state)});
          }
        });
      }
      return {holder, figure, state};
    });
    for (const key of place.querySelectorAll("[data-method]")) {
      key.addEventListener("click", () => {
        const method = key.dataset.method, hide = !hidden.has(method);
        if (hide) hidden.add(method); else hidden.delete(method);
        key.setAttribute("aria-pressed", String(!hide));
        for (const {holder, figure, state} of charts) Plotly.restyle(holder, {visible: visible(figure, state)});
      });
    }
    let waiting;
    new ResizeObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        for (const {holder} of charts)
          if (holder.clientWidth && holder.clientWidth !== holder.layout?.width) Plotly.relayout(holder, arranged(holder));
      }, 120);
    }).observe(place);
  }

  let closed = [];
  const onPaper = 690;
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const part of closed) part.open = true;
    for (const holder of document.querySelectorAll(".chart")) Plotly.relayout(holder, arranged(holder, onPaper));
  });
  addEventListener("afterprint", () => {
    for (const part of closed) part.open = false;
    for (const holder of document.querySelectorAll(".chart")) Plotly.relayout(holder, arranged(holder));
  });
})();
