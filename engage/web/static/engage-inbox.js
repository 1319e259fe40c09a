// <engage-inbox src token locale page>: a bell; behind it a list (engage-panel.js, once it is opened), and what lies over a
// page (engage-overlay.js, when there is some). One tab asks for all tabs of a reader; a live stream only says when to.
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
:host{--accent:var(--engage-accent,light-dark(#0b6b57,#5fcfb4));--bg:var(--engage-background,light-dark(#fff,#1d2126));--fg:var(--engage-text,light-dark(#1c2024,#eceef0));
--quiet:var(--engage-quiet,light-dark(#5d666f,#a3adb6));--line:var(--engage-line,light-dark(#e3e7ea,#343b42));display:inline-block;text-align:start;
font:14px/1.65 var(--engage-font,system-ui,"Hiragino Sans","Noto Sans JP",Meiryo,sans-serif)}
:host([hidden]),[hidden]{display:none!important}*{box-sizing:border-box}
button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:start}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:6px}
.bell,.x{display:grid;place-items:center;border-radius:10px}.bell{width:44px;height:44px;position:relative}.bell:hover,.x:hover{background:#8883}
svg{width:22px;fill:none;stroke:currentColor;stroke-width:1.7}.x{width:28px;height:28px;color:var(--quiet);font-size:18px}
.count{position:absolute;top:3px;right:2px;min-width:18px;padding:0 5px;border-radius:9px;background:#c23;color:#fff;font-size:11px;line-height:18px;font-weight:700;text-align:center}
.act,a{color:var(--accent);font-size:13px}h2{font-size:15px;margin:0}.sr{position:absolute;clip-path:inset(50%)}`);

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

// A visit of this reader, the same in all tabs; it is over after half an hour in which nobody came back to a page.
let visit = ["", 0];
function browsing(isBack) {
	try {
		visit = localStorage.engageVisit?.split(" ") ?? visit;
	} catch {}
	if (!(Date.now() - visit[1] < 18e5)) visit = [Math.random().toString(36).slice(2) + Date.now().toString(36), 0];
	if (isBack || !+visit[1]) visit[1] = Date.now();
	try {
		localStorage.engageVisit = visit.join(" ");
	} catch {}
	return visit[0];
}

class EngageInbox extends HTMLElement {
	static observedAttributes = ["src", "token", "locale", "page"];
	#items = []; #over = []; #limit = 20; #more = false; #feed; #etag; #unread = 0; #every = 30; #failures = 0;
	#timer; #round = 0; #ui; #panel; #overlay; #leaving; #channel; #asks; #stop; #live;

	connectedCallback() {
		this.#ui ??= this.#build();
		this.#leaving = new AbortController();
		const { signal } = this.#leaving, moved = () => this.#paint();
		document.addEventListener("visibilitychange", () => this.#restart(), { signal });
		addEventListener("popstate", moved, { signal });
		globalThis.navigation?.addEventListener("navigatesuccess", moved, { signal });
		this.attributeChangedCallback();
	}

	disconnectedCallback() {
		this.#leaving.abort();
		this.#rest();
	}

	attributeChangedCallback(name) {
		if (!this.#ui) return;
		if (name !== "page") this.#etag = null;
		this.#paint();
		if (name !== "page") this.#restart();
	}

	// Asks now, such as after the reader did something that a message is likely to follow.
	refresh() {
		return this.#load();
	}

	get #lang() {
		return /^ja/i.test(this.getAttribute("locale") || this.closest("[lang]")?.lang || navigator.language) ? "ja" : "en";
	}

	#build() {
		const root = this.attachShadow({ mode: "open" });
		root.adoptedStyleSheets = [SHEET];
		const ui = { count: make("span", { className: "count" }), status: make("div", { className: "sr", role: "status" }) };
		ui.bell = button("bell", { ariaExpanded: "false", ariaHasPopup: "dialog", part: "bell" }, bellIcon(), ui.count);
		ui.bell.onclick = () => this.open();
		root.append(ui.bell, ui.status);
		return ui;
	}

	get #tools() {
		const more = () => ((this.#limit += 20), (this.#etag = null), this.#load());
		const link = (...said) => this.#link(...said), mark = (...said) => this.#mark(...said);
		return { make, button, link, mark, more, browsing, ask: (path, options) => this.#ask(path, options), seen: () => this.#markSeen() };
	}

	// Opens the list, as the bell does.
	async open() {
		this.#panel ??= import("./engage-panel.js").then((m) => new m.Panel(this.shadowRoot, this.#tools));
		await this.#fill();
		(await this.#panel).show(this.#ui.bell);
	}

	async #fill() {
		const shown = { items: this.#items, unread: this.#unread, more: this.#more, state: this.#feed ? "empty" : this.#failures ? "broken" : "" };
		(await this.#panel)?.update(shown, TEXTS[this.#lang], this.#lang);
	}

	#rest() {
		clearTimeout(this.#timer);
		this.#round++;
		this.#stop?.abort();
		this.#channel?.close();
		this.#asks = this.#live = false;
	}

	// Of the tabs that a reader sees, the one that holds the lock asks; it tells the others.
	#restart() {
		this.#rest();
		const token = this.getAttribute("token");
		if (document.hidden || !token) return;
		browsing(true);
		let who = token;
		try {
			who = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub;
		} catch {}
		const name = `engage-inbox ${this.#url("")} ${who}`, stop = (this.#stop = new AbortController());
		this.#channel = new BroadcastChannel(name);
		this.#channel.onmessage = ({ data }) => this.#hear(data);
		const lead = () => {
			if (stop.signal.aborted) return;
			this.#asks = true;
			this.#load();
			return new Promise((done) => stop.signal.addEventListener("abort", done));
		};
		if (!navigator.locks) return lead();
		navigator.locks.request(name, { signal: stop.signal }, lead).catch(() => {});
		this.#channel.postMessage({});
	}

	#hear({ feed, etag, state, ids }) {
		if (state) this.#apply(state, ids);
		else if (feed) this.#limit > 20 ? this.#load() : this.#take(feed, etag);
		else if (this.#asks && this.#feed) this.#channel.postMessage({ feed: this.#feed, etag: this.#etag });
	}

	#again(seconds) {
		clearTimeout(this.#timer);
		if (this.#asks) this.#timer = setTimeout(() => this.#load(), seconds * (900 + Math.random() * 200));
	}

	#url(path) {
		return new URL(path, new URL("/in-app/v1/", this.getAttribute("src") || import.meta.url));
	}

	#ask(path, options, headers) {
		headers = { Authorization: `Bearer ${this.getAttribute("token")}`, ...headers };
		return fetch(this.#url(path), { ...options, headers, credentials: "omit", cache: "no-store" });
	}

	async #load() {
		const round = ++this.#round;
		let answer, feed;
		try {
			answer = await this.#ask(`feed?limit=${this.#limit}&session=${browsing()}`, {}, this.#etag && { "If-None-Match": this.#etag });
			if (answer.ok) feed = await answer.json();
		} catch {}
		if (round !== this.#round) return;
		if (answer?.status === 401) return this.#rest(), this.#tell("engage-token-expired");
		const etag = answer?.headers.get("ETag");
		if (feed) this.#take(feed, etag), this.#channel?.postMessage({ feed, etag });
		if (!feed && answer?.status !== 304) {
			this.#again(Math.max(answer?.headers.get("Retry-After") ?? 0, Math.min(600, this.#every * 2 ** this.#failures++)));
			return this.#fill();
		}
		this.#etag = etag ?? this.#etag;
		this.#every = +answer.headers.get("X-Engage-Poll-After") || this.#every;
		this.#failures = 0;
		this.#listen();
		this.#again(this.#live ? this.#every * 10 : this.#every);
	}

	// A stream says no more than that something changed. Where it ends or is not there, asking now and then is enough.
	async #listen() {
		if (this.#live || !this.#asks || !this.#feed?.stream) return;
		this.#live = true;
		const { signal } = this.#stop;
		try {
			const answer = await this.#ask(this.#feed.stream, { signal }, { "Last-Event-ID": this.#etag?.match(/\d+/)[0] });
			const stream = answer.ok && answer.body.pipeThrough(new TextDecoderStream()).getReader();
			for (let text = "", part; stream && !(part = await stream.read()).done; ) {
				const said = (text + part.value).split("\n\n");
				text = said.pop();
				if (said.some((one) => /^data/m.test(one))) this.#again(Math.random());
			}
		} catch {}
		if (signal.aborted) return;
		this.#live = false;
		this.#again(this.#every);
	}

	#take(feed, etag) {
		const news = feed.counts.unread > this.#unread;
		this.#feed = feed;
		this.#items = feed.items;
		this.#over = feed.overlays;
		this.#more = feed.next_cursor && this.#limit < 100;
		this.#etag = etag;
		this.#count(feed.counts.unread);
		this.#paint();
		if (news) this.#ui.status.textContent = TEXTS[this.#lang].bell(this.#unread);
	}

	#count(unread) {
		if (unread !== this.#unread) this.#tell("engage-unread", { unread });
		this.#unread = unread;
	}

	// What the page that embeds us hears; of a click it may say that it leads there by itself.
	#tell(name, detail) {
		return this.dispatchEvent(new CustomEvent(name, { detail, cancelable: true }));
	}

	#markSeen() {
		this.#mark("seen", this.#items.filter((i) => !i.seen_at));
	}

	#apply(state, ids) {
		const items = this.#items.filter((i) => ids.includes(i.id)), now = new Date().toISOString();
		if (state !== "seen") this.#count(this.#unread - items.filter((i) => !i.read_at).length);
		for (const item of items) (item.seen_at ??= now), state !== "seen" && (item.read_at ??= now);
		if (state === "dismissed") this.#items = this.#items.filter((i) => !ids.includes(i.id));
		if (/dis|cl/.test(state)) this.#over = this.#over.filter((i) => !ids.includes(i.id));
		this.#paint();
	}

	async #mark(state, items) {
		if (!items.length) return;
		const ids = items.map((i) => i.id);
		this.#apply(state, ids);
		this.#channel?.postMessage({ state, ids });
		for (const id of ids) this.#tell("engage-state", { id, state });
		const round = ++this.#round, bulk = /seen|read/.test(state);
		const path = `items/${bulk ? state : `${ids[0]}/${state}`}?session=${browsing()}`, body = bulk ? JSON.stringify({ ids }) : null;
		await this.#ask(path, { method: "POST", keepalive: true, body }).catch(() => {});
		if (round === this.#round) this.#again(this.#live ? 0 : this.#every);
	}

	#paint() {
		const { bell, count } = this.#ui, t = TEXTS[this.#lang];
		bell.ariaLabel = t.bell(this.#unread);
		count.hidden = !this.#unread;
		count.textContent = this.#unread > 99 ? "99+" : this.#unread;
		if (this.#panel) this.#fill();
		if (this.#over.length || this.#overlay) this.#cover(t);
	}

	async #cover(t) {
		this.#overlay ??= import("./engage-overlay.js").then((m) => new m.Overlay(this.shadowRoot, this.#tools));
		(await this.#overlay).update(this.#over, this.getAttribute("page") ?? location.pathname, t, this.#lang);
	}

	#link(node, item, t) {
		node.href = safeUrl(item.link?.url);
		node.hidden = !node.getAttribute("href");
		node.textContent = t.open;
		node.onclick = (e) => {
			this.#tell("engage-click", { id: item.id, url: node.href }) || e.preventDefault();
			this.#mark("clicked", [item]);
		};
	}
}

customElements.get("engage-inbox") ?? customElements.define("engage-inbox", EngageInbox);
