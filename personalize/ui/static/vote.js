// The audience's page: shows the pictures, sends a vote, and asks for changes every second.
const main = document.querySelector('main'), cards = main.querySelector('.cards'), state = main.querySelector('.state');
const code = main.dataset.code, words = main.dataset;
let shown = '';
const say = text => { if (state.textContent !== text) state.textContent = text; };

const draw = now => {
  if (now.shown !== shown) {
    shown = now.shown || '';
    cards.replaceChildren(...Array.from({length: now.options || 0}, (_, option) => {
      const button = document.createElement('button'), image = document.createElement('img');
      button.type = 'button';
      button.dataset.option = option;
      button.setAttribute('aria-label', words.card.replace('{number}', option + 1));
      image.src = `${code}/${now.shown}/${option}.png`;
      image.alt = '';
      const number = document.createElement('span');
      number.textContent = option + 1;
      number.setAttribute('aria-hidden', 'true');
      button.append(image, number);
      return button;
    }));
  }
  const closed = now.winner !== null && now.winner !== undefined;
  cards.querySelectorAll('button').forEach((button, option) => {
    button.setAttribute('aria-pressed', String(option === now.yours));
    button.classList.toggle('won', closed && option === now.winner);
    button.disabled = closed;
  });
  const left = now.left === null || now.left === undefined ? '' : ' ' + words.left.replace('{seconds}', now.left);
  if (!now.shown) say(words.wait);
  else if (closed) say(words.closed.replace('{number}', now.winner + 1));
  else if (now.yours === null || now.yours === undefined) say(words.tap + left);
  else say(words.yours.replace('{number}', now.yours + 1) + left);
};
const ask = async () => {
  try {
    const answer = await fetch(`${code}/state`);
    if (answer.ok) draw(await answer.json());
  } catch { say(words.lost); }
};
cards.addEventListener('click', async event => {
  const button = event.target.closest('[data-option]');
  if (!button) return;
  try {
    const answer = await fetch(`${code}/vote`, {method: 'POST', body: JSON.stringify({shown, option: Number(button.dataset.option)})});
    if (answer.ok) draw(await answer.json());
    else ask();
  } catch { say(words.lost); }
});
ask();
setInterval(() => { if (!document.hidden) ask(); }, 1000);
