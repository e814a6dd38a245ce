/** The development page that shows caught mail: a list, newest first, and the chosen mail as HTML or text. */
export const mailPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mail on this machine</title>
<style>
  :root { color-scheme: light dark; --bg: #f7f6f2; --surface: #fff; --line: #dcd8ce; --text: #1b2426; --muted: #566064; --accent: #0b6b62; --soft: #dff0ed; }
  @media (prefers-color-scheme: dark) {
    :root { --bg: #12181a; --surface: #1a2225; --line: #344144; --text: #e9efed; --muted: #a7b4b5; --accent: #6fd0c1; --soft: #173c38; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; height: 100dvh; display: grid; grid-template: auto 1fr / minmax(16rem, 24rem) 1fr; background: var(--bg); color: var(--text); font: 16px/1.4 system-ui, sans-serif; }
  header { grid-column: 1 / -1; padding: .75rem 1rem; border-bottom: 1px solid var(--line); }
  h1 { font-size: 1.1rem; margin: 0; }
  header p { margin: 0; color: var(--muted); font-size: .85rem; }
  nav { overflow: auto; border-right: 1px solid var(--line); }
  ul { list-style: none; margin: 0; padding: 0; }
  li button { display: block; width: 100%; padding: .75rem 1rem; border: 0; border-bottom: 1px solid var(--line); background: none; color: inherit; font: inherit; text-align: left; cursor: pointer; }
  li button[aria-current] { background: var(--soft); box-shadow: inset 3px 0 var(--accent); }
  li strong, li span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  li span, .empty { color: var(--muted); font-size: .85rem; }
  .empty { padding: 1rem; }
  main { display: grid; grid-template-rows: auto 1fr; min-width: 0; min-height: 0; }
  .views { display: flex; gap: .5rem; padding: .5rem 1rem; border-bottom: 1px solid var(--line); }
  .views button { padding: .3rem .9rem; border: 1px solid var(--line); border-radius: 9px; background: var(--surface); color: inherit; font: inherit; cursor: pointer; }
  .views button[aria-pressed="true"] { background: var(--soft); border-color: var(--accent); }
  iframe { width: 100%; height: 100%; border: 0; background: var(--surface); }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; }
  @media (max-width: 45rem) { body { grid-template: auto 14rem 1fr / 1fr; } nav { border-right: 0; border-bottom: 1px solid var(--line); } }
</style>
</head>
<body>
<header><h1>Mail on this machine</h1><p>Nothing is sent. What the server would send comes here; the page looks for itself.</p></header>
<nav aria-label="Mails"><ul id="list"></ul><p class="empty" id="empty">No mail yet.</p></nav>
<main hidden id="mail">
  <div class="views" role="group" aria-label="View">
    <button type="button" data-view="html">HTML</button><button type="button" data-view="txt">Text</button><button type="button" data-view="json">JSON</button>
  </div>
  <iframe id="body" title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
</main>
<script>
  const byId = (id) => document.getElementById(id);
  let view = "html";
  let shown = "";
  let known = "";

  const chosen = () => decodeURIComponent(location.hash.slice(1));

  function show() {
    for (const button of document.querySelectorAll("#list button")) {
      button.toggleAttribute("aria-current", button.dataset.id === chosen());
    }
    for (const button of document.querySelectorAll(".views button")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
    byId("mail").hidden = !chosen();
    const path = "/messages/" + encodeURIComponent(chosen()) + "." + view;
    if (chosen() && shown !== path) byId("body").src = shown = path;
  }

  function item({ id, at, to, subject }) {
    const [entry, button, title, line] = ["li", "button", "strong", "span"].map((tag) => document.createElement(tag));
    button.type = "button";
    button.dataset.id = id;
    title.textContent = subject;
    line.textContent = to + ", " + new Date(at).toLocaleString();
    button.append(title, line);
    button.addEventListener("click", () => (location.hash = encodeURIComponent(id)));
    entry.append(button);
    return entry;
  }

  async function look() {
    try {
      const text = await (await fetch("/messages")).text();
      if (text !== known) {
        const newestBefore = known && JSON.parse(known)[0]?.id;
        known = text;
        const mails = JSON.parse(text);
        byId("list").replaceChildren(...mails.map(item));
        byId("empty").hidden = mails.length > 0;
        const isThere = mails.some(({ id }) => id === chosen());
        // Whoever looks at the newest goes on looking at the newest.
        if (mails.length > 0 && (!isThere || chosen() === newestBefore)) {
          history.replaceState(null, "", "#" + encodeURIComponent(mails[0].id));
        }
        show();
      }
    } catch {
      // The server was stopped; it may come again.
    }
    setTimeout(look, 1000);
  }

  for (const button of document.querySelectorAll(".views button")) {
    button.addEventListener("click", () => { view = button.dataset.view; show(); });
  }
  addEventListener("hashchange", show);
  look();
</script>
</body>
</html>
`;
