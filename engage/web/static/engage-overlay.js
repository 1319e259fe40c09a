// Banners and modals of <engage-inbox>: engage-inbox.js loads this when there is one. Whether it may be shown now, the
// server says each time: it keeps what was shown to whom; here only the page is looked at.
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`
.banner,.modal{margin:0 auto;padding:0;color:var(--fg);background:var(--bg);border:1px solid var(--line);border-radius:var(--engage-radius,14px);box-shadow:0 12px 40px #0004}
.banner{position:fixed;inset:auto 12px max(12px,env(safe-area-inset-bottom));width:auto;max-width:760px;border-inline-start:4px solid var(--accent)}.banner:popover-open{display:grid;grid-template-columns:1fr auto;gap:2px 12px;padding:12px 12px 12px 18px}
.modal{margin:auto;width:min(480px,calc(100vw - 32px));max-height:80vh;overflow:auto;outline:0}.modal::backdrop{background:#0008}
.in{display:grid;grid-template-columns:1fr auto;gap:10px 12px;padding:22px 20px 22px 24px}
.banner h2,.modal h2{margin:0;overflow-wrap:anywhere}.modal h2{font-size:18px}.said{margin:0;color:var(--quiet);white-space:pre-line;overflow-wrap:anywhere}.banner .said,.banner a,.modal .said{grid-column:1}
.acts{grid-column:1/3;display:flex;flex-wrap:wrap;gap:12px;margin-top:8px}.acts a,.acts button{padding:9px 20px;border-radius:10px;font-size:14px;border:1px solid var(--accent);color:var(--accent)}
.acts a{color:var(--bg);background:var(--accent);font-weight:700;text-decoration:none}
@media(prefers-reduced-motion:no-preference){.banner:popover-open,.modal[open]{animation:come .18s ease-out}@keyframes come{from{opacity:0;translate:0 8px}}}`);

// A path fits a pattern as it stands; `*` stands for anything.
const fits = (path, pattern) => new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`).test(path);

export class Overlay {
	#root; #tools; #shown = {}; #last = Promise.resolve();

	constructor(root, tools) {
		this.#root = root;
		this.#tools = tools;
		root.adoptedStyleSheets = [...root.adoptedStyleSheets, SHEET];
	}

	// Shows the first of each kind that fits the page; one that is shown stays while it may. One after the other.
	update(...said) {
		this.#last = this.#last.then(() => this.#update(...said)).catch(() => {});
	}

	async #update(items, page, t, lang) {
		for (const display of ["banner", "modal"]) {
			const here = items.filter((item) => item.display === display && (!item.pages.length || item.pages.some((one) => fits(page, one))));
			const shown = this.#shown[display];
			if (shown && !here.some(({ id }) => id === shown.item.id)) this.#hide(display);
			const isBusy = this.#root.querySelector("dialog[open]"); // what is being read is not disturbed
			if (here.length && !this.#shown[display] && !isBusy) await this.#claim(here[0], t, lang);
		}
	}

	async #claim(item, t, lang) {
		const answer = await this.#tools.ask(`items/${item.id}/displayed?session=${this.#tools.browsing()}`, { method: "POST" }).catch(() => null);
		const { show } = answer?.ok ? await answer.json() : {};
		if (show) this.#show(item, t, lang);
	}

	#show(item, t, lang) {
		const { make, button, link, mark } = this.#tools, { display } = item, isModal = display === "modal";
		const leads = make("a", { rel: "noopener" }), x = button("x", { textContent: "×", ariaLabel: t.close });
		const name = make("h2", { id: `${display}-title`, textContent: item.title }), said = make("p", { className: "said", textContent: item.body });
		link(leads, item, t);
		const close = button("", { textContent: t.close });
		const node = isModal
			? make("dialog", { className: display, lang: item.locale, part: display, tabIndex: -1 }, make("div", { className: "in" }, name, x, said, make("div", { className: "acts" }, leads, close)))
			: make("section", { className: display, lang: item.locale, part: display, popover: "manual" }, name, x, said, leads);
		x.lang = close.lang = leads.lang = lang;
		node.setAttribute("aria-labelledby", name.id);
		node.setAttribute("aria-describedby", (said.id = `${display}-said`));
		const away = () => (this.#hide(display), mark("dismissed", [item]));
		x.onclick = close.onclick = away;
		leads.addEventListener("click", () => this.#hide(display));
		node.oncancel = (e) => (e.preventDefault(), away());
		if (isModal) node.onclick = (e) => void (e.target === node && away());
		this.#shown[display] = { item, node };
		this.#root.append(node);
		isModal ? (node.showModal(), node.focus()) : node.showPopover();
		if (!isModal) this.#root.querySelector("[role=status]").textContent = `${item.title} ${item.body}`;
	}

	#hide(display) {
		const { node } = this.#shown[display] ?? {};
		this.#shown[display] = null;
		node?.close?.();
		node?.remove();
	}
}
