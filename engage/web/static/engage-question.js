// A question in a row of <engage-inbox>: engage-inbox.js loads this when there is one. Every word comes with the feed.
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`
form{margin:10px 0 4px}fieldset{border:0;margin:0;padding:0;min-width:0}legend{padding:0}
.choices{display:grid;gap:6px}.scale{display:grid;grid-template-columns:repeat(11,1fr);gap:3px}
.pick{position:relative;display:grid;align-items:center;min-height:40px;padding:6px 12px;border:1px solid light-dark(#8a95a2,#6b7682);border-radius:10px;cursor:pointer}
.scale .pick{padding:4px 0;justify-items:center;border-radius:8px}.pick:hover{background:#8882}
.pick input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.pick:has(:checked){color:var(--bg);background:var(--accent);border-color:var(--accent);font-weight:700}
.pick:has(:focus-visible){outline:2px solid var(--accent);outline-offset:2px}
.ends{display:flex;justify-content:space-between;gap:12px;margin:4px 0 0;color:var(--quiet);font-size:12px}
.field{display:block;margin-top:10px;font-size:13px}
.field input,.field textarea{display:block;width:100%;margin-top:4px;padding:8px 10px;font:inherit;color:inherit;background:transparent;border:1px solid light-dark(#8a95a2,#6b7682);border-radius:8px}
.wrong{margin:10px 0 0;color:light-dark(#a11c12,#ffb4ab)}.send{margin-top:10px;padding:8px 18px;border-radius:10px;color:var(--bg);background:var(--accent);font-weight:700}
.send[disabled]{opacity:.6;cursor:default}.noted{margin:10px 0 0;font-weight:700}.thanks{margin:4px 0 6px}`);

const make = (tag, props = {}, ...children) => {
	const node = Object.assign(document.createElement(tag), props);
	node.append(...children);
	return node;
};

// Shows the question of an item in its slot; what the reader is writing stays while nothing about the question changed.
export function show(slot, item, ask, isRead) {
	const said = JSON.stringify(item.question);
	if (slot.said === said) return;
	slot.said = said;
	const sheets = slot.getRootNode().adoptedStyleSheets;
	if (!sheets.includes(SHEET)) slot.getRootNode().adoptedStyleSheets = [...sheets, SHEET];
	slot.lang = item.question.locale;
	draw(slot, item.id, item.question, async (said) => {
		const answer = await ask(`items/${item.id}/answer`, { method: "POST", body: JSON.stringify(said) });
		if (answer.ok) isRead();
		return answer;
	});
}

function draw(slot, id, question, send, changing) {
	const { given, state, words } = question;
	if (state === "open" && (!given || changing)) return slot.replaceChildren(form(slot, id, question, send));
	const noted = make("p", { className: "noted", tabIndex: -1, textContent: given ? given.noted : words.closed });
	const change = make("button", { type: "button", className: "act", textContent: words.change, hidden: !given || state !== "open" });
	change.onclick = () => {
		draw(slot, id, question, send, true);
		slot.querySelector(":checked")?.focus();
	};
	slot.replaceChildren(noted, make("p", { className: "thanks", textContent: given?.thanks ?? "" }), change);
}

function form(slot, id, question, send) {
	const { words, given, dates } = question;
	const when = make("input", { type: "date", min: dates.min, max: dates.max, value: given?.date ?? "" });
	const asks = make("span"), date = make("label", { className: "field" }, asks, when);
	const comment = make("textarea", { rows: 2, maxLength: question.longest_comment, value: given?.comment ?? "" });
	const wrong = make("p", { className: "wrong", role: "alert" }), button = make("button", { className: "send", textContent: words.send });
	const more = make("div", {}, date, make("label", { className: "field" }, words.comment, comment), wrong, button);
	const body = make("form", { noValidate: true }, choices(id, question), more);
	const chosen = () => question.choices.find((choice) => choice.key === body.querySelector(":checked")?.value);
	const follow = () => {
		more.hidden = !chosen();
		date.hidden = !chosen()?.date;
		asks.textContent = chosen()?.date ?? "";
	};
	body.onchange = follow;
	body.onsubmit = async (event) => {
		event.preventDefault();
		if (!chosen() || button.disabled) return;
		button.disabled = true;
		wrong.textContent = "";
		const said = { choice: chosen().key, date: date.hidden ? "" : when.value, comment: comment.value, number: question.number };
		const answer = await send(said).catch(() => null);
		const told = (await answer?.json().catch(() => null)) ?? {};
		button.disabled = false;
		if (answer?.status === 401) slot.getRootNode().host.dispatchEvent(new CustomEvent("engage-token-expired"));
		if (answer?.status !== 200 && told.question?.state !== "closed") {
			wrong.textContent = told.said ?? words.failed;
			return (date.hidden ? button : when).focus();
		}
		slot.said = JSON.stringify(told.question);
		draw(slot, id, told.question, send);
		slot.querySelector(".noted").focus();
	};
	follow();
	return body;
}

function choices(id, question) {
	const { scale, given } = question;
	const picks = question.choices.map(({ key, text }) =>
		make("label", { className: "pick" }, make("input", { type: "radio", name: `choice-${id}`, value: key, checked: key === given?.choice }), make("span", { textContent: text })),
	);
	const group = make("fieldset", {}, make("legend", { className: "sr", textContent: question.text }), make("div", { className: scale ? "scale" : "choices" }, ...picks));
	if (scale) {
		const [lowest, highest] = [question.choices[0], question.choices.at(-1)].map(({ text }) => text);
		group.append(make("p", { className: "ends", id: `ends-${id}` }, make("span", { textContent: `${lowest} ${scale.low}` }), make("span", { textContent: `${highest} ${scale.high}` })));
		group.setAttribute("aria-describedby", `ends-${id}`);
	}
	return group;
}
