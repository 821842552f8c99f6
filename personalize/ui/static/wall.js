// The wall of a booth: looks for new cards now and then, and changes only what changed.
const wall = document.querySelector('main');
setInterval(async () => {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const now = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
    if (now && now.innerHTML !== wall.innerHTML) wall.replaceChildren(...now.childNodes);
  } catch { /* no connection for a moment: what hangs there stays */ }
}, 1000 * Number(wall.dataset.fresh));
