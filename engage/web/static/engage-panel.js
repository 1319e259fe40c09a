// The list of <engage-inbox>: engage-inbox.js loads this when its bell is pressed for the first time.
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`
.panel{position:fixed;inset:auto;margin:0;padding:0;width:380px;max-width:calc(100vw - 24px);max-height:min(560px,80vh);overflow:hidden;
color:var(--fg);background:var(--bg);border:1px solid var(--line);border-radius:var(--engage-radius,14px);box-shadow:0 12px 40px #0003;outline:0}
.panel[open]{display:flex;flex-direction:column}.panel::backdrop{background:none}
.head{display:flex;align-items:center;gap:12px;padding:12px 12px 12px 16px;border-bottom:1px solid var(--line)}.head h2{flex:1}ul{list-style:none;margin:0;padding:0;overflow-y:auto}
li{display:grid;grid-template-columns:8px 1fr 28px;gap:10px;padding:14px 12px 14px 16px}li+li{border-top:1px solid var(--line)}
.dot{height:8px;border-radius:8px;margin-top:8px;overflow:hidden;text-indent:9px;white-space:nowrap}.new .dot{background:var(--accent)}.new .name{font-weight:700}
.name,.body{width:100%;margin:0;overflow-wrap:anywhere}.body{color:var(--quiet);white-space:pre-line}li:not(.open) .body{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}
.foot{display:flex;gap:14px;align-items:baseline;margin-top:6px;font-size:12px;color:var(--quiet)}
.note{margin:0;padding:28px 16px;text-align:center;color:var(--quiet)}.more{padding:12px;text-align:center;border-top:1px solid var(--line)}`);

export class Panel {
	#tools; #ui; #rows = new Map(); #lang;

	constructor(root, tools) {
		this.#tools = tools;
		root.adoptedStyleSheets = [...root.adoptedStyleSheets, SHEET];
		this.#ui = this.#build();
		root.append(this.#ui.panel);
	}

	#build() {
		const { make, button, more } = this.#tools;
		const ui = { title: make("h2", { id: "title" }), all: button("act"), close: button("x", { textContent: "×" }), list: make("ul"), note: make("p", { className: "note" }), more: button("act") };
		ui.foot = make("div", { className: "more" }, ui.more);
		const head = make("div", { className: "head" }, ui.title, ui.all, ui.close);
		const panel = (ui.panel = make("dialog", { className: "panel", tabIndex: -1, part: "panel" }, head, ui.note, ui.list, ui.foot));
		panel.setAttribute("aria-labelledby", "title");
		panel.onclick = (e) => void (e.target === panel && panel.close()); // false would keep links from leading on
		ui.close.onclick = () => panel.close();
		ui.more.onclick = more;
		return ui;
	}

	// Opens below the bell, inside the window; nothing behind it can be reached until it is closed.
	show(bell) {
		const { panel } = this.#ui, { bottom, left, right } = bell.getBoundingClientRect(), width = document.documentElement.clientWidth;
		panel.onclose = () => (bell.ariaExpanded = "false");
		panel.showModal();
		panel.focus();
		bell.ariaExpanded = "true";
		panel.style.top = `${Math.max(8, Math.min(bottom + 8, innerHeight - panel.offsetHeight - 12))}px`;
		panel.style.left = `${Math.max(12, Math.min(right < 400 ? left : right - panel.offsetWidth, width - panel.offsetWidth - 12))}px`;
		this.#tools.seen();
	}

	update({ items, unread, more, state }, t, lang) {
		const ui = this.#ui;
		this.#lang = ui.panel.lang = lang;
		ui.title.textContent = t.title;
		ui.all.textContent = t.all;
		ui.all.hidden = !unread;
		ui.all.onclick = () => (ui.panel.focus(), this.#tools.mark("read", items.filter((i) => !i.read_at)));
		ui.close.ariaLabel = t.close;
		ui.more.textContent = t.more;
		ui.foot.hidden = !more;
		ui.note.textContent = t[state] ?? "";
		ui.note.hidden = !state || items.length > 0;
		const { list } = ui, rows = items.map((item) => this.#row(item, t));
		rows.forEach((row, at) => list.children[at] === row || list.insertBefore(row, list.children[at]));
		while (list.children[rows.length]) list.lastChild.remove();
		if (ui.panel.open && items.some((i) => !i.seen_at)) this.#tools.seen();
	}

	#row(item, t) {
		const { ask, link: lead, mark } = this.#tools;
		if (!this.#rows.has(item.id)) this.#rows.set(item.id, this.#newRow());
		const row = this.#rows.get(item.id), { li, dot, name, body, q, link, time, x } = row;
		row.item = item;
		li.classList.toggle("new", !item.read_at);
		dot.textContent = item.read_at ? "" : t.unread;
		name.textContent = item.title;
		body.textContent = item.body;
		item.question && import("./engage-question.js").then((m) => m.show(q, item, ask, () => mark("read", [item])));
		lead(link, item, t);
		time.textContent = this.#ago(item.created_at);
		x.ariaLabel = t.dismiss(item.title);
		return li;
	}

	#newRow() {
		const { make, button, mark } = this.#tools;
		const dot = make("span", { className: "dot" }), name = button("name", { ariaExpanded: "false" }), body = make("p", { className: "body" }), q = make("div");
		const link = make("a", { rel: "noopener" }), time = make("time"), x = button("x", { textContent: "×" });
		const li = make("li", {}, dot, make("div", {}, name, body, q, make("div", { className: "foot" }, link, time)), x);
		const row = { li, dot, name, body, q, link, time, x };
		name.onclick = () => {
			name.ariaExpanded = String(li.classList.toggle("open"));
			if (!row.item.read_at) mark("read", [row.item]);
		};
		x.onclick = () => {
			((li.nextSibling ?? li.previousSibling)?.querySelector(".name") ?? this.#ui.panel).focus();
			mark("dismissed", [row.item]);
		};
		return row;
	}

	#ago(iso) {
		const minutes = Math.round((Date.parse(iso) - Date.now()) / 60000);
		if (minutes < -10080) return new Date(iso).toLocaleDateString(this.#lang, { dateStyle: "medium" });
		const [unit, size] = minutes <= -1440 ? ["day", 1440] : minutes <= -60 ? ["hour", 60] : ["minute", 1];
		return new Intl.RelativeTimeFormat(this.#lang, { numeric: "auto" }).format(Math.round(minutes / size), unit);
	}
}
