// What a product does for its inbox: it gives it a token of its own backend, fetches another when that runs out, and says on
// which page the reader is. The rest is the component's.
const inbox = document.querySelector("engage-inbox");

async function signIn() {
	const answer = await fetch(`/example/token?user=${encodeURIComponent(inbox.dataset.user)}`);
	if (answer.ok) inbox.setAttribute("token", (await answer.json()).token);
}

inbox.addEventListener("engage-token-expired", signIn);
signIn();

// Pages change without being loaded anew, as in most products.
document.querySelector("nav").addEventListener("click", (event) => {
	const link = event.target.closest("a");
	if (!link || event.metaKey || event.ctrlKey) return;
	event.preventDefault();
	history.pushState(null, "", link.href);
	for (const each of link.parentElement.children) each.removeAttribute("aria-current");
	link.setAttribute("aria-current", "page");
	inbox.setAttribute("page", link.dataset.page);
});
