// Tells the text a moment after the last key, and shows what was found wrong. All texts are set as texts, never as HTML.
const PAUSE_MS = 300, MOST_OFFERS = 6;
const NAME = /[A-Za-z_][A-Za-z0-9_]*$/;

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const area = parentElement.querySelector("textarea");
  const offers = parentElement.querySelector(".offers");
  let timer = null;
  // What is typed while an answer is on its way is not overwritten: the text is set for another rule only.
  if (area.dataset.of !== data.of) {
    area.dataset.of = data.of;
    area.value = data.text;
    area.dataset.told = data.text;
  }
  const tell = () => {
    clearTimeout(timer);
    if (area.dataset.told === area.value) return;
    area.dataset.told = area.value;
    setStateValue("text", area.value);
  };
  const offer = () => showOffers(area, offers, data.names, tell);
  area.oninput = () => {
    clearTimeout(timer);
    timer = setTimeout(tell, PAUSE_MS);
    offer();
  };
  area.onchange = tell;
  area.onkeydown = (event) => {
    if (event.key === "Escape") offers.hidden = true;
  };
  showFindings(parentElement.querySelector("#found"), area, data.findings);
  if (area.dataset.told !== area.value) timer = setTimeout(tell, PAUSE_MS);
  return () => clearTimeout(timer);
}

function showOffers(area, offers, names, tell) {
  const before = area.value.slice(0, area.selectionStart);
  const begun = (before.match(NAME) || [""])[0].toLowerCase();
  const known = begun.length < 2 ? [] : names.filter((name) => name.toLowerCase().includes(begun) && name !== begun);
  known.sort((one, other) => other.toLowerCase().startsWith(begun) - one.toLowerCase().startsWith(begun));
  offers.hidden = known.length === 0;
  offers.replaceChildren(...known.slice(0, MOST_OFFERS).map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.onclick = () => {
      area.setRangeText(name, before.length - begun.length, before.length, "end");
      offers.hidden = true;
      area.focus();
      tell();
    };
    return button;
  }));
}

function showFindings(found, area, findings) {
  area.setAttribute("aria-invalid", String(findings.some((finding) => finding.severity === "error")));
  found.replaceChildren(...findings.map((finding) => {
    const line = document.createElement("p");
    line.className = finding.severity;
    if (finding.line) {
      const place = document.createElement("button");
      place.type = "button";
      place.textContent = `Line ${finding.line}, column ${finding.column}`;
      place.onclick = () => select(area, finding);
      line.append(place, ": ");
    }
    line.append(finding.message);
    return line;
  }));
}

function select(area, finding) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, finding.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + finding.column - 1;
  const word = area.value.slice(start).match(/^(?:[A-Za-z_][A-Za-z0-9_]*|.)?/)[0];
  area.focus();
  area.setSelectionRange(start, start + word.length);
}
