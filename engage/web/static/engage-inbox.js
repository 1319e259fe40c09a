const TEXTS = {
	ja: {
		title: "お知らせ", bell: (n) => (n ? `お知らせ(未読${n}件)` : "お知らせ"), empty: "新しいお知らせはありません。",
		dismiss: (t) => `「${t}」を一覧から消す`, more: "以前のお知らせ", unread: "未読", open: "詳しく見る", all: "すべて既読にする",
		close: "閉じる", broken: "お知らせを読み込めませんでした。",
	},
	en: {
		title: "Messages", bell: (n) => (n ? `Messages, ${n} unread` : "Messages"), empty: "Nothing new.",
		dismiss: (t) => `Remove “${t}”`, more: "Earlier messages", unread: "Unread", open: "Read more", all: "Mark all read",
		close: "Close", broken: "Messages could not be loaded.",
	},
};
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`
:host{--accent:var(--engage-accent,light-dark(#0b6b57,#5fcfb4));--bg:light-dark(#fff,#1d2126);--fg:light-dark(#1c2024,#eceef0);
--quiet:light-dark(#5d666f,#a3adb6);--line:light-dark(#e3e7ea,#343b42);display:inline-block;position:relative;text-align:start;
font:14px/1.65 var(--engage-font,system-ui,"Hiragino Sans","Noto Sans JP",Meiryo,sans-serif)}
:host([hidden]),[hidden]{display:none!important}*{box-sizing:border-box}
button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:start}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:6px}
.bell,.x{display:grid;place-items:center;border-radius:10px}.bell{width:44px;height:44px;position:relative}.bell:hover,.x:hover{background:#8883}svg{width:22px;fill:none;stroke:currentColor;stroke-width:1.7}
.count{position:absolute;top:3px;right:2px;min-width:18px;padding:0 5px;border-radius:9px;background:#c23;color:#fff;font-size:11px;line-height:18px;font-weight:700;text-align:center}
.panel{position:absolute;z-index:9999;top:calc(100% + 8px);right:0;width:380px;max-height:min(560px,80vh);display:flex;flex-direction:column;overflow:hidden;
color:var(--fg);background:var(--bg);border:1px solid var(--line);border-radius:14px;box-shadow:0 12px 40px #0003;outline:0}.panel.start{left:0;right:auto}
header{display:flex;align-items:center;gap:12px;padding:12px 12px 12px 16px;border-bottom:1px solid var(--line)}h2{font-size:15px;margin:0;flex:1}
.act,a{color:var(--accent);font-size:13px}ul{list-style:none;margin:0;padding:0;overflow-y:auto}
li{display:grid;grid-template-columns:8px 1fr 28px;gap:10px;padding:14px 12px 14px 16px}li+li{border-top:1px solid var(--line)}
.dot{height:8px;border-radius:8px;margin-top:8px;overflow:hidden;text-indent:9px;white-space:nowrap}.new .dot{background:var(--accent)}.new .name{font-weight:700}
.name,.body{width:100%;margin:0;overflow-wrap:anywhere}.body{color:var(--quiet);white-space:pre-line}li:not(.open) .body{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}
.foot{display:flex;gap:14px;align-items:baseline;margin-top:6px;font-size:12px;color:var(--quiet)}
.x{width:28px;height:28px;color:var(--quiet);font-size:18px}.note{margin:0;padding:28px 16px;text-align:center;color:var(--quiet)}.more{padding:12px;text-align:center;border-top:1px solid var(--line)}
.sr{position:absolute;clip-path:inset(50%)}@media(max-width:480px){.panel,.panel.start{position:fixed;inset:auto 12px 12px;width:auto}}`);

const make = (tag, props = {}, ...children) => {
	const node = Object.assign(document.createElement(tag), props);
	node.append(...children);
	return node;
};
const button = (className, props = {}, ...children) => make("button", { type: "button", className, ...props }, ...children);

function bellIcon() {
	const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.ariaHidden = "true";
	path.setAttribute("d", "M6 9a6 6 0 0 1 12 0c0 6 2.5 7.5 2.5 7.5h-17S6 15 6 9ZM10 20a2.2 2.2 0 0 0 4 0");
	svg.append(path);
	return svg;
}

function safeUrl(raw) {
	const url = raw && URL.canParse(raw, document.baseURI) && new URL(raw, document.baseURI).href;
	return /^https?:/.test(url) ? url : "";
}

class EngageInbox extends HTMLElement {
	static observedAttributes = ["src", "token", "locale"];
	#items = []; #rows = new Map(); #limit = 20; #more = false; #etag = null; #unread = 0; #every = 30; #failures = 0;
	#timer; #round = 0; #loaded = false; #ui; #leaving;

	connectedCallback() {
		this.#ui ??= this.#build();
		this.#leaving = new AbortController();
		const { signal } = this.#leaving;
		document.addEventListener("visibilitychange", () => this.#restart(), { signal });
		document.addEventListener("pointerdown", (e) => e.composedPath().includes(this) || this.#show(false), { signal });
		this.attributeChangedCallback();
	}

	disconnectedCallback() {
		this.#leaving.abort();
		clearTimeout(this.#timer);
		this.#round++;
	}

	attributeChangedCallback() {
		if (!this.#ui) return;
		this.#etag = null;
		this.#paint();
		this.#restart();
	}

	get #lang() {
		return /^ja/i.test(this.getAttribute("locale") || this.closest("[lang]")?.lang || navigator.language) ? "ja" : "en";
	}

	#build() {
		const root = this.attachShadow({ mode: "open" });
		root.adoptedStyleSheets = [SHEET];
		const ui = { count: make("span", { className: "count" }), title: make("h2", { id: "title" }), all: button("act"), close: button("x", { textContent: "×" }), list: make("ul"),
			note: make("p", { className: "note" }), status: make("div", { className: "sr", role: "status" }), more: button("act") };
		ui.bell = button("bell", { ariaExpanded: "false", ariaHasPopup: "dialog" }, bellIcon(), ui.count);
		ui.foot = make("div", { className: "more" }, ui.more);
		ui.panel = make("div", { className: "panel", role: "dialog", tabIndex: -1, hidden: true }, make("header", {}, ui.title, ui.all, ui.close), ui.note, ui.list, ui.foot);
		ui.panel.setAttribute("aria-labelledby", "title");
		ui.bell.onclick = () => this.#show(ui.panel.hidden);
		ui.close.onclick = () => this.#show(false, true);
		ui.all.onclick = () => (ui.panel.focus(), this.#mark("read", this.#items.filter((i) => !i.read_at)));
		ui.more.onclick = () => ((this.#limit += 20), (this.#etag = null), this.#load());
		root.addEventListener("keydown", (e) => e.key === "Escape" && this.#show(false, true));
		root.addEventListener("focusout", (e) => e.relatedTarget && !root.contains(e.relatedTarget) && this.#show(false));
		root.append(ui.bell, ui.panel, ui.status);
		return ui;
	}

	#show(open, refocus) {
		const { panel, bell } = this.#ui;
		if (panel.hidden !== open) return;
		panel.hidden = !open;
		bell.ariaExpanded = String(open);
		panel.classList.toggle("start", bell.getBoundingClientRect().right < 400);
		if (open) panel.focus(), this.#markSeen();
		else if (refocus) bell.focus();
	}

	#restart() {
		clearTimeout(this.#timer);
		this.#round++;
		if (!document.hidden && this.getAttribute("token")) this.#load();
	}

	#again(seconds) {
		clearTimeout(this.#timer);
		if (!document.hidden) this.#timer = setTimeout(() => this.#load(), seconds * (900 + Math.random() * 200));
	}

	#ask(path, options, headers) {
		headers = { Authorization: `Bearer ${this.getAttribute("token")}`, ...headers };
		const url = new URL(`/in-app/v1/${path}`, this.getAttribute("src") || import.meta.url);
		return fetch(url, { ...options, headers, credentials: "omit", cache: "no-store" });
	}

	async #load() {
		const round = ++this.#round;
		let answer, feed;
		try {
			answer = await this.#ask(`feed?limit=${this.#limit}`, {}, this.#etag && { "If-None-Match": this.#etag });
			if (answer.ok) feed = await answer.json();
		} catch {}
		if (round !== this.#round) return;
		if (answer?.status === 401) return this.#tell("engage-token-expired");
		if (feed) this.#take(feed, answer.headers.get("ETag"));
		if (feed || answer?.status === 304) return (this.#failures = 0), this.#again(this.#every);
		if (!this.#loaded) (this.#ui.note.hidden = false), (this.#ui.note.textContent = TEXTS[this.#lang].broken);
		this.#again(Math.max(answer?.headers.get("Retry-After") ?? 0, Math.min(600, this.#every * 2 ** this.#failures++)));
	}

	#take(feed, etag) {
		const news = feed.counts.unread > this.#unread;
		this.#items = feed.items;
		this.#more = feed.next_cursor && this.#limit < 100;
		this.#etag = etag;
		this.#every = feed.poll_after;
		this.#loaded = true;
		this.#count(feed.counts.unread);
		this.#paint();
		if (news) this.#ui.status.textContent = TEXTS[this.#lang].bell(this.#unread);
		if (!this.#ui.panel.hidden) this.#markSeen();
	}

	#count(unread) {
		if (unread !== this.#unread) this.#tell("engage-unread", { unread });
		this.#unread = unread;
	}

	#tell(name, detail) {
		this.dispatchEvent(new CustomEvent(name, { detail }));
	}

	#markSeen() {
		this.#mark("seen", this.#items.filter((i) => !i.seen_at));
	}

	async #mark(state, items) {
		if (!items.length) return;
		const read = state !== "seen", now = new Date().toISOString();
		this.#count(this.#unread - (read ? items.filter((i) => !i.read_at).length : 0));
		for (const item of items) (item.seen_at ??= now), read && (item.read_at ??= now);
		if (state === "dismissed") this.#items = this.#items.filter((i) => !items.includes(i));
		this.#paint();
		const round = ++this.#round, bulk = { body: JSON.stringify({ ids: items.map((i) => i.id) }) };
		const [path, what] = /seen|read/.test(state) ? [state, bulk] : [`${items[0].id}/${state}`, {}];
		await this.#ask(`items/${path}`, { method: "POST", keepalive: true, ...what }).catch(() => {});
		if (round === this.#round) this.#again(this.#every);
	}

	#paint() {
		const ui = this.#ui, t = TEXTS[this.#lang];
		ui.bell.ariaLabel = t.bell(this.#unread);
		ui.count.hidden = ui.all.hidden = !this.#unread;
		ui.count.textContent = this.#unread > 99 ? "99+" : this.#unread;
		ui.panel.lang = this.#lang;
		ui.title.textContent = t.title;
		ui.all.textContent = t.all;
		ui.close.ariaLabel = t.close;
		ui.more.textContent = t.more;
		ui.foot.hidden = !this.#more;
		ui.note.textContent = t.empty;
		ui.note.hidden = !this.#loaded || this.#items.length > 0;
		const { list } = ui, rows = this.#items.map((item) => this.#row(item, t));
		rows.forEach((row, at) => list.children[at] === row || list.insertBefore(row, list.children[at]));
		while (list.children[rows.length]) list.lastChild.remove();
	}

	#row(item, t) {
		if (!this.#rows.has(item.id)) this.#rows.set(item.id, this.#newRow());
		const row = this.#rows.get(item.id), { li, dot, name, body, q, link, time, x } = row;
		row.item = item;
		li.classList.toggle("new", !item.read_at);
		dot.textContent = item.read_at ? "" : t.unread;
		name.textContent = item.title;
		body.textContent = item.body;
		item.question && import("./engage-question.js").then((m) => m.show(q, item, (p, o) => this.#ask(p, o), () => this.#mark("read", [item])));
		link.href = safeUrl(item.link?.url);
		link.hidden = !link.getAttribute("href");
		link.textContent = t.open;
		time.textContent = this.#ago(item.created_at);
		x.ariaLabel = t.dismiss(item.title);
		return li;
	}

	#newRow() {
		const dot = make("span", { className: "dot" }), name = button("name", { ariaExpanded: "false" }), body = make("p", { className: "body" }), q = make("div");
		const link = make("a", { rel: "noopener" }), time = make("time"), x = button("x", { textContent: "×" });
		const li = make("li", {}, dot, make("div", {}, name, body, q, make("div", { className: "foot" }, link, time)), x);
		const row = { li, dot, name, body, q, link, time, x };
		name.onclick = () => {
			name.ariaExpanded = String(li.classList.toggle("open"));
			if (!row.item.read_at) this.#mark("read", [row.item]);
		};
		link.onclick = () => this.#mark("clicked", [row.item]);
		x.onclick = () => {
			((li.nextSibling ?? li.previousSibling)?.querySelector(".name") ?? this.#ui.panel).focus();
			this.#mark("dismissed", [row.item]);
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

customElements.get("engage-inbox") ?? customElements.define("engage-inbox", EngageInbox);
