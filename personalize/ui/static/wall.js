// The wall of a booth: asks for new cards now and then, and updates the page only if they changed.
const wall = document.querySelector('main');
setInterval(async () => {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const now = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
    if (now && now.innerHTML !== wall.innerHTML) wall.replaceChildren(...now.childNodes);
  } catch { /* without a connection the present cards stay */ }
}, 1000 * Number(wall.dataset.fresh));
